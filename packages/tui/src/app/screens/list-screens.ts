import { fullListRows } from '../layout.ts'
import { scrolled } from '../list-commands.ts'
import type { Model } from '../model.ts'
import { count, fit, fitEnd, many, safe } from '../text.ts'
import type { Theme } from '../theme.ts'
import { boxed } from './frame-box.ts'

interface Row {
  readonly seq: number
  readonly text: string
}

/** A list of places in the run, one line each. */
function places(
  m: Model,
  theme: Theme,
  title: string,
  rows: readonly Row[],
  cursor: number,
  none: string[],
): string[] {
  const height = fullListRows(m.rows)
  const inner = m.columns - 2
  const top = scrolled(0, cursor, height, rows.length)
  const lines = [theme.dim(fit(`  ${fitEnd('seq', 12)}  what`, inner))]
  for (const [i, row] of rows.slice(top, top + height).entries()) {
    const line = fit(`  ${fitEnd(count(row.seq), 12)}  ${safe(row.text)}`, inner)
    lines.push(top + i === cursor ? theme.inverse(`▶${line.slice(1)}`) : line)
  }
  if (rows.length === 0) lines.push('', ...none.map((l) => theme.dim(`   ${l}`)))
  const foot = rows.length > 0 ? `${cursor + 1} of ${rows.length}` : ''
  return boxed(theme, { columns: m.columns, height: height + 3, title, focused: true, foot }, lines)
}

export function findingsScreen(m: Model, theme: Theme): string[] {
  const r = m.replay
  const findings = r?.findings ?? []
  const rows = findings.map((f) => ({
    seq: f.seq,
    text: `${f.severity.padEnd(9)} ${f.rule.padEnd(6)} ${f.text}`,
  }))
  const title = findings.length > 0 ? many(findings.length, 'finding') : 'Findings'
  return places(m, theme, title, rows, r?.findingCursor ?? 0, [
    'No rule was broken in what this run shows.',
  ])
}

export function whyScreen(m: Model, theme: Theme): string[] {
  const why = m.replay?.why
  const rows = why?.lines ?? []
  return places(m, theme, safe(why?.title ?? 'Why'), rows, why?.cursor ?? 0, [
    'No store to this descriptor was seen up to the cursor.',
  ])
}
