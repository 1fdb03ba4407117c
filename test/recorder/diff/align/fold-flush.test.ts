import { expect, test } from 'vitest'

import { diffRuns } from '../../../../packages/recorder/src/diff/diff-runs.ts'
import { runOf } from '../../../support/runs.ts'
import { AREA, eventsOf, hex, type Lean } from '../../../support/sample-run.ts'

const GRANULES = [
  ['4K', 12, 48, 4],
  ['16K', 14, 47, 3],
  ['64K', 16, 48, 3],
] as const

/** A call that flushes four pages of the granule, by these events. */
function run(pageShift: number, vaBits: number, levels: number, flush: readonly Lean[]) {
  const end = hex(AREA + 4n * 2n ** BigInt(pageShift))
  const call: Lean[] = [
    { kind: 'op_begin', fn: 'set_memory_x', va: hex(AREA), end, args: {} },
    ...flush,
    { kind: 'op_end', fn: 'set_memory_x', ret: 0 },
  ]
  return runOf(eventsOf(call), { geometry: { pageShift, vaBits, levels } })
}

const tlbi = (pages: number | null, insn = 'rvaale1is'): Lean => ({
  kind: 'tlbi',
  insn,
  va: hex(AREA),
  pages,
  scale: pages === null ? null : 0,
  num: pages === null ? null : pages / 2 - 1,
})

const group = (...instructions: Lean[]): Lean[] => [
  { kind: 'dsb', scope: 'ishst' },
  ...instructions,
  { kind: 'dsb', scope: 'ish' },
  { kind: 'isb' },
]

const flush = (fn: string, range: object): Lean => ({ kind: 'tlb_flush', fn, ...range })

test.each(GRANULES)('single instructions are the flush of their range, %s', (_, shift, ...more) => {
  const end = hex(AREA + 4n * 2n ** BigInt(shift))
  const whole = flush('flush_tlb_kernel_range', { va: hex(AREA), end })
  const named = run(shift, ...more, [whole, tlbi(4)])
  const same = diffRuns(named, run(shift, ...more, group(tlbi(4))), { ignore: ['fn'] })
  expect(same.path).toMatchObject({
    changed: 0,
    onlyLeft: 0,
    onlyRight: 0,
    // The same flush, of other events.
    rest: { left: '', right: 'dsb ish ×1, isb ×1' },
  })
  expect(same.verdict).toBe('same effects by another path')
  const half = diffRuns(named, run(shift, ...more, group(tlbi(2))), { ignore: ['fn'] })
  expect(half.path).toMatchObject({ answer: 'different' })
})

test('the range of a group reaches as far as any of its TLBIs, and a TLBI of everything has none', () => {
  const [, ...geometry] = GRANULES[0]
  const of = (events: readonly Lean[]) => run(...geometry, events)
  /** Rows that differ; what single instructions are beside them is no row. */
  const differing = (a: readonly Lean[], b: readonly Lean[]): number => {
    const { changed, onlyLeft, onlyRight } = diffRuns(of(a), of(b), { ignore: ['fn'] }).path
    return changed + onlyLeft + onlyRight
  }

  const four = { va: hex(AREA), end: hex(AREA + 0x4000n) }
  const ranged = (...instructions: Lean[]) => [
    flush('flush_tlb_kernel_range', four),
    ...instructions,
  ]
  expect(differing(ranged(tlbi(4), tlbi(2)), group(tlbi(4), tlbi(2)))).toBe(0)
  expect(differing(ranged(tlbi(2), tlbi(2)), group(tlbi(2), tlbi(2)))).toBe(1)

  const everything: Lean = { ...tlbi(null, 'vmalle1is'), va: null }
  const all = flush('flush_tlb_all', { va: null, end: null })
  expect(differing([all], group(everything))).toBe(0)
  expect(differing(ranged(), group(everything))).toBeGreaterThan(0)
})
