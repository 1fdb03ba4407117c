import { type Batch, NONE } from '../../event/batch.ts'
import { COLUMN_NAMES } from '../../event/event-columns.ts'
import { INT, NULL, ONE, TEXT, ZERO } from './file-format.ts'
import { putVarint, TablePages, varintSize } from './table-pages.ts'

/** Bytes of a record's header: its own size, and a type for each column; texts may need more. */
const HEADER = 1 + COLUMN_NAMES.length
/** A row without texts is shorter: nine numbers of four bytes, six of eight, types and lengths. */
const MOST_ROW = 160
const TWO_32 = 0x1_0000_0000

/**
 * The rows of a batch as leaves of a table in SQLite's file format (sqlite.org/fileformat2.html): its transfer
 * optimisation copies them as they are, where binding seventeen values a row costs three times all the rest.
 */
export class RowImage {
  #bytes = Buffer.alloc(1 << 20)
  #offsets = new Uint32Array()
  readonly #pages = new TablePages()
  readonly #key = new RowKey()
  #at = 0

  /**
   * Pages 2 … of a database, the first of them the root of the table; row 0 gets rowid `base`. They are valid until the
   * next batch. Null where a row is too long for a page.
   */
  pages(batch: Batch, base: number): Uint8Array | null {
    if (this.#offsets.length <= batch.length) this.#offsets = new Uint32Array(batch.length + 1)
    const offsets = this.#offsets.subarray(0, batch.length + 1)
    this.#at = 0
    this.#key.set(base)
    for (let i = 0; i < batch.length; i++) {
      offsets[i] = this.#at
      this.#row(batch, i)
      this.#key.next()
    }
    offsets[batch.length] = this.#at
    return this.#pages.of(this.#bytes, offsets, base)
  }

  #row(batch: Batch, i: number): void {
    const extra = batch.extra[i] ?? null
    const more = batch.more.size === 0 ? null : (batch.more.get(i) ?? null)
    if (extra !== null || more !== null) return this.#rowWithTexts(batch, i, extra, more)
    this.#room(MOST_ROW)
    const bytes = this.#bytes
    // Sizes up to 127 have one byte, and so have rows without texts, nearly all.
    const start = this.#at
    const payload = start + 1 + this.#key.size
    bytes[payload] = HEADER
    const end = putColumns(bytes, payload + 1, payload + HEADER, batch, i)
    bytes[payload + HEADER - 2] = NULL
    bytes[payload + HEADER - 1] = NULL
    this.#close(start, payload, end)
  }

