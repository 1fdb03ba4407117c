import {
  buildMachine,
  type Cpu,
  defineImplementation,
  type Implementation,
  parseScenario,
  type Scenario,
} from '@pagetrail/engine'
import { expectTypeOf, test } from 'vitest'

test('an implementation names itself and its calls; what it is based on may be left out', () => {
  expectTypeOf(defineImplementation).returns.toEqualTypeOf<Implementation>()
  expectTypeOf<{ name: string; calls: object }>().toExtend<Pick<Implementation, 'name'>>()
  expectTypeOf<Parameters<Implementation['calls'][string]>[0]>().toEqualTypeOf<Cpu>()
  expectTypeOf<ReturnType<Implementation['calls'][string]>>().toEqualTypeOf<number>()
  // @ts-expect-error a call returns what the kernel's function would
  defineImplementation({ name: 'mine', calls: { set_memory_ro: () => 'done' } })
})

test('only a scenario that was parsed is built', () => {
  expectTypeOf(parseScenario).returns.toEqualTypeOf<Scenario>()
  // @ts-expect-error JSON is not a scenario before it is parsed
  buildMachine({ calls: [] })
})
