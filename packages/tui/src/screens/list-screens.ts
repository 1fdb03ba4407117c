import { fullListRows } from '../model/layout.ts'
import { scrolled } from '../model/list-commands.ts'
import type { Model } from '../model/model.ts'
import { count, fit, fitEnd, many, safe, wrap } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'
import { boxed } from './frame-box.ts'

/** Lines for the whole text of the row under the cursor. */
const WHOLE = 3

interface Row {
  /** The event, where a column shows it. */
  readonly seq?: number
  readonly text: string
}

interface Places {
  readonly title: string
  readonly head: string
  readonly rows: readonly Row[]
  readonly cursor: number
  /** Said where there are no rows. */
  readonly none: readonly string[]
  /** Remarks below the rows. */
  readonly after: readonly string[]
}

const mark = ({ seq }: Row): string => (seq === undefined ? '' : `${fitEnd(count(seq), 12)}  `)

/** A list of places in the run, one line each; the whole of the one under the cursor below. */
function places(
  m: Model,
  theme: Theme,
  { title, head, rows, cursor, none, after }: Places,
): string[] {
  const height = fullListRows(m.rows)
  const inner = m.columns - 2
  const chosen = rows[cursor]
  const whole = chosen ? wrap(safe(chosen.text), inner - 4).slice(0, WHOLE) : []
  const listed = Math.max(1, height - (chosen ? WHOLE + 1 : 0))
  const top = scrolled(0, cursor, listed, rows.length)
  const lines = [theme.dim(fit(head, inner))]
  for (const [i, row] of rows.slice(top, top + listed).entries()) {
    const line = fit(`  ${mark(row)}${safe(row.text)}`, inner)
    lines.push(top + i === cursor ? theme.inverse(`▶${line.slice(1)}`) : line)
  }
  if (rows.length === 0) lines.push('', ...none.map((l) => `   ${l}`))
  const room = listed + 1 - lines.length
  if (room > 1) lines.push('', ...after.slice(0, room - 1).map((l) => theme.dim(`   ${safe(l)}`)))
  while (lines.length <= listed) lines.push('')
  if (chosen) lines.push(theme.dim('─'.repeat(inner)), ...whole.map((l) => `  ${l}`))
  const foot = rows.length > 0 ? `${cursor + 1} of ${rows.length}` : ''
  return boxed(theme, { columns: m.columns, height: height + 3, title, focused: true, foot }, lines)
}

export function findingsScreen(m: Model, theme: Theme): string[] {
  const r = m.replay
  const findings = r?.checked?.findings ?? []
  const rows = findings.map((f) => ({
    seq: f.seq,
    text: `${f.severity.padEnd(8)} ${f.rule.padEnd(18)} ${f.text}`,
  }))
  const undecided = r?.checked?.undecided ?? []
  const rules = many((r?.checked?.rules ?? 0) - undecided.length, 'rule')
  const title = `${many(findings.length, 'finding')} by ${rules}, ${undecided.length} undecided`
  const none = [`No finding: ${rules} hold in what this run shows.`]
  const lacking = undecided.map((u) => `? ${u}`)
  const head = `  ${fitEnd('seq', 12)}  what`
  const cursor = r?.findingCursor ?? 0
  return places(m, theme, { title, head, rows, cursor, none, after: lacking })
}

export function whyScreen(m: Model, theme: Theme): string[] {
  const why = m.replay?.why
  const rows = (why?.lines ?? []).map(({ text }) => ({ text }))
  const cursor = why?.cursor ?? 0
  return places(m, theme, { title: 'Why', head: '', rows, cursor, none: [], after: [] })
}
