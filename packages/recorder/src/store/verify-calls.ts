import type Sqlite from 'better-sqlite3'

import { CallFold } from '../event/call-fold.ts'
import { KINDS } from '../event/kinds.ts'
import { AT, type EventColumn, type EventRow } from '../event/event-columns.ts'
import { seqOfRow } from './batch-insert.ts'
import { type CallRow, type EventReader, PAGE_EVENTS } from './event-reader.ts'
import { build } from './schema.ts'
import { selectAll } from './statements.ts'

const { op_begin: OP_BEGIN, op_end: OP_END, walk_begin: WALK_BEGIN } = KINDS

/** Derives a run's calls from its events again; what differs from table `call` or from the run's row, or null. */
export function callProblem(db: Sqlite.Database, reader: EventReader, run: number): string | null {
  const derived = deriveCalls(reader, run)
  const calls = build.selectFrom('call').selectAll().where('run', '=', BigInt(run))
  const counted = build.selectFrom('run').select('calls').where('id', '=', BigInt(run))
  const stored = selectAll(db, calls.orderBy('op'))
  if (stored.length !== derived.size) {
    return `its events make ${derived.size} calls, table call has ${stored.length}`
  }
  const claimed = selectAll(db, counted)[0]?.calls
  if (claimed !== undefined && Number(claimed) !== derived.size)
    return `it claims ${claimed} calls, its events make ${derived.size}`
  const wrong = stored.find((row) => !isSame(row, derived.get(row.op)))
  return wrong ? `call ${wrong.op} is not what its events say` : null
}

const COLUMNS = ['run', 'op', 'fn', 'va', 'size', 'ret', 'task', 'cpu', 'first', 'last'] as const

/** All columns hold the same, of the same type: a damaged one can hold any. */
const isSame = (row: CallRow, derived: CallRow | undefined): boolean =>
  derived !== undefined && COLUMNS.every((name) => row[name] === derived[name])

/** By op. */
function deriveCalls(reader: EventReader, run: number): ReadonlyMap<bigint, CallRow> {
  const fold = new CallFold<bigint, CallRow>()
  const where = {
    sql: `op is not null and kind in (${OP_BEGIN.id}, ${OP_END.id}, ${WALK_BEGIN.id})`,
    parameters: [],
  }
  for (let from = 0; ;) {
    const rows = reader.rows(run, { from, limit: PAGE_EVENTS, where })
    for (const row of rows) add(fold, BigInt(run), row)
    if (rows.length < PAGE_EVENTS) return fold.calls
    from = seqOfRow(rows[rows.length - 1]!) + 1
  }
}

function add(fold: CallFold<bigint, CallRow>, run: bigint, row: EventRow): void {
  const cell = (column: EventColumn): bigint | null => {
    const { [AT[column]]: value } = row
    return typeof value === 'bigint' ? value : null
  }
  const op = cell('op')
  if (op === null) return
  const [va, size, ret, seq] = [cell('va'), cell('size'), cell('ret'), BigInt(seqOfRow(row))]
  if (cell('kind') === BigInt(OP_BEGIN.id)) {
    const [fn, task, cpu] = [cell('fn'), cell('task'), cell('cpu') ?? 0n]
    const call = { run, op, fn, va, size, ret: null, task, cpu, first: seq, last: null }
    fold.begin(op, va !== null, () => call)
  } else if (cell('kind') === BigInt(OP_END.id)) fold.end(op, { ret, last: seq })
  else fold.walk(op, () => ({ va, size }))
}
