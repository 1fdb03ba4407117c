import { type Batch, NONE, SIZE, VA } from '../event/batch.ts'
import { KINDS } from '../event/kinds.ts'
import type { WriteStatements } from './statements.ts'

const OP_BEGIN = KINDS.op_begin.id
const OP_END = KINDS.op_end.id
const WALK_BEGIN = KINDS.walk_begin.id

/**
 * Table `call` of one run, kept up from its events. A call that names no range (`set_direct_map_*` on a real kernel is
 * given a struct page) takes that of the first walk inside it.
 */
export class CallRows {
  readonly #statements: WriteStatements
  readonly #run: number
  readonly #withoutRange = new Set<number>()
  count = 0

  constructor(statements: WriteStatements, run: number) {
    this.#statements = statements
    this.#run = run
  }

  /** Inside the transaction that inserts the batch; its first event is number `first`. */
  add(batch: Batch, first: number): void {
    const { kind, op, length } = batch
    for (let i = 0; i < length; i++) {
      const id = kind[i]!
      if (id > WALK_BEGIN || op[i] === NONE) continue
      if (id === OP_BEGIN) this.#begin(batch, i, first + i)
      else if (id === OP_END) this.#end(batch, i, first + i)
      else if (this.#withoutRange.delete(op[i]!)) this.#range(batch, i)
    }
  }

  #begin(batch: Batch, i: number, seq: number): void {
    const op = batch.op[i]!
    const [fn, task] = [batch.fn[i]!, batch.task[i]!]
    const { changes } = this.#statements.call.run(
      this.#run,
      op,
      fn === NONE ? null : fn,
      batch.long(i, VA),
      batch.long(i, SIZE),
      task === NONE ? null : task,
      batch.cpu[i]!,
      seq,
    )
    this.count += Number(changes)
    if (!batch.has(i, VA)) this.#withoutRange.add(op)
  }

  #end(batch: Batch, i: number, seq: number): void {
    const ret = batch.hasRet[i] === 1 ? batch.ret[i]! : null
    this.#withoutRange.delete(batch.op[i]!)
    this.#statements.callEnd.run(ret, seq, this.#run, batch.op[i]!)
  }

  #range(batch: Batch, i: number): void {
    const range = [batch.long(i, VA), batch.long(i, SIZE)]
    this.#statements.callRange.run(...range, this.#run, batch.op[i]!)
  }
}
