import { InputError } from '@pagetrail/engine'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import Sqlite from 'better-sqlite3'

import { openRuns, type RunFile } from '../store/run-file.ts'
import { overrideViews } from '../store/views.ts'
import { explainError } from './explain-error.ts'
import { registerFunctions } from './functions.ts'
import { isPragma } from './guard.ts'
import { registerPageTable } from './page-table.ts'
import {
  CHUNK_ROWS,
  type QueryMessage,
  type QueryRequest,
  type SqlValue,
  VALUE_MAX,
} from './query-protocol.ts'

/**
 * The process in which a user's query runs: a running statement of SQLite cannot be interrupted from JavaScript, a
 * process can be ended. It answers one request and exits.
 */
async function main(): Promise<void> {
  new Worker(new URL(import.meta.resolve('#watchdog'))).unref()
  const [request] = (await once(process, 'message')) as [QueryRequest]
  const { path, proofs } = request
  const runFile = await openRuns(path, { mode: 'read', proofs })
  // Folding page tables for page_table() reads events while the query's own statement is running.
  const folding = await openRuns(path, { mode: 'read', proofs })
  const { db } = runFile
  overrideViews(db)
  db.pragma('query_only = on')
  db.pragma('trusted_schema = off')
  registerFunctions(db, runFile.runs())
  registerPageTable(db, folding)
  runFile.proveAll()
  await send({ type: 'begins' })
  await answer(runFile, request)
}

async function answer(runFile: RunFile, { text, rows, run }: QueryRequest): Promise<void> {
  const statement = prepare(runFile, text)
  await send({ type: 'columns', names: statement.columns().map(({ name }) => name) })
  const bound: unknown[] = run === null ? [] : [{ run: BigInt(run) }]
  let chunk: SqlValue[][] = []
  let count = 0
  let cut = 0
  let more = false
  for (const row of statement.iterate(...bound)) {
    if (count === rows) {
      more = true
      break
    }
    count++
    chunk.push(row.map(shortened))
    cut += row.filter(isTooLong).length
    // A first row that took long is shown at once; more of them travel together.
    if (chunk.length === CHUNK_ROWS || count === 1) {
      await send({ type: 'rows', rows: chunk, cut })
      await once(process, 'message')
      chunk = []
      cut = 0
    }
  }
  if (chunk.length > 0) await send({ type: 'rows', rows: chunk, cut })
  // Others may have written meanwhile: recorders, or a program that put another file there.
  if (!runFile.holds()) runFile.proveAll()
  return send({ type: 'end', more })
}

function prepare(runFile: RunFile, text: string): Sqlite.Statement<unknown[], SqlValue[]> {
  const statement = runFile.db.prepare<unknown[], SqlValue[]>(text)
  // SQLite counts a pragma that could set a value among those that write; checkStatement() lets none through that does.
  if (statement.reader && (statement.readonly || isPragma(text))) return statement.raw()
  throw new InputError('the statement would write, and is refused: pagetrail sql only reads')
}

const isTooLong = (value: SqlValue): boolean =>
  (typeof value === 'string' || value instanceof Uint8Array) && value.length > VALUE_MAX

function shortened(value: SqlValue): SqlValue {
  if (typeof value === 'string') return isTooLong(value) ? value.slice(0, VALUE_MAX) : value
  return value instanceof Uint8Array && isTooLong(value) ? value.slice(0, VALUE_MAX) : value
}

/** Resolves when the message has been handed to the system. */
function send(message: QueryMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error ? reject(error) : resolve()))
  })
}

try {
  await main()
} catch (error) {
  await send({ type: 'refused', message: explainError(error) })
}
process.disconnect?.()
