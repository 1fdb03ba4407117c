import type { Batch } from '../event/batch.ts'
import { AUX, NEW, NONE, OLD, SIZE, VA } from '../event/batch.ts'
import { fieldsOf, type Kind, KIND_NAMES, KINDS } from '../event/kinds.ts'
import { EVENT_COLUMNS } from '../event/field-codec.ts'
import { type Bound, ROWS_PER_INSERT, type WriteStatements } from './statements.ts'

const WIDTH = EVENT_COLUMNS.length

/** Parameters of the multi-row insert, reused for every batch of the process: flushing is synchronous. */
const many: Bound[] = Array.from({ length: ROWS_PER_INSERT * WIDTH }, () => null)
const one: Bound[] = Array.from({ length: WIDTH }, () => null)

/** Inserts the batch's rows; the first gets rowid `base`. Inside the caller's transaction. */
export function insertBatch(statements: WriteStatements, batch: Batch, base: number): void {
  const n = batch.length
  let i = 0
  for (; i + ROWS_PER_INSERT <= n; i += ROWS_PER_INSERT) {
    for (let row = 0; row < ROWS_PER_INSERT; row++) fill(many, row * WIDTH, batch, i + row, base)
    statements.events.run(many)
  }
  for (; i < n; i++) {
    fill(one, 0, batch, i, base)
    statements.event.run(one)
  }
}

function fill(to: Bound[], at: number, batch: Batch, i: number, base: number): void {
  const { extra, more } = batch
  to[at] = base + i
  to[at + 1] = orNull(batch.ts[i]!)
  to[at + 2] = batch.cpu[i]!
  to[at + 3] = orNull(batch.task[i]!)
  to[at + 4] = orNull(batch.op[i]!)
  to[at + 5] = batch.nest[i]!
  to[at + 6] = batch.kind[i]!
  to[at + 7] = orNull(batch.level[i]!)
  to[at + 8] = orNull(batch.fn[i]!)
  to[at + 9] = batch.bindable(i, VA)
  to[at + 10] = batch.bindable(i, SIZE)
  to[at + 11] = batch.bindable(i, OLD)
  to[at + 12] = batch.bindable(i, NEW)
  to[at + 13] = batch.bindable(i, AUX)
  to[at + 14] = batch.hasRet[i] === 1 ? batch.ret[i]! : null
  to[at + 15] = extra[i] ?? null
  to[at + 16] = more.size === 0 ? null : (more.get(i) ?? null)
}

const orNull = (value: number): number | null => (value === NONE ? null : value)

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
