import { ByteTable, hashBytes } from '../bytes/byte-table.ts'
import { Literal } from '../bytes/literal.ts'
import type { MetProbe } from '../translate/probe-table.ts'
import type { FieldLayout } from './field-layout.ts'

const OPEN = 0x28
const CLOSE = 0x29
/** More are not kept: a kernel's probes have a few hundred. */
const MOST = 4_096

/** What follows the time in lines of an event from one place: ` name: (place)`. */
export interface Opening {
  readonly text: Literal
  readonly probe: MetProbe
  /** Where the place begins. */
  readonly rest: number
  /** What came behind it; null: not known, or written in another way. */
  layout: FieldLayout | null
  /** How often that was looked at. */
  looked: number
  /** Those that came after it on its CPU, the last one first. */
  next: Opening | null
  other: Opening | null
}

/**
 * The openings that were met. Each is expected after the one after which it came before: most lines are the next step
 * of the same function, and to compare them takes a fifth of the time that it takes to find their parts.
 */
export class Openings {
  readonly #known = new ByteTable<Opening>()
  /** By CPU. */
  readonly #last: (Opening | undefined)[] = []

  /** One that was expected and stands there. */
  at(view: DataView, at: number, end: number, cpu: number): Opening | null {
    const before = this.#last[cpu]
    if (before === undefined) return null
    let found = before.next
    if (found === null || !found.text.isAt(view, at, end)) {
      found = before.other
      if (found === null || !found.text.isAt(view, at, end)) return null
      before.other = before.next
      before.next = found
    }
    this.#last[cpu] = found
    return found
  }

  /** Expects from now on what a line has from `at` on, whose place is at `rest`; null where none is there. */
  learn(
    probe: MetProbe,
    cpu: number,
    bytes: Uint8Array,
    at: number,
    rest: number,
    end: number,
  ): Opening | null {
    const close = endOfPlace(bytes, rest, end)
    if (close < 0) return null
    const hash = hashBytes(bytes, at, close)
    let opening = this.#known.find(bytes, at, close, hash)
    if (!opening) {
      if (this.#known.size === MOST) return null
      const text = new Literal(bytes.subarray(at, close))
      opening = { text, probe, rest: rest - at, layout: null, looked: 0, next: null, other: null }
      this.#known.add(bytes, at, close, hash, opening)
    }
    const before = this.#last[cpu]
    this.#last[cpu] = opening
    if (before && before.next !== opening) {
      before.other = before.next
      before.next = opening
    }
    return opening
  }
}

/** Where the place that begins at `rest` ends; -1 where none does. */
function endOfPlace(bytes: Uint8Array, rest: number, end: number): number {
  if (bytes[rest] !== OPEN) return -1
  for (let p = rest; p < end; p++) if (bytes[p] === CLOSE) return p + 1
  return -1
}
