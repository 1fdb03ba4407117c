import type { Memory, Slot } from './memory.ts'

/** A store's row: slot, old low word, old high word. A row whose slot is this names a change of another sort. */
const OTHER = -1
const ROW = 3

/**
 * What changed in a machine's shared state, so that a search can take it back: every mutator of memory, locks,
 * latches, tables and TLBs writes here before it changes anything. A machine that is not searched has none.
 */
export class Journal {
  #rows = new Int32Array(ROW * 256)
  #length = 0
  readonly #others: (() => void)[] = []

  /** Position to go back to: in rows. */
  get mark(): number {
    return this.#length
  }

  /** An entry is about to be stored to; it held these words. */
  stored(slot: Slot, lo: number, hi: number): void {
    this.#push(slot, lo, hi)
  }

  /** Anything else is about to change; `undo` takes it back. */
  changed(undo: () => void): void {
    this.#others.push(undo)
    this.#push(OTHER, 0, 0)
  }

  #push(slot: number, lo: number, hi: number): void {
    const at = this.#length * ROW
    if (at + ROW > this.#rows.length) {
      const grown = new Int32Array(this.#rows.length * 2)
      grown.set(this.#rows)
      this.#rows = grown
    }
    this.#rows[at] = slot
    this.#rows[at + 1] = lo
    this.#rows[at + 2] = hi
    this.#length++
  }

  /** Slot of a row that is a store; -1 for one that is not. */
  slotAt(row: number): Slot {
    return this.#rows[row * ROW] as number
  }

  /** Words that the slot of a row held, low or high. */
  oldLo(row: number): number {
    return (this.#rows[row * ROW + 1] as number) >>> 0
  }

  oldHi(row: number): number {
    return (this.#rows[row * ROW + 2] as number) >>> 0
  }

  /** Takes back everything since a mark, newest first. */
  undo(memory: Memory, mark: number): void {
    memory.relinked()
    while (this.#length > mark) {
      const at = --this.#length * ROW
      const slot = this.#rows[at] as number
      if (slot === OTHER) {
        this.#others.pop()?.()
        continue
      }
      memory.words[slot] = this.#rows[at + 1] as number
      memory.words[slot + 1] = this.#rows[at + 2] as number
    }
  }
}
