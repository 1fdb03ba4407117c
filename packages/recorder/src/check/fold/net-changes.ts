import type { LevelName } from '@pagetrail/engine'
import type { PageSizes } from '../../observers/page-numbers.ts'
import { RangeList } from '../../observers/range-list.ts'
import { BriefMap } from '../../tables/brief-map.ts'

/** Neighbouring entries of one level in which a call turned the same bits. Pages are 4K. */
interface Turned {
  readonly level: LevelName
  readonly start: number
  end: number
  readonly lo: number
  readonly hi: number
}

/**
 * The bits that calls turned in entries, without the values: what was turned twice is as it was. A call that changes a
 * range alike, however long, is one stretch.
 */
export class NetChanges {
  readonly #byOp = new BriefMap<number, Turned[]>()

  add(op: number, level: LevelName, start: number, end: number, lo: number, hi: number): void {
    let turned = this.#byOp.get(op)
    if (turned === undefined) this.#byOp.set(op, (turned = []))
    const last = turned.at(-1)
    const goesOn =
      last !== undefined &&
      last.end === start &&
      last.level === level &&
      last.lo === lo &&
      last.hi === hi
    if (goesOn) last.end = end
    else turned.push({ level, start, end, lo, hi })
  }

  /** The bits of one entry that are not as they were when the call began. */
  of(op: number, level: LevelName, page: number): { readonly lo: number; readonly hi: number } {
    let lo = 0
    let hi = 0
    for (const t of this.#byOp.get(op) ?? []) {
      if (t.level !== level || page < t.start || page >= t.end) continue
      lo ^= t.lo
      hi ^= t.hi
    }
    return { lo, hi }
  }

  /** Where entries are not as they were when the call began, and how many; it is forgotten with that. */
  take(op: number, sizes: PageSizes): { readonly ranges: RangeList; readonly entries: number } {
    const ranges = new RangeList()
    let entries = 0
    const turned = this.#byOp.get(op) ?? []
    this.#byOp.delete(op)
    for (const level of new Set(turned.map((t) => t.level))) {
      // Each begins to count where it starts and ends to where it ends: turned once more.
      const edges = turned
        .filter((t) => t.level === level)
        .flatMap(({ start, end, lo, hi }) => [
          { at: start, lo, hi },
          { at: end, lo, hi },
        ])
        .toSorted((a, b) => a.at - b.at)
      let lo = 0
      let hi = 0
      for (const [i, edge] of edges.entries()) {
        lo ^= edge.lo
        hi ^= edge.hi
        const next = edges[i + 1]?.at ?? edge.at
        if ((lo | hi) === 0 || next === edge.at) continue
        ranges.add(edge.at, next)
        entries += (next - edge.at) / sizes.of(level)
      }
    }
    return { ranges, entries }
  }

  /** The call has ended, and nobody asks what it has turned. */
  forget(op: number): void {
    this.#byOp.delete(op)
  }

  clear(): void {
    this.#byOp.clear()
  }
}
