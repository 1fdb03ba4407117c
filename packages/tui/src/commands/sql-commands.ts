import { QUERIES, queryText, STARTING_QUERIES } from '@pagetrail/recorder'
import { type Model, ask, complain, enter, query, withSql } from '../model/model.ts'
import { toEvent } from './navigation.ts'
import { openPrompt } from '../model/prompt.ts'
import { runUnderCursor } from '../model/runs.ts'
import { sqlCell, placeOfRow, type SqlView } from '../model/sql.ts'

/** The run that ready queries are about: the one open, else the one under the cursor. */
const runOf = (m: Model): number | null => m.replay?.run.id ?? runUnderCursor(m)?.id ?? null

export interface ReadyQuery {
  readonly title: string
  readonly text: string
}

const oneLine = (sql: string): string =>
  sql.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ').trim()

/** The queries that come with Pagetrail, about the run at hand. */
export function readyQueries(m: Model): readonly ReadyQuery[] {
  const run = runOf(m)
  const { runs, stores } = STARTING_QUERIES
  const list = run === null ? [runs] : [runs, stores, ...QUERIES]
  return list.map((q) => ({ title: q.title, text: oneLine(queryText(q, run ?? 1)) }))
}

const open = (m: Model): Model => {
  return { ...enter(m, 'sql'), prompt: openPrompt('sql', m.sql.text) }
}

const edit = (m: Model): Model => ({ ...m, prompt: openPrompt('sql', m.sql.text) })

/** The query of the prompt is run; the prompt makes room for the result. */
export function submitSql(m: Model, text: string): Model {
  if (text.trim() === '') return m
  const running = withSql(m, (s) => ({
    ...s,
    text,
    running: true,
    problem: null,
    cursor: 0,
    top: 0,
    column: 0,
  }))
  return query(
    running,
    (data): Promise<Pick<SqlView, 'result' | 'problem'>> =>
      data.sql(text).then(
        (result) => ({ result, problem: null }),
        (error: Error) => ({ result: null, problem: error.message }),
      ),
    (later, answer) => withSql(later, (s) => ({ ...s, running: false, ...answer })),
    { title: 'running the query' },
  )
}

const openRow = (m: Model): Model => {
  const place = placeOfRow(m.sql, runOf(m))
  if (!place)
    return complain(m, 'only rows with a column seq lead to an event; this result has none')
  return toEvent(m, place.run, place.seq)
}

const scroll = (by: 1 | -1) => (m: Model) =>
  withSql(m, (s) => {
    const most = Math.max(0, (s.result?.columns.length ?? 1) - 1)
    return { ...s, column: Math.max(0, Math.min(most, s.column + by)) }
  })

const copyRow = (m: Model): Model => {
  const row = m.sql.result?.rows[m.sql.cursor]
  if (!row) return complain(m, 'there is no row to copy')
  return ask(m, { type: 'copy', text: row.map(sqlCell).join('\t'), what: 'the row' })
}

export const SQL_COMMANDS = {
  sql: open,
  'sql.edit': edit,
  'sql.run': (m: Model) => submitSql(m, m.sql.text),
  'sql.open': openRow,
  'sql.right': scroll(1),
  'sql.left': scroll(-1),
  'sql.copy': copyRow,
  'sql.export': (m: Model) =>
    m.sql.result
      ? { ...m, prompt: openPrompt('export', 'result.csv') }
      : complain(m, 'there is no result to export'),
} as const
