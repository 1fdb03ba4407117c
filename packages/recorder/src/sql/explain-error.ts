import { InputError } from '@pagetrail/engine'
import Sqlite from 'better-sqlite3'

import { didYouMean } from '../event/nearest.ts'
import { KIND_NAMES } from '../event/kinds.ts'
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

/** One sentence for what SQLite or the store said about a query. */
export function explainError(error: unknown): string {
  if (error instanceof InputError) return error.message
  if (!(error instanceof Error)) return String(error)
  const { message } = error
  if (/more than one statement/.test(message))
    return 'one statement at a time; run the others after it'
  if (/contains no statements/.test(message)) return 'there is no statement; try: select * from run'
  if (/not authorized/.test(message))
    return 'load_extension() is refused: no code is loaded for a query'
  const unknown = /^no such (table|function): (?:main\.)?(.+)$/.exec(message)
  if (unknown) {
    const [, kind, name] = unknown
    const hint = didYouMean(name!, kind === 'table' ? TABLES : FUNCTION_NAMES)
    return `there is no ${kind} ${name}${hint}`
  }
  if (error instanceof Sqlite.SqliteError && error.code === 'SQLITE_READONLY') {
    return 'the statement would write, and is refused: pagetrail sql only reads'
  }
  return message
}
