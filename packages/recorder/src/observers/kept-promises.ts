import type { Json } from '../event/kinds.ts'
import { type AskedChange, promisedChange, satisfies } from './masks.ts'
import { isSuccess } from './promises.ts'

/** What a call was to make of which pages, in 4K pages; `returned` once it has said that it did. */
export interface Kept extends KeptCall {
  readonly change: AskedChange
  /** Pages that it has made so: what it never did cannot be undone. */
  readonly made: Set<number>
  returned: boolean
}

/** A call; `start` and `end` in 4K pages. */
export interface KeptCall {
  readonly op: number
  readonly cpu: number
  /** Of its begin. */
  readonly seq: number
  readonly fn: string
  readonly start: number
  readonly end: number
}

/** Bits of both words. */
interface Bits {
  lo: number
  hi: number
}

export interface Broken {
  readonly kept: Kept
  /** 4K pages. */
  readonly page: number
  readonly lo: number
  readonly hi: number
}

/** What translates a page now; undefined: nothing is known, or nothing does. */
export type LeafAt = (page: number) => { readonly lo: number; readonly hi: number } | undefined

/** More pages than two calls that race are about; what is beyond is not looked at one by one. */
const MAX_PAGES = 4096

/**
 * What calls that run at the same time have made, to be looked at once all have returned: each did its own part, so
 * what is missing then another has undone. Bits that two of them change on one page are nobody's.
 */
export class KeptPromises {
  readonly calls: Kept[] = []

  /** False: the call promises nothing of pages. */
  begin({ op, cpu, seq, fn, start, end }: KeptCall, args: Json): boolean {
    const change = promisedChange(fn, args)
    if (change === null || end <= start || end - start > MAX_PAGES) return false
    this.calls.push({ op, cpu, seq, fn, start, end, change, made: new Set(), returned: false })
    return true
  }

  /** A call stores an entry of a page; true: that made the page what it is to be, for the first time. */
  stored(op: number, page: number, lo: number, hi: number): boolean {
    const kept = this.#of(op)
    if (kept === undefined || page < kept.start || page >= kept.end || kept.made.has(page))
      return false
    if (!satisfies(kept.change, lo, hi)) return false
    kept.made.add(page)
    return true
  }

  #of(op: number): Kept | undefined {
    for (let i = this.calls.length - 1; i >= 0; i--)
      if (this.calls[i]!.op === op) return this.calls[i]
    return undefined
  }

  unmade(op: number, page: number): void {
    this.#of(op)?.made.delete(page)
  }

  end(op: number, ret: number | null): void {
    const kept = this.#of(op)
    if (kept !== undefined && isSuccess(kept.fn, ret)) kept.returned = true
  }

  *broken(leafAt: LeafAt): Generator<Broken> {
    for (const kept of this.calls) {
      if (!kept.returned) continue
      for (const page of kept.made) {
        const leaf = leafAt(page)
        if (leaf === undefined) continue
        const mine = this.#ownBits(kept, page)
        const { setLo, setHi, clearLo, clearHi } = kept.change
        const wrongLo = ((setLo & ~leaf.lo) | (clearLo & leaf.lo)) & mine.lo
        const wrongHi = ((setHi & ~leaf.hi) | (clearHi & leaf.hi)) & mine.hi
        if ((wrongLo | wrongHi) !== 0) yield { kept, page, lo: leaf.lo, hi: leaf.hi }
      }
    }
  }

  #ownBits(kept: Kept, page: number): Bits {
    const mine: Bits = { lo: -1, hi: -1 }
    for (const other of this.calls) {
      if (other === kept || page < other.start || page >= other.end) continue
      mine.lo &= ~(other.change.setLo | other.change.clearLo)
      mine.hi &= ~(other.change.setHi | other.change.clearHi)
    }
    return mine
  }

  clear(): void {
    this.calls.length = 0
  }
}
