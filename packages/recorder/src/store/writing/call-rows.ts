import { type Batch, NONE, SIZE, VA } from '../../event/batch.ts'
import { KINDS } from '../../event/kinds.ts'
import type { WriteStatements } from '../statements.ts'

const OP_BEGIN = KINDS.op_begin.id
const OP_END = KINDS.op_end.id
const WALK_BEGIN = KINDS.walk_begin.id

/** A call that begins in a batch, by indices into that. */
interface BegunCall {
  readonly op: number
  readonly begin: number
  /** Where its range is from, where something gives it another than its begin has; and its last end. */
  range: number
  end: number
}

/** No event of the batch. */
const NOWHERE = -1

/**
 * Table `call` of one run, kept up from its events by the rules of {@link CallFold}, but with what is known in the
 * table alone: a run may have any number of calls.
 */
export class CallRows {
  readonly #statements: WriteStatements
  readonly #run: number
  readonly #withoutRange = new Set<number>()
  /** Those of the batch at hand: most end in it too, and have one statement then. */
  readonly #begun = new Map<number, BegunCall>()
  count = 0

  constructor(statements: WriteStatements, run: number) {
    this.#statements = statements
    this.#run = run
  }

  /** Inside the transaction that inserts the batch; its first event is number `first`. */
  add(batch: Batch, first: number): void {
    const { kind, op, length } = batch
    this.#begun.clear()
    for (let i = 0; i < length; i++) {
      const id = kind[i]!
      if (id > WALK_BEGIN || op[i] === NONE) continue
      if (id === OP_BEGIN) this.#begin(batch, i)
      else if (id === OP_END) this.#end(batch, i, first)
      else if (this.#withoutRange.delete(op[i]!)) this.#range(batch, i)
    }
    for (const call of this.#begun.values()) this.#insert(batch, call, first)
  }

  #begin(batch: Batch, i: number): void {
    const op = batch.op[i]!
    if (!this.#begun.has(op)) this.#begun.set(op, { op, begin: i, range: NOWHERE, end: NOWHERE })
    if (!batch.has(i, VA)) this.#withoutRange.add(op)
  }

  #end(batch: Batch, i: number, first: number): void {
    const op = batch.op[i]!
    this.#withoutRange.delete(op)
    const call = this.#begun.get(op)
    if (call) call.end = i
    else this.#putEnd(batch, op, i, first)
  }

  #range(batch: Batch, i: number): void {
    const op = batch.op[i]!
    const call = this.#begun.get(op)
    if (call) call.range = i
    else this.#putRange(batch, op, i)
  }

  #insert(batch: Batch, { op, begin, range, end }: BegunCall, first: number): void {
    const [fn, task] = [batch.fn[begin]!, batch.task[begin]!]
    const from = range === NOWHERE ? begin : range
    const { changes } = this.#statements.call.run(
      this.#run,
      op,
      fn === NONE ? null : fn,
      batch.long(from, VA),
      batch.long(from, SIZE),
      end === NOWHERE ? null : batch.returned(end),
      task === NONE ? null : task,
      batch.cpu[begin]!,
      first + begin,
      end === NOWHERE ? null : first + end,
    )
    this.count += Number(changes)
    if (changes > 0) return
    // It has begun before; what came since is the same call's.
    if (range !== NOWHERE) this.#putRange(batch, op, range)
    if (end !== NOWHERE) this.#putEnd(batch, op, end, first)
  }

  #putEnd(batch: Batch, op: number, i: number, first: number): void {
    this.#statements.callEnd.run(batch.returned(i), first + i, this.#run, op)
  }

  #putRange(batch: Batch, op: number, i: number): void {
    const range = [batch.long(i, VA), batch.long(i, SIZE)]
    this.#statements.callRange.run(...range, this.#run, op)
  }
}
