import { diffRuns } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { runOf } from '../../support/runs.ts'
import { AREA, eventsOf, hex, initOf, type Lean, setMemoryRo } from '../../support/sample-run.ts'

/** So many barriers and flushes of a page each, in turn. */
const flushes = (n: number): Lean[] =>
  Array.from({ length: n }, (_, i): Lean[] => {
    const va = AREA + BigInt(i) * 0x1000n
    return [
      { kind: 'dsb', scope: 'ishst' },
      { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', va: hex(va), end: hex(va + 0x1000n) },
    ]
  }).flat()

/** A call of so many pages, with more in the middle of it. */
const callWith = (more: readonly Lean[]) => {
  const call = setMemoryRo(3)
  return runOf([...eventsOf([initOf(3)], null), ...eventsOf(call.toSpliced(2, 0, ...more))])
}

const treeOf = (n: number) => {
  const [tree] = diffRuns(callWith([]), callWith(flushes(n))).trees
  if (!tree) throw new Error('the calls differ')
  return tree
}

test('what repeats on one side is folded, and the tree shows the call to its end', () => {
  const { rows, more } = treeOf(1000)
  expect(more).toBe(0)
  expect(rows.length).toBeLessThan(60)
  const end = rows.at(-1)
  expect(end?.row === 'events' && [end.left?.kind, end.right?.kind]).toEqual(['op_end', 'op_end'])
  expect(rows.filter(({ row }) => row === 'repeat')).toEqual([
    // The call begins, its section; the first two of each.
    { row: 'repeat', times: 999, rows: 2, left: null, right: 5 },
  ])
})

test('each row is shown or counted, however many there are', () => {
  for (const n of [2, 40, 80, 1000, 5000]) {
    const { rows, more } = treeOf(n)
    const shown = rows.reduce(
      (sum, row) =>
        sum + (row.row === 'fold' ? row.count : row.row === 'repeat' ? row.times * row.rows : 1),
      0,
    )
    expect([n, shown + more]).toEqual([n, setMemoryRo(3).length + 2 * n])
  }
})

test('what is shown in full is not folded', () => {
  expect(treeOf(40).rows.some(({ row }) => row === 'repeat')).toBe(false)
})
