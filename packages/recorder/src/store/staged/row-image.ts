import { type Batch, NONE } from '../../event/batch.ts'
import { COLUMN_NAMES } from '../../event/event-columns.ts'
import { INT, NULL, ONE, TEXT, ZERO } from './file-format.ts'
import { putVarint, TablePages, varintSize } from './table-pages.ts'

/** Bytes of a record's header: its own size, and a type for each column; texts may need more. */
const HEADER = 1 + COLUMN_NAMES.length
/** A row without texts is shorter: nine numbers of four bytes, six of eight, types and lengths. */
const MOST_ROW = 160
const NO_TEXT = new Uint8Array()
const TWO_32 = 0x1_0000_0000

/**
 * The rows of a batch as leaves of a table in SQLite's file format (sqlite.org/fileformat2.html): its transfer
 * optimisation copies them as they are, where binding seventeen values a row costs three times all the rest.
 */
export class RowImage {
  #bytes = new Uint8Array(1 << 20)
  #offsets = new Uint32Array()
  readonly #pages = new TablePages()
  #at = 0
  /** Where the types and the values of the row go. */
  #types = 0

  /**
   * Pages 2 … of a database, the first of them the root of the table; row 0 gets rowid `base`. They are valid until the
   * next batch. Null where a row is too long for a page.
   */
  pages(batch: Batch, base: number): Uint8Array | null {
    if (this.#offsets.length <= batch.length) this.#offsets = new Uint32Array(batch.length + 1)
    const offsets = this.#offsets.subarray(0, batch.length + 1)
    this.#at = 0
    for (let i = 0; i < batch.length; i++) {
      offsets[i] = this.#at
      this.#row(batch, i, base + i)
    }
    offsets[batch.length] = this.#at
    return this.#pages.of(this.#bytes, offsets, base)
  }

  #row(batch: Batch, i: number, id: number): void {
    const extra = batch.extra[i] ?? null
    const more = batch.more.size === 0 ? null : (batch.more.get(i) ?? null)
    const extraBytes = extra === null ? NO_TEXT : Buffer.from(extra)
    const moreBytes = more === null ? NO_TEXT : Buffer.from(more)
    this.#room(MOST_ROW + extraBytes.length + moreBytes.length)
    // Sizes up to 127 have one byte: a longer row is moved when it is there.
    const start = this.#at
    const payload = start + 1 + varintSize(id)
    const header =
      extra === null && more === null
        ? HEADER
        : HEADER - 2 + textTypeSize(extra, extraBytes) + textTypeSize(more, moreBytes)
    this.#bytes[payload] = header
    // The rowid is the key.
    this.#bytes[payload + 1] = NULL
    this.#types = payload + 2
    this.#at = payload + header
    this.#columns(batch, i)
    this.#text(extra, extraBytes)
    this.#text(more, moreBytes)
    this.#close(start, payload, id)
  }

  /** In the order of the table. */
  #columns(batch: Batch, i: number): void {
    this.#time(batch.ts[i]!)
    this.#int(batch.cpu[i]!)
    this.#orNull(batch.task[i]!)
    this.#orNull(batch.op[i]!)
    this.#int(batch.nest[i]!)
    this.#int(batch.kind[i]!)
    this.#orNull(batch.level[i]!)
    this.#orNull(batch.fn[i]!)
    const present = batch.present[i]!
    const at = i * 10
    for (let word = 0; word < 5; word++) {
      if ((present >> word) & 1) {
        this.#long(batch.words[at + 2 * word]!, batch.words[at + 2 * word + 1]! | 0)
      } else this.#bytes[this.#types++] = NULL
    }
    if (batch.hasRet[i] === 1) this.#int(batch.ret[i]!)
    else this.#bytes[this.#types++] = NULL
  }

  #orNull(value: number): void {
    if (value === NONE) this.#bytes[this.#types++] = NULL
    else this.#int(value)
  }

  /** ns, exact below 2^53. */
  #time(ns: number): void {
    if (ns === NONE) this.#bytes[this.#types++] = NULL
    else if (ns === (ns | 0)) this.#int(ns)
    else this.#long(ns % TWO_32, Math.floor(ns / TWO_32))
  }

  /** A signed number of 32 bits. */
  #int(value: number): void {
    const bytes = this.#bytes
    if (value === 0 || value === 1) {
      bytes[this.#types++] = value === 0 ? ZERO : ONE
      return
    }
    const size =
      (value << 24) >> 24 === value
        ? 1
        : (value << 16) >> 16 === value
          ? 2
          : (value << 8) >> 8 === value
            ? 3
            : 4
    bytes[this.#types++] = INT[size]!
    let at = this.#at
    if (size > 3) bytes[at++] = value >> 24
    if (size > 2) bytes[at++] = value >> 16
    if (size > 1) bytes[at++] = value >> 8
    bytes[at++] = value
    this.#at = at
  }

  /** A signed number of 64 bits: its low word, and its high word with the sign. */
  #long(lo: number, high: number): void {
    if (high === (lo | 0) >> 31) return this.#int(lo | 0)
    const bytes = this.#bytes
    const size = (high << 16) >> 16 === high ? 6 : 8
    bytes[this.#types++] = INT[size]!
    let at = this.#at
    if (size === 8) {
      bytes[at++] = high >> 24
      bytes[at++] = high >> 16
    }
    bytes[at++] = high >> 8
    bytes[at++] = high
    bytes[at++] = lo >>> 24
    bytes[at++] = lo >>> 16
    bytes[at++] = lo >>> 8
    bytes[at++] = lo
    this.#at = at
  }

  #text(text: string | null, utf8: Uint8Array): void {
    if (text === null) this.#bytes[this.#types++] = NULL
    else {
      this.#types = putVarint(this.#bytes, this.#types, TEXT + 2 * utf8.length)
      this.#bytes.set(utf8, this.#at)
      this.#at += utf8.length
    }
  }

  /** Puts the length of the row and its key before it. */
  #close(start: number, payload: number, id: number): void {
    const length = this.#at - payload
    const longer = varintSize(length) - 1
    if (longer > 0) {
      this.#bytes.copyWithin(payload + longer, payload, this.#at)
      this.#at += longer
    }
    putVarint(this.#bytes, putVarint(this.#bytes, start, length), id)
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#at + bytes))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

const textTypeSize = (text: string | null, utf8: Uint8Array): number =>
  text === null ? 1 : varintSize(TEXT + 2 * utf8.length)
