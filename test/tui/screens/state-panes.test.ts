import { expect, test } from 'vitest'
import { ledgerLines, pageTableLines } from '../../../packages/tui/src/screens/state-panes.ts'
import { themeFor } from '../../../packages/tui/src/text/theme.ts'
import { plain, width } from '../../../packages/tui/src/text/width.ts'

test('how far a long run has been read is said in full, however narrow the pane is', () => {
  const theme = themeFor({ NO_COLOR: '1', TERM: 'dumb' })
  const more = { read: 1_490_000, turn: 14 }
  const none = { path: [], near: [], around: null, map: null, ledger: [] }
  const state = { run: 1, seq: 9_000_049, ...none, more }
  for (const lines of [pageTableLines(state, 30, theme, null), ledgerLines(state, 30, theme)]) {
    expect(lines.every((line) => width(line) <= 30)).toBe(true)
    expect(lines.map((line) => plain(line).trim()).join(' ')).toBe(
      'reading 1,490,000 of the 9,000,050 events up to here, once',
    )
  }
})

test('a value stands in full where there is room for it, else not at all', () => {
  const theme = themeFor({ NO_COLOR: '1', TERM: 'dumb' })
  const table = {
    level: 'pud',
    va: 0xffff000000000000n,
    desc: 0x180000007fffe403n,
    changed: false,
    here: true,
  } as const
  const state = {
    run: 1,
    seq: 9,
    path: [table],
    near: [],
    around: { va: table.va, seq: 9 },
    map: null,
    ledger: [],
    more: null,
  }
  const line = (columns: number) => plain(pageTableLines(state, columns, theme, null)[0] ?? '')
  for (let columns = 34; columns < 80; columns++) {
    expect(width(line(columns))).toBeLessThanOrEqual(columns)
    expect(line(columns).includes('0x18')).toBe(line(columns).includes(' 0x180000007fffe403 '))
  }
  expect(line(60)).toContain('0x180000007fffe403')
  expect(line(40)).not.toContain('0x18')
})
