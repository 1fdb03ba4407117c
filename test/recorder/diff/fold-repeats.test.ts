import { expect, test } from 'vitest'
import { type AlignedRow, shapeOf, type TraceEvent } from '@pagetrail/recorder'
import { foldRepeats } from '../../../packages/recorder/src/diff/fold-repeats.ts'
import { eventsOf, setMemoryRo } from '../../support/sample-run.ts'

const rowOf = (left: TraceEvent): AlignedRow => ({
  row: 'events',
  status: 'same',
  left,
  right: left,
  places: null,
})
const pages = (n: number) =>
  eventsOf(setMemoryRo(n)).filter((e) =>
    ['cb_enter', 'desc_write', 'barrier_queue', 'cb_exit'].includes(e.kind),
  )

/** Rows that some rows stand for. */
const count = (list: readonly AlignedRow[]): number =>
  list.reduce((sum, x) => sum + (x.row === 'repeat' ? x.times * x.rows : 1), 0)

test('the rows of a page stand once, with how many pages more are alike', () => {
  const folded = [...foldRepeats(pages(9).map(rowOf))]
  expect(folded.map((row) => row.row)).toEqual([...Array(4).fill('events'), 'repeat'])
  expect(folded.at(-1)).toMatchObject({ times: 8, rows: 4 })
})

test('one that is not alike stands between two repeats', () => {
  const rows = pages(9).map(rowOf)
  const odd = rows.findIndex(
    (row, i) => i > 16 && row.row === 'events' && row.left?.kind === 'desc_write',
  )
  const row = rows[odd]
  if (row?.row !== 'events' || row.left?.kind !== 'desc_write')
    throw new Error('a store is expected')
  rows[odd] = rowOf({ ...row.left, new: row.left.old })
  const folded = [...foldRepeats(rows)]
  expect(folded.filter((x) => x.row === 'repeat').map((x) => x.times)).toEqual([3, 3])
  expect(folded).toContain(rows[odd])
})

test('two of a kind are not worth folding, and nothing is lost', () => {
  const rows = pages(2).map(rowOf)
  expect([...foldRepeats(rows)]).toEqual(rows)
  const many = pages(64).map(rowOf)
  expect(count([...foldRepeats(many)])).toBe(many.length)
})

test('a shape says what happened, not where', () => {
  const [first, second] = pages(2).filter((e) => e.kind === 'desc_write')
  expect(shapeOf(first ?? null)).toBe(shapeOf(second ?? null))
  if (first?.kind !== 'desc_write') throw new Error('a store is expected')
  expect(shapeOf({ ...first, new: (first.new ?? 0n) ^ (1n << 54n) })).not.toBe(shapeOf(first))
})
