import { InputError } from '@pagetrail/engine'
import { type ChildProcess, fork } from 'node:child_process'
import { on } from 'node:events'
import { createRequire } from 'node:module'

import { checkStatement } from './guard.ts'
import {
  MEMORY_MAX_BYTES,
  MEMORY_SIGNAL,
  type QueryMessage,
  type QueryRequest,
  type SqlValue,
  VALUE_MAX,
} from './query-protocol.ts'

/** The child's program, by the name that the package around gives it: this module may have been bundled. */
const CHILD = createRequire(import.meta.url).resolve('#sql-child')

export const QUERY_ROWS = 1000
export const QUERY_MS = 10_000

export interface QueryOptions {
  /** The most rows; Infinity for all. */
  readonly rows?: number
  /** The most time from the start of the statement: that of opening and proving the file does not count. */
  readonly ms?: number
  readonly signal?: AbortSignal
  /** Value of the parameter `:run`, where the statement has it; see {@link namesRun}. */
  readonly run?: number
  /** Folder in which it is remembered what of the file was proven. */
  readonly proofs?: string | undefined
  /**
   * Takes the rows as they come instead of collecting them in the result; the query waits until it has returned, so
   * that a result of any size needs little memory.
   */
  readonly onRows?: (
    columns: readonly string[],
    rows: readonly SqlValue[][],
  ) => void | Promise<void>
}

/** What stopped a query before its end. */
export type QueryLimit = 'rows' | 'time' | 'memory' | 'cancelled'

export interface QueryResult {
  readonly columns: readonly string[]
  /** Empty where `onRows` took them. */
  readonly rows: readonly SqlValue[][]
  readonly rowCount: number
  /** null: the result is whole. */
  readonly limit: QueryLimit | null
  /** What to say to the user about limits that were reached; null: nothing. */
  readonly notice: string | null
}

/**
 * Runs one query on the database in a process of its own, which can only read. Throws InputError for what is refused
 * or wrong; a limit that is reached is not an error: what was found until then is the result, and `notice` says so.
 */
export async function runQuery(
  path: string,
  text: string,
  options: QueryOptions = {},
): Promise<QueryResult> {
  const { rows = QUERY_ROWS, ms = QUERY_MS, signal, run, proofs, onRows } = options
  checkStatement(text)
  if (signal?.aborted) return finished(new Collector(onRows), 'cancelled', rows, ms)
  // Structured clones carry bigints and bytes, which JSON does not.
  const child = fork(CHILD, [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const collector = new Collector(onRows)
  let limit: QueryLimit | null = null
  const stop = (why: QueryLimit) => {
    limit ??= why
    child.kill('SIGKILL')
  }
  let timer: NodeJS.Timeout | undefined
  const begins = () => {
    timer = setTimeout(() => stop('time'), Math.min(ms, 2 ** 31 - 1))
  }
  const cancel = () => stop('cancelled')
  signal?.addEventListener('abort', cancel)
  try {
    const request: QueryRequest = { path, text, rows, run: run ?? null, proofs }
    const ended = await conversation(child, request, collector, begins)
    limit ??= ended
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
    child.kill('SIGKILL')
  }
  return finished(collector, limit, rows, ms)
}

class Collector {
  columns: readonly string[] = []
  readonly rows: SqlValue[][] = []
  rowCount = 0
  cut = 0
  readonly #onRows: QueryOptions['onRows']

  constructor(onRows: QueryOptions['onRows']) {
    this.#onRows = onRows
  }

  async take(rows: SqlValue[][], cut: number): Promise<void> {
    this.rowCount += rows.length
    this.cut += cut
    if (this.#onRows) await this.#onRows(this.columns, rows)
    else this.rows.push(...rows)
  }
}

/** Sends the request and takes the answers until the child says the end or is ended. */
async function conversation(
  child: ChildProcess,
  request: QueryRequest,
  collector: Collector,
  begins: () => void,
): Promise<QueryLimit | null> {
  let complaint = ''
  child.stderr?.on('data', (data) => (complaint += String(data)))
  const messages = on(child, 'message', { close: ['close'] }) as AsyncIterable<[QueryMessage]>
  child.send(request, () => undefined)
  for await (const [message] of messages) {
    if (message.type === 'refused') throw new InputError(message.message)
    if (message.type === 'end') return message.more ? 'rows' : null
    if (message.type === 'begins') {
      begins()
      continue
    }
    if (message.type === 'columns') {
      collector.columns = message.names
      continue
    }
    await collector.take(message.rows, message.cut)
    // That it cannot be reached is not a failure of its own: it has ended, and the loop does so too.
    if (child.connected) child.send('more', () => undefined)
  }
  const { exitCode, signalCode } = child
  if (signalCode === MEMORY_SIGNAL || /heap out of memory/.test(complaint)) return 'memory'
  if (signalCode !== null) return 'cancelled'
  throw new Error(`the query's process ended with ${exitCode}: ${complaint.trim()}`)
}

function finished(
  collector: Collector,
  limit: QueryLimit | null,
  rows: number,
  ms: number,
): QueryResult {
  const { columns, rowCount, cut } = collector
  const sofar = `the ${rowCount} rows found until then are shown`
  const notices = {
    rows: `only the first ${rows} rows are shown; there are more (--rows)`,
    time: `stopped after ${ms / 1000} s (--timeout); ${sofar}`,
    memory: `stopped at ${MEMORY_MAX_BYTES / 2 ** 20} MB of memory; ${sofar}`,
    cancelled: `cancelled; ${sofar}`,
  } as const
  const parts: string[] = limit === null ? [] : [notices[limit]]
  if (cut > 0) parts.push(`${cut} values were cut at ${VALUE_MAX / 1024} KB`)
  const notice = parts.length > 0 ? parts.join('; ') : null
  return { columns, rows: collector.rows, rowCount, limit, notice }
}
