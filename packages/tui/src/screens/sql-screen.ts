import { type Column, type SqlValue, tableLines, count, many } from '@pagetrail/recorder'
import type { SqlResult } from '../data/data.ts'
import { paneHeight } from '../model/layout.ts'
import type { Model } from '../model/model.ts'
import { sqlCell, QUERY_LINES, resultRows, type SqlView } from '../model/sql.ts'
import { choicesOf } from '../commands/prompt-commands.ts'
import { fit, safe, wrap } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'
import type { PaneView } from './pane.tsx'

/** A cell is not wider than this; the row under the cursor can be copied whole. */
const CELL = 40

export function sqlPanes(m: Model, theme: Theme): PaneView[][] {
  const { columns } = m
  const height = paneHeight(m.rows)
  const editing = m.prompt?.kind === 'sql'
  const [head = '', ...rows] = resultLines(m, theme)
  const query = { name: 'query', title: 'SQL', focused: editing, foot: 'read-only' } as const
  const result = { name: 'list', title: 'Result', focused: !editing, foot: footOf(m.sql) } as const
  return [
    [
      { ...query, columns, height: QUERY_LINES + 2, rows: queryLines(m, theme) },
      {
        ...result,
        columns,
        height: height - QUERY_LINES - 2,
        head: [head],
        rows,
      },
    ],
  ]
}

/** The query, with the cursor while it is being typed; a long one shows the lines around the cursor. */
function queryLines(m: Model, theme: Theme): string[] {
  const w = m.columns - 4
  const p = m.prompt?.kind === 'sql' ? m.prompt : null
  if (!p)
    return m.sql.text === ''
      ? [theme.dim(' i edits a query')]
      : wrap(safe(m.sql.text), w).map((l) => ` ${l}`)
  const text = `${safe(p.text)} `
  const first = Math.max(0, Math.floor(p.at / w) - QUERY_LINES + 1)
  return Array.from({ length: QUERY_LINES }, (_, i) => {
    const from = (first + i) * w
    const line = text.slice(from, from + w)
    const at = p.at - from
    if (at < 0 || at >= w) return ` ${line}`
    return ` ${line.slice(0, at)}${theme.inverse(line[at] ?? ' ')}${line.slice(at + 1)}`
  })
}

function footOf(s: SqlView): string {
  if (!s.result) return ''
  const { rows, ms } = s.result
  return `${rows.length > 0 ? `${count(s.cursor + 1)} of ` : ''}${many(rows.length, 'row')}  ${ms.toFixed(0)} ms`
}

function resultLines(m: Model, theme: Theme): string[] {
  const { sql } = m
  if (sql.running) return [theme.dim('   running …  Esc stops it')]
  if (sql.problem !== null) {
    return ['', ...wrap(safe(sql.problem), m.columns - 8).map((l) => theme.paint('bad', `   ${l}`))]
  }
  if (!sql.result) {
    // What Tab offers would stand over it.
    if (m.prompt !== null && choicesOf(m).length > 0) return []
    return [
      '',
      theme.dim('   Tab in an empty query offers the ready ones; docs/sql.md has the tables.'),
    ]
  }
  return tableOf(sql, sql.result, { rows: resultRows(m), columns: m.columns - 2 }, theme)
}

const cell = (value: SqlValue | undefined): string => safe(sqlCell(value ?? null))

function tableOf(
  s: SqlView,
  result: SqlResult,
  size: { readonly rows: number; readonly columns: number },
  theme: Theme,
): string[] {
  const shown = result.rows.slice(s.top, s.top + size.rows - (result.notice ? 1 : 0))
  const columns = result.columns.slice(s.column).map((head, i): Column<(typeof shown)[number]> => ({
    head,
    value: (row) => cell(row[s.column + i]),
    align: shown.every((row) => typeof row[s.column + i] !== 'string') ? 'right' : 'left',
    max: CELL,
  }))
  const [head = '', ...rows] = tableLines(columns, shown)
  const lines = [theme.bold(fit(`${s.column > 0 ? '‹' : ' '}${head}`, size.columns))]
  for (const [i, row] of rows.entries()) {
    const text = fit(` ${row}`, size.columns)
    lines.push(s.top + i === s.cursor ? theme.inverse(`▶${text.slice(1)}`) : text)
  }
  if (result.rows.length === 0) lines.push(theme.dim('   no rows'))
  if (result.notice) lines.push(theme.paint('bad', ` ${safe(result.notice)}`))
  return lines
}
