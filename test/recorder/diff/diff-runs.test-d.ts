import {
  type CallRef,
  checkRun,
  type Diff,
  diffRuns,
  type DiffVerdict,
  type EventSource,
  type PairDiff,
  rulesNamed,
  type TraceEvent,
} from '@pagetrail/recorder'
import { expectTypeOf, test } from 'vitest'

declare const source: EventSource

test('a verdict is one of five, an answer may be unknown, a lost return is null', () => {
  expectTypeOf<DiffVerdict>().toEqualTypeOf<
    | 'identical'
    | 'same effects by another path'
    | 'unknown'
    | 'same outcome, different effects'
    | 'different outcome'
  >()
  expectTypeOf<PairDiff['effect']>().toEqualTypeOf<'same' | 'different' | 'unknown'>()
  expectTypeOf<CallRef['ret']>().toEqualTypeOf<number | null>()
  expectTypeOf<CallRef['va']>().toEqualTypeOf<bigint | null>()
})

test('runs are compared and checked as sources of events, whatever they come from', () => {
  expectTypeOf(diffRuns(source, source)).toEqualTypeOf<Diff>()
  expectTypeOf(source.events).returns.toExtend<Iterable<TraceEvent>>()
  expectTypeOf(checkRun(source, rulesNamed(['flush-missing'])).verdicts).toExtend<
    readonly { readonly rule: string }[]
  >()
  // @ts-expect-error a question has to be one of the four
  diffRuns(source, source, { by: 'speed' })
})
