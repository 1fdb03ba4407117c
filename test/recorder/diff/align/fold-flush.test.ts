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

const group = (instruction: Lean): Lean[] => [
  { kind: 'dsb', scope: 'ishst' },
  instruction,
  { kind: 'dsb', scope: 'ish' },
  { kind: 'isb' },
]

test.each(GRANULES)('single instructions are the flush of their range, %s', (_, shift, ...more) => {
  const end = hex(AREA + 4n * 2n ** BigInt(shift))
  const flush: Lean = { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', va: hex(AREA), end }
  const named = run(shift, ...more, [flush, tlbi(4)])
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
