/** What is known of one entry. A copy: storing to it changes nothing. */
export interface Slot {
  readonly lo: number
  readonly hi: number
  /** Event that told: its last store, or the callback that read it; -1: the start state. */
  readonly seq: number
  readonly cpu: number
}

const FREE = -1
const INITIAL = 1024

/** Entries of one level by page, in typed arrays: a run may show millions of them. Nothing is ever taken out singly. */
export class SlotTable {
  #pages = new Float64Array(INITIAL).fill(FREE)
  #words = new Uint32Array(INITIAL * 2)
  #seqs = new Float64Array(INITIAL)
  #cpus = new Uint16Array(INITIAL)
  #mask = INITIAL - 1
  #used = 0

  get(page: number): Slot | undefined {
    const at = this.#find(page)
    if (this.#pages[at] === FREE) return undefined
    return {
      lo: this.#words[at * 2]!,
      hi: this.#words[at * 2 + 1]!,
      seq: this.#seqs[at]!,
      cpu: this.#cpus[at]!,
    }
  }

  set(page: number, lo: number, hi: number, seq: number, cpu: number): void {
    let at = this.#find(page)
    if (this.#pages[at] === FREE) {
      if (this.#used * 10 >= this.#pages.length * 7) {
        this.#grow()
        at = this.#find(page)
      }
      this.#pages[at] = page
      this.#used++
    }
    this.#words[at * 2] = lo
    this.#words[at * 2 + 1] = hi
    this.#seqs[at] = seq
    this.#cpus[at] = cpu
  }

  clear(): void {
    this.#pages.fill(FREE)
    this.#used = 0
  }

  /** Where the page is, or the free place where it would go. */
  #find(page: number): number {
    const pages = this.#pages
    const high = Math.floor(page / 2 ** 32)
    let hash = Math.imul((page >>> 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
    hash ^= hash >>> 15
    let at = hash & this.#mask
    while (pages[at] !== FREE && pages[at] !== page) at = (at + 1) & this.#mask
    return at
  }

  #grow(): void {
    const [pages, words, seqs, cpus] = [this.#pages, this.#words, this.#seqs, this.#cpus]
    const size = pages.length * 2
    this.#pages = new Float64Array(size).fill(FREE)
    this.#words = new Uint32Array(size * 2)
    this.#seqs = new Float64Array(size)
    this.#cpus = new Uint16Array(size)
    this.#mask = size - 1
    this.#used = 0
    for (let i = 0; i < pages.length; i++) {
      const page = pages[i]!
      if (page !== FREE) this.set(page, words[i * 2]!, words[i * 2 + 1]!, seqs[i]!, cpus[i]!)
    }
  }
}
