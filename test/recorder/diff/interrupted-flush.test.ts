import type { TraceEvent } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { diffRuns } from '../../../packages/recorder/src/diff/diff-runs.ts'
import { runOf } from '../../support/runs.ts'
import {
  AREA,
  eventsOf,
  hex,
  initOf,
  KERNEL_RW,
  type Lean,
  PAGE,
} from '../../support/sample-run.ts'

/** Two captures of different boots: what observers believe is folded of each task alone. */

const desc = KERNEL_RW | 0x5_0004_0000n
const range = (page: bigint) => ({
  va: hex(AREA + page * PAGE),
  end: hex(AREA + (page + 1n) * PAGE),
})
/** Of the worker, at the depth that they name, since what is around them is made apart. */
const worker = (list: readonly Lean[], op: number | null): TraceEvent[] =>
  eventsOf(
    list.map((e) => ({ cpu: 1, task: 'kworker/1:2-146', ...e })),
    op,
  ).map((event, i) => Object.assign({}, event, { nest: Number(list[i]?.['nest'] ?? event.nest) }))

/** A call that stores to one page. */
function call(op: number, fn: string, page: bigint, isOff: boolean, flush: readonly Lean[] = []) {
  const value = desc + page * PAGE
  const [old, now] = isOff ? [value, value & ~1n] : [value & ~1n, value]
  const store = {
    kind: 'desc_write',
    level: 'pte',
    va: hex(AREA + page * PAGE),
    old: hex(old),
    new: hex(now),
  }
  const begin = { kind: 'op_begin', fn, ...range(page), args: {} }
  return worker([begin, store, { kind: 'barrier' }, ...flush, { kind: 'op_end', fn, ret: 0 }], op)
}

const begun = {
  kind: 'tlb_flush',
  fn: 'flush_tlb_kernel_range',
  by: 'purge',
  ...range(0n),
  nest: 1,
}
const done = { kind: 'tlb_flush_done', fn: 'flush_tlb_kernel_range', by: 'purge', nest: 1 }
const own = [
  { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', by: 'kfence', ...range(2n) },
  { kind: 'tlb_flush_done', fn: 'flush_tlb_kernel_range', by: 'kfence' },
]
const kfence = () => call(1, 'set_memory_valid', 2n, true, own)
const another = { kind: 'context', fn: 'task', cpu: 1, task: 'insmod-854' }

/** A worker flushes what it made invalid; KFENCE comes into the flush, or after it. */
function captured(inside: boolean, end: readonly Lean[]) {
  const [first, ...rest] = end
  const flush = inside
    ? [
        ...worker([begun, { kind: 'context', fn: 'softirq' }], null),
        ...kfence(),
        // The interrupt is over, and another task comes first.
        ...eventsOf([another], null),
        ...worker(first ? [first, ...rest] : [], null),
      ]
    : [...worker([begun, ...end], null), ...kfence()]
  return runOf(
    [
      ...eventsOf([initOf(4)], null),
      ...call(0, 'set_direct_map_invalid_noflush', 0n, true),
      ...worker([{ kind: 'span_begin', fn: 'purge', ...range(0n) }], null),
      ...flush,
      ...call(2, 'set_direct_map_default_noflush', 0n, false),
    ],
    { source: 'ftrace', facts: { definitions: 'full' } },
  )
}

test.each([
  ['its own end', [done, { kind: 'span_end', fn: 'purge', ret: null }]],
  ['the end of its caller', [{ kind: 'span_end', fn: 'purge', ret: null }]],
])('a flush that an interrupt came into goes on, as %s shows', (_, end) => {
  const diff = diffRuns(captured(false, end), captured(true, end))
  expect(diff.calls.paired).toBe(3)
  expect(diff.effect.differences.items).toEqual([])
})

test('near miss: one that never goes on leaves what it should have removed', () => {
  const end = [done, { kind: 'span_end', fn: 'purge', ret: null }]
  const diff = diffRuns(captured(false, end), captured(true, []))
  expect(diff.effect.differences.items.map(({ what }) => what)).toContain('ended')
})
