import { runGeometry } from '@pagetrail/recorder'
import { expect, test } from 'vitest'
import type { TableMap } from '../../../packages/tui/src/data/data.ts'
import { mapLines, twoMapLines } from '../../../packages/tui/src/screens/table-map.ts'
import { bare } from '../../../packages/tui/src/text/paint.ts'

const RW = 0x68_0000_4000_0703n
const RO = 0x60_0000_4000_0783n
const CONT = 1n << 52n
const SIZE = { columns: 80, rows: 12 }
const geometry = runGeometry({ geometry: { pageShift: 12, vaBits: 48, levels: 4 }, facts: {} })
const BOTH = { left: geometry, right: geometry }

const map = (at: number, seen: Readonly<Record<number, bigint>>, over: Partial<TableMap> = {}) => ({
  level: 'pte' as const,
  va: 0xffff_8000_0000_0000n,
  size: 0x1000n,
  cells: Array.from({ length: 512 }, (_, i) => seen[i] ?? null),
  changed: [],
  at,
  ...over,
})

const two = (a: TableMap | null, b: TableMap | null, size = SIZE): string[] =>
  twoMapLines(a, b, size, bare, BOTH).map((line) => line.trimEnd())

const span = (from: number, desc: bigint) =>
  Object.fromEntries(Array.from({ length: 16 }, (_, i) => [from + i, desc | CONT]))

test('a contiguous span of like entries is one bar, a broken one stays letters', () => {
  const seen = { ...span(0, RO), ...span(16, RW), 20: RO }
  const lines = mapLines(map(0, seen), SIZE, bare, geometry)
  expect(lines.at(3)).toContain(`[0] r${'═'.repeat(15)}wwwwrwwwwwwwwwww`)
  expect(lines.at(2)).toContain('═ of one contiguous span')
})

test('rows in which both are alike are one line, others stand below each other with what differs', () => {
  const lines = two(map(1, { 0: RW, 1: RO, 200: RW }), map(1, { 0: RW, 1: RW, 200: RW }))
  expect(lines.slice(2)).toEqual([
    '1 of 3 compared differ ~   underlined: changed by the call',
    'blank not seen   r r--   w rw-',
    'A    [0] wr',
    'B    [0] ww',
    '          ~',
    '=  [192]         w',
  ])
})

test('at another address only the entry looked at, and what the calls changed, answer each other', () => {
  const seen = { 3: RW, 4: RW, 5: RW }
  const there = { 103: RO, 104: RO, 105: RO }
  const a = map(4, seen)
  const elsewhere = { va: 0xffff_8000_0020_0000n }
  expect(two(a, map(104, there, elsewhere))[2]).toContain('1 of 1 compared differ ~')
  const lines = two(a, map(104, there, { ...elsewhere, changed: [105] }))
  expect(lines[2]).toContain('2 of 2 compared differ ~')
  expect(lines.slice(4)).toEqual(['A    [0]    www', 'B  [100]    rrr', '             ~~'])
})

test('an entry that one side never showed is no difference', () => {
  expect(two(map(0, { 0: RW }), map(0, { 1: RO }))[2]).toContain('0 of 0 compared differ')
})

test('where there is no room for all, the rows around the cursor are whole', () => {
  const seen = Object.fromEntries(Array.from({ length: 512 }, (_, i) => [i, RW]))
  const other = Object.fromEntries(Array.from({ length: 512 }, (_, i) => [i, RO]))
  const lines = two(map(300, seen), map(300, other), { columns: 80, rows: 11 })
  expect(lines.slice(4).map((line) => line.slice(0, 8).trim())).toEqual([
    'A  [256]',
    'B  [256]',
    '',
    'A  [320]',
    'B  [320]',
    '',
  ])
})

test('tables of two levels are not compared, and a side without one is said', () => {
  const block = { level: 'pmd' as const, size: 0x20_0000n }
  const lines = two(map(0, { 0: RW }), map(0, { 0: 0x60_0000_4000_0781n }, block))
  expect(lines[0]).toBe('A shows a pte table here, B a pmd table: not compared')
  expect(lines.filter((line) => /^[AB] (pte|pmd) from/.test(line))).toHaveLength(2)
  expect(two(map(0, { 0: RW }), null)[0]).toBe('B  the table around this row is not known')
  expect(two(null, null)).toEqual(['A and B  the table around this row is not known'])
})
