import { AUX, Batch, NONE, WORD_COLUMNS } from '../event/batch.ts'
import { eventOf } from '../event/codec.ts'
import { AT, COLUMN_NAMES, columnsThat, type EventRow } from '../event/event-columns.ts'
import type { NameOf } from '../event/field-codec.ts'
import { fieldsOf, type Kind, KIND_NAMES, KINDS, type TraceEvent } from '../event/kinds.ts'
import { type Bound, ROWS_PER_INSERT, type WriteStatements } from './statements.ts'

const WIDTH = COLUMN_NAMES.length
const ALWAYS = columnsThat('always')
const UNSET = columnsThat('unset')

/** Parameters of the multi-row insert, reused for every batch of the process: flushing is synchronous. */
const many: Bound[] = Array.from({ length: ROWS_PER_INSERT * WIDTH }, () => null)
const one: Bound[] = Array.from({ length: WIDTH }, () => null)

/** Inserts the batch's rows; the first gets rowid `base`. Inside the caller's transaction. */
export function insertBatch(statements: WriteStatements, batch: Batch, base: number): void {
  const n = batch.length
  let i = 0
  for (; i + ROWS_PER_INSERT <= n; i += ROWS_PER_INSERT) {
    fill(many, ROWS_PER_INSERT, batch, i, base + i)
    statements.events.run(many)
  }
  for (; i < n; i++) {
    fill(one, 1, batch, i, base + i)
    statements.event.run(one)
  }
}

/** Rows from `first` on, one after the other, filled column by column; `id` is that of the first. */
function fill(to: Bound[], rows: number, batch: Batch, first: number, id: number): void {
  for (let row = 0; row < rows; row++) to[row * WIDTH + AT.id] = id + row
  // Two loops: one over all would see more kinds of typed arrays than V8 keeps apart.
  for (const name of ALWAYS) {
    const { [name]: column } = batch
    for (let row = 0, at = AT[name]; row < rows; row++, at += WIDTH) to[at] = column[first + row]!
  }
  for (const name of UNSET) {
    const { [name]: column } = batch
    for (let row = 0, at = AT[name]; row < rows; row++, at += WIDTH) {
      const value = column[first + row]!
      to[at] = value === NONE ? null : value
    }
  }
  for (const [word, name] of WORD_COLUMNS.entries()) {
    for (let row = 0, at = AT[name]; row < rows; row++, at += WIDTH) {
      to[at] = batch.bindable(first + row, word)
    }
  }
  const { extra, more } = batch
  for (let i = first, at = 0; i < first + rows; i++, at += WIDTH) {
    to[at + AT.ret] = batch.returned(i)
    to[at + AT.extra] = extra[i] ?? null
    to[at + AT.more] = more.size === 0 ? null : (more.get(i) ?? null)
  }
}

/**
 * Appends a row that was read: as the writer had it in its batch, but for the names, which are the file's. False for
 * one that holds a value that a batch cannot: 256 in a byte, or the -1 that stands for what is unset.
 */
export function putRow(batch: Batch, row: EventRow): boolean {
  const i = batch.row(0, 0)
  const [cpu, nest, kind] = [whole(row[AT.cpu]), whole(row[AT.nest]), whole(row[AT.kind])]
  const [ts, level] = [orNone(row[AT.ts]), orNone(row[AT.level])]
  const [task, op, fn] = [orNone(row[AT.task]), orNone(row[AT.op]), orNone(row[AT.fn])]
  batch.cpu[i] = cpu
  batch.nest[i] = nest
  batch.kind[i] = kind
  batch.ts[i] = ts
  batch.level[i] = level
  batch.task[i] = task
  batch.op[i] = op
  batch.fn[i] = fn
  let kept =
    batch.cpu[i] === cpu &&
    batch.nest[i] === nest &&
    batch.kind[i] === kind &&
    Number.isSafeInteger(ts) &&
    batch.level[i] === level &&
    batch.task[i] === task &&
    batch.op[i] === op &&
    batch.fn[i] === fn
  for (let word = 0, at = AT.va; word < WORD_COLUMNS.length; word++, at++) {
    const value = row[at]
    if (typeof value === 'bigint') batch.setLong(i, word, value)
    else kept &&= value === null
  }
  return putRest(batch, i, row) && kept
}

/** Not a number where it has to be one; so too below. */
const whole = (value: EventRow[number] | undefined): number =>
  typeof value === 'bigint' ? Number(value) : Number.NaN

/** -1, which stands for what is unset, is not one either. */
function orNone(value: EventRow[number] | undefined): number {
  if (value === null) return NONE
  const number = whole(value)
  return number === NONE ? Number.NaN : number
}

/** The row at hand. */
const single = new Batch(1)

/** A row read with safe integers; `names` has the text of an interned name. */
export function rowToEvent(row: EventRow, names: NameOf): TraceEvent {
  single.clear()
  putRow(single, row)
  return eventOf(single, 0, seqOfRow(row), names)
}

/** The low 32 bits of a rowid; see migrations/0001. */
export const seqOfRow = ({ [AT.id]: id }: EventRow): number =>
  typeof id === 'bigint' ? Number(BigInt.asUintN(32, id)) : Number.NaN

function putRest(batch: Batch, i: number, row: EventRow): boolean {
  const { [AT.ret]: ret, [AT.extra]: extra, [AT.more]: more } = row
  if (typeof ret === 'bigint') batch.setRet(i, Number(ret))
  else if (ret !== null) return false
  if (typeof extra === 'string') batch.extra[i] = extra
  else if (extra !== null) return false
  if (typeof more === 'string') batch.more.set(i, more)
  else if (more !== null) return false
  return ret === null || BigInt(batch.ret[i]!) === ret
}

/** Kinds by id whose column holds an interned name, beside `fn` which always does. */
const nameIn = (column: 'aux' | 'ret') => {
  const table = new Uint8Array(256)
  const holds = (kind: Kind) =>
    fieldsOf(kind).some(([, field]) => field.type === 'name' && field.in === column)
  for (const kind of KIND_NAMES) if (holds(kind)) table[KINDS[kind].id] = 1
  return table
}
const NAME_IN_AUX = nameIn('aux')
const NAME_IN_RET = nameIn('ret')

/** Replaces the writer's own name ids by the file's, in place. */
export function renameBatch(batch: Batch, idOf: readonly number[]): void {
  const { fn, task, kind, ret, hasRet, length } = batch
  for (let i = 0; i < length; i++) {
    if (fn[i] !== NONE) fn[i] = idOf[fn[i]!]!
    if (task[i] !== NONE) task[i] = idOf[task[i]!]!
    const id = kind[i]!
    if (NAME_IN_RET[id] === 1 && hasRet[i] === 1) ret[i] = idOf[ret[i]!]!
    if (NAME_IN_AUX[id] === 1 && batch.has(i, AUX)) {
      batch.setSmall(i, AUX, idOf[batch.low(i, AUX)]!)
    }
  }
}

/** Ids of all names that a batch read from a file uses. */
export function nameIdsIn(batch: Batch): Set<number> {
  const { fn, task, kind, ret, hasRet, length } = batch
  const ids = new Set<number>()
  for (let i = 0; i < length; i++) {
    ids.add(fn[i]!).add(task[i]!)
    const id = kind[i]!
    if (NAME_IN_RET[id] === 1 && hasRet[i] === 1) ids.add(ret[i]!)
    if (NAME_IN_AUX[id] === 1 && batch.has(i, AUX)) ids.add(batch.low(i, AUX))
  }
  ids.delete(NONE)
  return ids
}
