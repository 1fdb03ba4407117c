import type { LevelName } from '@pagetrail/engine'
import type { EventOf, Kind, TraceEvent } from '@pagetrail/recorder'
import { describe, expectTypeOf, test } from 'vitest'

const valueStored = (e: TraceEvent) => (e.kind === 'desc_write' ? e.new : null)

describe('the events that KINDS makes', () => {
  test('a kind names exactly one event', () => {
    expectTypeOf<TraceEvent['kind']>().toEqualTypeOf<Kind>()
    expectTypeOf<Extract<TraceEvent, { kind: 'desc_write' }>>().toEqualTypeOf<
      EventOf<'desc_write'>
    >()
    expectTypeOf<'desc_wriet'>().not.toExtend<Kind>()
  })

  test('a 64-bit value is a bigint, a level its name, what could be unknown null', () => {
    expectTypeOf<EventOf<'desc_write'>['va']>().toEqualTypeOf<bigint | null>()
    expectTypeOf<EventOf<'desc_write'>['level']>().toEqualTypeOf<LevelName | null>()
    expectTypeOf<EventOf<'walk_end'>['ret']>().toEqualTypeOf<number | null>()
    expectTypeOf<EventOf<'op_begin'>['fn']>().toEqualTypeOf<string | null>()
  })

  test('what only some producers say may be left out, and is never null', () => {
    expectTypeOf<EventOf<'cb_enter'>['val']>().toEqualTypeOf<bigint | undefined>()
    expectTypeOf<EventOf<'lock'>>().toHaveProperty('mode')
  })

  test('an enumerated field has its words', () => {
    expectTypeOf<EventOf<'cb_exit'>['action']>().toEqualTypeOf<
      'subtree' | 'continue' | 'again' | null
    >()
  })

  test('a kind has its own fields and no others, and nothing of it can be changed', () => {
    expectTypeOf<EventOf<'barrier'>>().not.toHaveProperty('va')
    expectTypeOf<EventOf<'desc_write'>>().not.toHaveProperty('ret')
    expectTypeOf<Pick<EventOf<'desc_write'>, 'va'>>().toEqualTypeOf<{
      readonly va: bigint | null
    }>()
  })

  test('telling kinds apart narrows the event', () => {
    expectTypeOf(valueStored).returns.toEqualTypeOf<bigint | null>()
    expectTypeOf<TraceEvent>().not.toHaveProperty('va')
  })
})
