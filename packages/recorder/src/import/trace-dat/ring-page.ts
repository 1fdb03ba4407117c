import { InputError } from '@pagetrail/engine'
import type { PageLayout } from './event-format.ts'

/** Types of a record's header beyond its length. */
const PADDING = 29
const TIME_EXTEND = 30
const TIME_STAMP = 31

/** Of the commit word: bytes of data, and what else it says. */
const COMMIT_MASK = 0x7ff_ffff
const MISSED_EVENTS = 0x8000_0000
const MISSED_STORED = 0x4000_0000
const TWO_27 = 0x800_0000
const TWO_32 = 0x1_0000_0000

/**
 * One page of the kernel's ring buffer (include/linux/ring_buffer.h): a time, the number of bytes used, then records
 * with a header of 5 bits of type and 27 bits of time since the one before. {@link next} allocates nothing.
 */
export class RingPage {
  /** The record: bytes [start, end) of `view`. */
  start = 0
  end = 0
  /** ns of the record after `base`. */
  time = 0
  view: DataView = new DataView(new ArrayBuffer(0))
  /** Events that were lost before this page; null: an unknown number of them. */
  lost: number | null = 0
  readonly #layout: PageLayout
  readonly #little: boolean
  readonly #base: bigint
  #pageTime = 0n
  #at = 0
  #limit = 0

  /** `base`: what times are relative to. */
  constructor(layout: PageLayout, little: boolean, base: bigint) {
    this.#layout = layout
    this.#little = little
    this.#base = base
  }

  /** Begins a page. */
  open(page: Uint8Array): void {
    const { commitOffset, commitSize, dataOffset } = this.#layout
    if (page.length < dataOffset) throw new InputError('a page of the ring buffer is cut short')
    this.view = new DataView(page.buffer, page.byteOffset, page.length)
    this.#pageTime = this.view.getBigUint64(0, this.#little)
    this.time = Number(this.#pageTime - this.#base)
    // Of a long the low half is what counts.
    const low = this.#little || commitSize === 4 ? commitOffset : commitOffset + 4
    const commit = this.view.getUint32(low, this.#little)
    this.#at = dataOffset
    this.#limit = dataOffset + (commit & COMMIT_MASK)
    if (this.#limit > page.length)
      throw new InputError(
        `a page of the ring buffer claims ${this.#limit} bytes of ${page.length}`,
      )
    this.lost = (commit & MISSED_EVENTS) === 0 ? 0 : this.#missed(commit, commitSize, page.length)
  }

  /** Moves to the next record; false at the end of the page. */
  next(): boolean {
    while (this.#at + 4 <= this.#limit) {
      const at = this.#at
      const header = this.view.getUint32(at, this.#little)
      const type = this.#little ? header & 31 : header >>> 27
      const delta = this.#little ? header >>> 5 : header & (TWO_27 - 1)
      if (type === PADDING && delta === 0) break
      if (type === TIME_EXTEND || type === TIME_STAMP) {
        this.#turnTime(type, delta, this.#word(at + 4))
        this.#at = at + 8
        continue
      }
      this.time += delta
      if (type === PADDING) {
        this.#at = this.#checked(at + 4 + this.#word(at + 4))
        continue
      }
      this.start = type === 0 ? at + 8 : at + 4
      const length = type === 0 ? this.#word(at + 4) - 4 : type * 4
      if (length < 0) throw new InputError('a record of the ring buffer has no length')
      this.end = this.#checked(this.start + length)
      this.#at = (this.end + 3) & ~3
      return true
    }
    return false
  }

  #turnTime(type: number, delta: number, high: number): void {
    if (type === TIME_EXTEND) this.time += high * TWO_27 + delta
    else {
      // 59 bits of the time itself; the rest is the page's.
      const low = BigInt(high) * BigInt(TWO_27) + BigInt(delta)
      this.time = Number(((this.#pageTime >> 59n) << 59n) + low - this.#base)
    }
  }

  #word(at: number): number {
    if (at + 4 > this.#limit) throw new InputError('a record of the ring buffer is cut short')
    return this.view.getUint32(at, this.#little)
  }

  #checked(end: number): number {
    if (end > this.#limit)
      throw new InputError('a record of the ring buffer is longer than its page')
    return end
  }

  /** The number lost is kept behind the data, where there was room for it. */
  #missed(commit: number, size: number, length: number): number | null {
    if ((commit & MISSED_STORED) === 0 || this.#limit + size > length) return null
    const low = this.view.getUint32(this.#limit, this.#little)
    if (size === 4) return low
    const other = this.view.getUint32(this.#limit + 4, this.#little)
    return this.#little ? other * TWO_32 + low : low * TWO_32 + other
  }
}
