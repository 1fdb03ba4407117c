/**
 * The calls of a run from its events, in their order: begun once, ended by the last return that was seen. A call that
 * names no range (`set_direct_map_*` on a real kernel is given a struct page) takes that of the first walk inside it.
 * `C` is what is known of a call, in the form that its maker has.
 */
export class CallFold<Op, C extends object> {
  readonly calls = new Map<Op, C>()
  readonly #rangeless = new Set<Op>()

  /** An op_begin; `call` makes the call of it, and is asked once an op. */
  begin(op: Op, hasRange: boolean, call: () => C): void {
    if (!hasRange) this.#rangeless.add(op)
    if (!this.calls.has(op)) this.calls.set(op, call())
  }

  /** An op_end, with what it says of its call. */
  end(op: Op, said: Partial<C>): void {
    this.#rangeless.delete(op)
    this.#add(op, said)
  }

  /** A walk_begin; `range` is asked only where its call has none. */
  walk(op: Op, range: () => Partial<C>): void {
    if (this.#rangeless.delete(op)) this.#add(op, range())
  }

  #add(op: Op, said: Partial<C>): void {
    const call = this.calls.get(op)
    // It is the fold's own, and a copy of it a call is what a million events cost most.
    if (call) Object.assign(call, said)
  }
}
