import { type AlignedRow, alignedRows, diffRuns } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { captures, engineRuns, fixture, pagesScenario } from '../../support/runs.ts'
import { AREA, hex } from '../../support/sample-run.ts'

const ro = { fn: 'set_memory_ro', addr: hex(AREA), numpages: 3 }
const runs = () => engineRuns(pagesScenario(3, [ro, ro]), '6.17', '6.18')

const count = (rows: readonly AlignedRow[], ...statuses: readonly string[]): number =>
  rows.filter((row) => row.row === 'events' && statuses.includes(row.status)).length

test('every event of both runs stands in one row, in order', async () => {
  const [a, b] = await runs()
  const rows = [...alignedRows(a!, b!)]
  const seqs = (side: 'left' | 'right') =>
    rows.flatMap((row) => (row.row === 'events' && row[side] ? [row[side].seq] : []))
  const inCalls = (source: typeof a) =>
    [...source!.events()].filter(({ op }) => op !== null).map(({ seq }) => seq)
  expect(seqs('left')).toEqual(inCalls(a))
  expect(seqs('right')).toEqual(inCalls(b))
  const { path } = diffRuns(a!, b!)
  expect(count(rows, 'same', 'renamed')).toBe(path.same)
  expect(count(rows, 'left')).toBe(path.onlyLeft)
  expect(count(rows, 'right')).toBe(path.onlyRight)
  expect(rows.filter(({ row }) => row === 'call')).toHaveLength(2)
})

test('equal parts are folded but for their ends', async () => {
  const [a] = await runs()
  const rows = [...alignedRows(a!, a!, { context: 2 })]
  const calls = [...a!.calls()]
  expect(rows.map(({ row }) => row)).toEqual(
    calls.flatMap(() => ['call', 'events', 'events', 'fold', 'events', 'events']),
  )
  const shown = rows.reduce(
    (sum, row) => sum + (row.row === 'fold' ? row.count : row.row === 'events' ? 1 : 0),
    0,
  )
  expect(shown).toBe(calls.reduce((sum, { first, last }) => sum + last! - first + 1, 0))
})

test('what the other side cannot show stands beside nothing, as unknown', async () => {
  const [a, b] = await captures(
    fixture('modules_small-6.12.trace.gz'),
    fixture('modules_small-7.3.trace.gz'),
  )
  const rows = [...alignedRows(a!, b!)]
  const tlbi = rows.filter((row) => row.row === 'events' && row.left?.kind === 'tlbi')
  expect(tlbi).toHaveLength(191)
  // Those of calls that only 6.12 made are its own.
  expect(count(tlbi, 'unknown')).toBe(128)
  expect(count(tlbi, 'left')).toBe(63)
})

test('addresses of different boots have their place in the call, the same on both sides of equal rows', async () => {
  const [a, b] = await captures(
    fixture('modules_small-6.12.trace.gz'),
    fixture('modules_small-7.3.trace.gz'),
  )
  const rows = [...alignedRows(a!, b!)].flatMap((row) => (row.row === 'events' ? [row] : []))
  const equal = rows.filter(({ status, places }) => status === 'same' && places?.left != null)
  expect(equal.length).toBeGreaterThan(100)
  expect(equal.map(({ places }) => places!.left)).toEqual(equal.map(({ places }) => places!.right))
  expect(
    equal.some(({ left, right }) => 'va' in left! && 'va' in right! && left.va !== right.va),
  ).toBe(true)
  const begin = rows.find(({ left }) => left?.kind === 'op_begin')
  expect(begin?.places).toEqual({ left: '+0x0', right: '+0x0' })
  expect([...new Set(equal.map(({ places }) => places!.left))]).toContain('alias of +0x0')
})

test('addresses of one layout are compared as they are', async () => {
  const [a, b] = await runs()
  const places = [...alignedRows(a!, b!)].map((row) => (row.row === 'events' ? row.places : null))
  expect(places.every((place) => place === null)).toBe(true)
})

test('a page takes no more than it shows', async () => {
  const [a, b] = await runs()
  const rows = alignedRows(a!, b!)
  expect(rows.next().value).toMatchObject({
    row: 'call',
    pair: { verdict: 'same effects by another path' },
  })
  expect(rows.next().value).toMatchObject({
    row: 'events',
    status: 'same',
    left: { kind: 'op_begin' },
  })
  expect(rows.return(undefined)).toEqual({ done: true, value: undefined })
})
