import { buildMachine, type Hooks, type Level } from '@pagetrail/engine'
import { HookRecorder } from '@pagetrail/recorder'
import { expectTypeOf, test } from 'vitest'

test('hooks speak in words, levels by number, names as text; whoever records is one of them', () => {
  expectTypeOf<Parameters<Hooks['descWrite']>>().toEqualTypeOf<
    [
      level: Level,
      vaLo: number,
      vaHi: number,
      oldLo: number,
      oldHi: number,
      newLo: number,
      newHi: number,
    ]
  >()
  expectTypeOf<Parameters<Hooks['opEnd']>>().toEqualTypeOf<[fn: string, ret: number]>()
  expectTypeOf<ReturnType<Hooks['barrier']>>().toEqualTypeOf<void>()
  expectTypeOf<HookRecorder>().toExtend<Hooks>()
})

test('no hook hands out a bigint or an object, but for the arguments of a call', () => {
  type Given = { [H in keyof Hooks]-?: Parameters<NonNullable<Hooks[H]>>[number] }
  expectTypeOf<Given[Exclude<keyof Hooks, 'opBegin'>]>().toExtend<
    number | string | boolean | null
  >()
})

test('a machine takes hooks, or none', () => {
  expectTypeOf<null>().toExtend<Parameters<typeof buildMachine>[1]>()
  expectTypeOf<Hooks>().toExtend<Parameters<typeof buildMachine>[1]>()
  expectTypeOf<{ barrier: () => void }>().not.toExtend<Parameters<typeof buildMachine>[1]>()
})
