import type Sqlite from 'better-sqlite3'

import { KINDS } from '../event/kinds.ts'
import { AT, type Row } from '../event/field-codec.ts'
import { CALL_COLUMNS, type CallRow, type EventReader, PAGE_EVENTS } from './event-reader.ts'
import type { Run } from '../event/run.ts'

const { op_begin: OP_BEGIN, op_end: OP_END, walk_begin: WALK_BEGIN } = KINDS

/** Derives the run's calls from its events again; what differs from table `call`, or null. */
export function callProblem(db: Sqlite.Database, reader: EventReader, run: Run): string | null {
  const derived = deriveCalls(reader, run.id)
  const query = db
    .prepare<[bigint], CallRow>(`select ${CALL_COLUMNS} from call where run = ? order by op`)
    .raw()
  const stored = query.all(BigInt(run.id))
  if (stored.length !== derived.size) {
    return `its events make ${derived.size} calls, table call has ${stored.length}`
  }
  if (run.calls !== derived.size)
    return `it claims ${run.calls} calls, its events make ${derived.size}`
  const wrong = stored.find((row) => String(row) !== String(derived.get(row[0])))
  return wrong ? `call ${wrong[0]} is not what its events say` : null
}

type Cell = Row[number]

/** By op, in the order of {@link CALL_COLUMNS}; see CallRows for the rules. */
function deriveCalls(reader: EventReader, run: number): Map<bigint, Cell[]> {
  const calls = new Map<bigint, Cell[]>()
  const where = {
    sql: `op is not null and kind in (${OP_BEGIN.id}, ${OP_END.id}, ${WALK_BEGIN.id})`,
    parameters: [],
  }
  const open = new Set<bigint>()
  for (let from = 0; ;) {
    const rows = reader.rows(run, { from, limit: PAGE_EVENTS, where })
    for (const row of rows) fold(calls, open, row)
    if (rows.length < PAGE_EVENTS) return calls
    from = seqOf(rows[rows.length - 1]!) + 1
  }
}

function fold(calls: Map<bigint, Cell[]>, rangeless: Set<bigint>, row: Row): void {
  const op = row[AT.op]
  if (typeof op !== 'bigint') return
  const call = calls.get(op)
  const [va, size, seq] = [row[AT.va] ?? null, row[AT.size] ?? null, BigInt(seqOf(row))]
  if (row[AT.kind] === BigInt(OP_BEGIN.id)) {
    if (va === null) rangeless.add(op)
    const [fn, task, cpu] = [row[AT.fn] ?? null, row[AT.task] ?? null, row[AT.cpu] ?? null]
    if (!call) calls.set(op, [op, fn, va, size, null, task, cpu, seq, null])
  } else if (row[AT.kind] === BigInt(OP_END.id)) {
    rangeless.delete(op)
    call?.splice(4, 1, row[AT.ret] ?? null)
    call?.splice(8, 1, seq)
  } else if (rangeless.delete(op)) call?.splice(2, 2, va, size)
}

const seqOf = (row: Row): number => Number(BigInt.asUintN(32, BigInt(row[AT.id] as bigint)))
