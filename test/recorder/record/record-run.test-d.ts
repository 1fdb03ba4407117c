import type { LevelName } from '@pagetrail/engine'
import {
  type Recorded,
  recordRun,
  type Run,
  type RunDescription,
  type RunFile,
  type RunHooks,
} from '@pagetrail/recorder'
import { expectTypeOf, test } from 'vitest'

declare const file: RunFile
const mine: RunDescription = { label: 'mine', created: 0 }

test('the hooks for people speak in bigints and names of levels', () => {
  expectTypeOf<Parameters<RunHooks['descWrite']>>().toEqualTypeOf<
    [level: LevelName, va: bigint, before: bigint, after: bigint]
  >()
  // @ts-expect-error a number loses bits
  recordRun(file, mine, (hooks) => hooks.tlbEvict(4096))
  // @ts-expect-error there is no such level
  recordRun(file, mine, (hooks) => hooks.split('ptee', 0n))
})

test('a run is recorded at once, or when the promise is fulfilled', () => {
  expectTypeOf(recordRun(file, mine, () => 7)).toEqualTypeOf<Recorded<number>>()
  expectTypeOf(recordRun(file, mine, async () => 'x')).toEqualTypeOf<Promise<Recorded<string>>>()
  expectTypeOf<Recorded<number>['run']>().toEqualTypeOf<Run>()
})

test('a description says its label and its time, nothing of it can be changed', () => {
  expectTypeOf<Pick<RunDescription, 'label' | 'created'>>().toEqualTypeOf<{
    readonly label: string
    readonly created: number
  }>()
  // @ts-expect-error the recorder has no clock
  recordRun(file, { label: 'mine' }, () => null)
})
