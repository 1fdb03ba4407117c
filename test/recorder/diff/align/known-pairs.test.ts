import { expect, test } from 'vitest'

import { NO_AFTER } from '../../../../packages/recorder/src/diff/align/after.ts'
import { WHOLE_RUN } from '../../../../packages/recorder/src/diff/align/call-stream.ts'
import { KnownPairs } from '../../../../packages/recorder/src/diff/align/known-pairs.ts'
import { alignRows } from '../../../../packages/recorder/src/diff/align/row-script.ts'
import type { SideCall } from '../../../../packages/recorder/src/diff/align/side.ts'
import { HAS, T, Tokens } from '../../../../packages/recorder/src/diff/align/tokens.ts'
import { zeroCosts } from '../../../../packages/recorder/src/cost/costs.ts'
import { KINDS } from '../../../../packages/recorder/src/event/kinds.ts'

const BUDGET = 1e6

/** Descriptor writes at these offsets. */
function stores(offsets: readonly number[]): Tokens {
  const tokens = new Tokens(4)
  for (const [i, offset] of offsets.entries()) {
    const at = tokens.row(i)
    tokens.words[at] = KINDS.desc_write.id
    tokens.words[at + T.HAS] = HAS.VA
    tokens.words[at + T.VA] = offset
  }
  tokens.fields[KINDS.desc_write.id] = HAS.VA
  return tokens
}

const call = (stream: number, offsets: readonly number[], afterId = 0): SideCall => ({
  call: WHOLE_RUN,
  tokens: stores(offsets),
  costs: { costs: () => zeroCosts() },
  endedBy: null,
  after: NO_AFTER,
  stream,
  afterId,
})

test('calls of one stream are aligned once', () => {
  const known = new KnownPairs(BUDGET)
  const pair = known.of(call(0, [1, 2, 3]), call(7, [1, 3, 4]))
  expect(known.of(call(0, [1, 2, 3]), call(7, [1, 3, 4]))).toBe(pair)
  expect(pair.script).toEqual(alignRows(stores([1, 2, 3]), stores([1, 3, 4]), BUDGET))
  expect(pair.path).toMatchObject({ same: 2, onlyLeft: 1, onlyRight: 1 })
})

test('sides, and streams that are not kept, are told apart', () => {
  const known = new KnownPairs(BUDGET)
  const { script } = known.of(call(0, [1, 2, 3]), call(1, [1, 3, 4]))
  const exchanged = known.of(call(1, [1, 3, 4]), call(0, [1, 2, 3])).script
  expect(exchanged).toEqual(alignRows(stores([1, 3, 4]), stores([1, 2, 3]), BUDGET))
  expect(exchanged).not.toEqual(script)
  expect(known.of(call(-1, [1, 2]), call(1, [1, 3, 4])).path.same).toBe(1)
  expect(known.of(call(-1, [5, 6]), call(1, [1, 3, 4])).path.same).toBe(0)
})

test('effects that are the same are compared once for what both left, those that differ for each pair', () => {
  const known = new KnownPairs(BUDGET)
  let asked = 0
  const same = () => {
    asked++
    return { differences: [], translation: false, otherStart: asked }
  }
  const effects = (after: number) => known.effects(call(0, [1], after), call(0, [1]), same)
  expect([effects(0).otherStart, effects(0).otherStart, effects(1).otherStart]).toEqual([1, 1, 2])
  const where = { what: 'held', where: 'here', left: null, right: 'x' } as const
  const other = () => {
    asked++
    const seqs = { leftSeq: asked, rightSeq: null }
    return { differences: [{ ...where, ...seqs }], translation: false, otherStart: 0 }
  }
  const seqs = [0, 1].map(
    () => known.effects(call(2, [1]), call(2, [1]), other).differences[0]?.leftSeq,
  )
  expect(seqs).toEqual([3, 4])
})
