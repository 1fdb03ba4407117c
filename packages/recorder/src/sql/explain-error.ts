import { InputError } from '@pagetrail/engine'
import Sqlite from 'better-sqlite3'

import { didYouMean } from '../event/nearest.ts'
import { COLUMN_NAMES } from '../event/event-columns.ts'
import { KIND_NAMES, KINDS } from '../event/kinds.ts'
import { FUNCTION_NAMES } from './functions.ts'

const TABLES = [
  'run',
  'event',
  'call',
  'name',
  'batch',
  'snapshot',
  'mark',
  'page_table',
  ...KIND_NAMES,
]

/** Columns of the tables, and of the views, which have the fields of their kind. */
const COLUMNS: ReadonlySet<string> = new Set([
  ...COLUMN_NAMES,
  ...KIND_NAMES.flatMap((kind) => Object.keys(KINDS[kind].fields)),
  ...'seq run label source state flavour kernel scenario events calls lost facts created t0'.split(
    ' ',
  ),
  ...'page_shift va_bits levels first last size ret text count'.split(' '),
])

/** One sentence for what SQLite or the store said about a query. */
export function explainError(error: unknown): string {
  if (error instanceof InputError) return error.message
  if (!(error instanceof Error)) return String(error)
  const { message } = error
  if (/more than one statement/.test(message))
    return 'one statement at a time; run the others after it'
  if (/contains no statements/.test(message)) return 'there is no statement; try: select * from run'
  if (/named parameter|parameter values/.test(message))
    return 'the one parameter that a query may have is :run, for the run of --run'
  if (/not authorized/.test(message))
    return 'load_extension() is refused: no code is loaded for a query'
  const unknown = /^no such (table|function): (?:main\.)?(.+)$/.exec(message)
  if (unknown) {
    const [, kind, name] = unknown
    const hint = didYouMean(name!, kind === 'table' ? TABLES : FUNCTION_NAMES)
    return `there is no ${kind} ${name}${hint}`
  }
  const column = /^no such column: (?:\w+\.)?(.+)$/.exec(message)?.[1]
  if (column !== undefined) return `there is no column ${column}${didYouMean(column, COLUMNS)}`
  if (error instanceof Sqlite.SqliteError && error.code === 'SQLITE_READONLY') {
    return 'the statement would write, and is refused: pagetrail sql only reads'
  }
  return message
}
