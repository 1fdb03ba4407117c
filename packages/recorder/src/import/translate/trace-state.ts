import type { EventSink } from '../../event/event-sink.ts'
import { STOCK_GEOMETRY } from '../../event/run.ts'
import { EventRows } from './event-rows.ts'
import { ProbeSites } from './probe-sites.ts'

export interface TraceStateOptions {
  /** The trace is known to hold each of its events: what its header counts has been found before. */
  readonly whole?: boolean
  /** 12, 14 or 16: size of a page of the traced kernel, where the user says it; else what the trace shows, or 12. */
  readonly pageShift?: number | undefined
}

/** What the events of a trace have shown so far: what makes their rows looks there, and notes there. */
export class TraceState {
  readonly rows: EventRows
  pageShift: number
  /** A store probe has been hit: writes need not be inferred from the callbacks. */
  storesSeen = false
  /** In which functions stores and instructions were shown. */
  readonly sites = new ProbeSites()
  /** The last row of a store, counted from the first of all rows. */
  lastStore = -1
  /** A write was inferred. */
  inferred = false
  /** Writes that were not, because they would not follow from their masks: lines between may be lost. */
  doubtful = 0
  /** The trace is known to hold each of its events. */
  readonly whole: boolean
  /** A kernel address was seen; one of which bits 51..48 were not all set, as only 52-bit kernels have. */
  addressSeen = false
  va52 = false
  /** A kernel address with bit 47 clear was seen: the kernel has at least 48 bits. */
  va48 = false
  /** Lazy MMU probes showed a count (7.x), or the flag of the thread (6.16 to 6.18). */
  lazyCounted = false
  lazyFlagged = false
  /** Entries were made invalid or valid with PTE_PRESENT_INVALID (7.x), or without; null: neither was seen. */
  presentInvalid: boolean | null = null
  /** What a marker `wl: begin NAME` named. */
  workload: string | null = null
  readonly #pagesGiven: boolean

  constructor(sink: EventSink, { pageShift, whole }: TraceStateOptions) {
    this.rows = new EventRows(sink)
    this.pageShift = pageShift ?? STOCK_GEOMETRY.pageShift
    this.#pagesGiven = pageShift !== undefined
    this.whole = whole ?? false
  }

  /** What the capture itself says of its kernel, before its events. */
  learn(facts: ReadonlyMap<string, readonly string[]>): void {
    this.guessPageShift(Math.log2(Number(facts.get('page-size')?.[0])))
  }

  /** A page size that the trace shows; the user's word goes before it. */
  guessPageShift(shift: number | null): void {
    if (this.#pagesGiven) return
    if (shift === 12 || shift === 14 || shift === 16) this.pageShift = shift
  }
}