  #rowWithTexts(batch: Batch, i: number, extra: string | null, more: string | null): void {
    const extraBytes = extra === null ? 0 : Buffer.byteLength(extra)
    const moreBytes = more === null ? 0 : Buffer.byteLength(more)
    this.#room(MOST_ROW + extraBytes + moreBytes)
    const bytes = this.#bytes
    const start = this.#at
    const payload = start + 1 + this.#key.size
    const extraType = extra === null ? NULL : TEXT + 2 * extraBytes
    const moreType = more === null ? NULL : TEXT + 2 * moreBytes
    const header = HEADER - 2 + varintSize(extraType) + varintSize(moreType)
    bytes[payload] = header
    let end = putColumns(bytes, payload + 1, payload + header, batch, i)
    putVarint(bytes, putVarint(bytes, payload + HEADER - 2, extraType), moreType)
    if (extra !== null) end += bytes.write(extra, end)
    if (more !== null) end += bytes.write(more, end)
    this.#close(start, payload, end)
  }

  /** Puts the length of the row and its key before it; a longer row is moved for that. */
  #close(start: number, payload: number, end: number): void {
    const bytes = this.#bytes
    const length = end - payload
    this.#at = end
    if (length < 128) {
      bytes[start] = length
      this.#key.put(bytes, start + 1)
      return
    }
    const longer = varintSize(length) - 1
    bytes.copyWithin(payload + longer, payload, end)
    this.#at += longer
    this.#key.put(bytes, putVarint(bytes, start, length))
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.max(2 * this.#bytes.length, this.#at + bytes))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

/** Rowids one after the other, as they are written: to count up is less than to write each anew. */
class RowKey {
  readonly #bytes = new Uint8Array(9)
  #value = 0
  size = 0

  set(value: number): void {
    this.#value = value
    this.size = putVarint(this.#bytes, 0, value)
  }

  next(): void {
    this.#value++
    const last = this.size - 1
    if ((this.#bytes[last]! & 0x7f) === 0x7f) this.set(this.#value)
    else this.#bytes[last]!++
  }

  put(bytes: Uint8Array, at: number): void {
    for (let i = 0; i < this.size; i++) bytes[at + i] = this.#bytes[i]!
  }
}

/**
 * All columns of a row but the texts, in the order of the table: their types from `types` on, their values from `at`
 * on; where these end.
 */
function putColumns(bytes: Uint8Array, types: number, at: number, batch: Batch, i: number): number {
  // The rowid is the key.
  bytes[types] = NULL
  let end = putTime(bytes, types + 1, at, batch.ts[i]!)
  end = putInt(bytes, types + 2, end, batch.cpu[i]!)
  end = putOrNull(bytes, types + 3, end, batch.task[i]!)
  end = putOrNull(bytes, types + 4, end, batch.op[i]!)
  end = putInt(bytes, types + 5, end, batch.nest[i]!)
  end = putInt(bytes, types + 6, end, batch.kind[i]!)
  end = putOrNull(bytes, types + 7, end, batch.level[i]!)
  end = putOrNull(bytes, types + 8, end, batch.fn[i]!)
  const { words } = batch
  let present = batch.present[i]!
  let type = types + 9
  for (let word = i * 10; word < i * 10 + 10; word += 2, type++) {
    if ((present & 1) === 0) bytes[type] = NULL
    else end = putLong(bytes, type, end, words[word]!, words[word + 1]! | 0)
    present >>= 1
  }
  if (batch.hasRet[i] === 1) return putInt(bytes, type, end, batch.ret[i]!)
  bytes[type] = NULL
  return end
}

function putOrNull(bytes: Uint8Array, type: number, at: number, value: number): number {
  if (value !== NONE) return putInt(bytes, type, at, value)
  bytes[type] = NULL
  return at
}

/** ns, exact below 2^53. */
function putTime(bytes: Uint8Array, type: number, at: number, ns: number): number {
  if (ns === NONE) return putOrNull(bytes, type, at, NONE)
  if (ns === (ns | 0)) return putInt(bytes, type, at, ns)
  return putLong(bytes, type, at, ns % TWO_32, Math.floor(ns / TWO_32))
}

/** A signed number of 32 bits: its type, and its value at `at`; where that ends, as below. */
function putInt(bytes: Uint8Array, type: number, at: number, value: number): number {
  if (value === 0 || value === 1) {
    bytes[type] = value === 0 ? ZERO : ONE
    return at
  }
  let end = at
  let size = 1
  if ((value << 24) >> 24 !== value) {
    size = (value << 16) >> 16 === value ? 2 : (value << 8) >> 8 === value ? 3 : 4
    if (size > 3) bytes[end++] = value >> 24
    if (size > 2) bytes[end++] = value >> 16
    bytes[end++] = value >> 8
  }
  bytes[end++] = value
  bytes[type] = INT[size]!
  return end
}

/** A signed number of 64 bits: its low word, and its high word with the sign. */
function putLong(bytes: Uint8Array, type: number, at: number, lo: number, high: number): number {
  if (high === (lo | 0) >> 31) return putInt(bytes, type, at, lo | 0)
  const size = (high << 16) >> 16 === high ? 6 : 8
  bytes[type] = INT[size]!
  let end = at
  if (size === 8) {
    bytes[end++] = high >> 24
    bytes[end++] = high >> 16
  }
  bytes[end++] = high >> 8
  bytes[end++] = high
  bytes[end++] = lo >>> 24
  bytes[end++] = lo >>> 16
  bytes[end++] = lo >>> 8
  bytes[end++] = lo
  return end
}
