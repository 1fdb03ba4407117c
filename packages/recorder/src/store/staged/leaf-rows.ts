import { AUX, type Batch, NEW, NONE, OLD, SIZE, VA } from '../../event/batch.ts'
import {
  INT,
  INTERIOR,
  INTERIOR_HEADER,
  LEAF,
  LEAF_HEADER,
  MOST_SMALL,
  NULL,
  ONE,
  TEXT,
  ZERO,
} from './file-format.ts'

/** Where the header of a database ends, in its first page. */
const FILE_HEADER = 100
/** How many bytes an integer of each type has; 0: it is another type. */
const SIZES = new Uint8Array(256)
for (const [size, type] of INT.entries()) if (type !== 0) SIZES[type] = size
const TWO_32 = 0x1_0000_0000

/**
 * Rows of table `event` taken from the image of a database in SQLite's file format (sqlite.org/fileformat2.html) into a
 * batch: what {@link RowImage} does, backwards. Handing a row's values to JavaScript one by one takes twice as long.
 */
export class LeafRows {
  readonly #image: Buffer
  readonly #pageSize: number
  /** Bytes of a page that SQLite uses. */
  readonly #usable: number
  readonly #batch: Batch
  /** The rowid that the next row has. */
  #id: number
  /** Where the type and the value of the next column are. */
  #type = 0
  #at = 0
  /** The number that was read last: its low word, and its high word with the sign. */
  #lo = 0
  #high = 0
  /** All values so far were such as a batch holds. */
  #fits = true

  /** `id`: the rowid of the first row. */
  constructor(image: Buffer, batch: Batch, id: number) {
    const size = (image[16]! << 8) | image[17]!
    this.#image = image
    this.#pageSize = size === 1 ? 65_536 : size
    this.#usable = this.#pageSize - image[20]!
    this.#batch = batch
    this.#id = id
  }

  /**
   * Appends all rows of the table with this root page. False where they are not numbered one after the other, are more
   * than the batch has room for, or hold what a batch or a page does not: they are to be read otherwise.
   */
  append(root: number): boolean {
    const start = (root - 1) * this.#pageSize
    if (start + this.#pageSize > this.#image.length) return false
    const header = start + (root === 1 ? FILE_HEADER : 0)
    const image = this.#image
    const cells = this.#two(header + 3)
    if (image[header] === LEAF) {
      for (let n = 0, at = header + LEAF_HEADER; n < cells; n++, at += 2)
        if (!this.#row(start + this.#two(at))) return false
      return true
    }
    if (image[header] !== INTERIOR) return false
    for (let n = 0, at = header + INTERIOR_HEADER; n < cells; n++, at += 2)
      if (!this.append(this.#four(start + this.#two(at)))) return false
    return this.append(this.#four(header + 8))
  }

  #row(cell: number): boolean {
    const batch = this.#batch
    if (batch.length === batch.capacity) return false
    this.#at = cell
    const length = this.#varint()
    if (length > this.#usable - MOST_SMALL || this.#varint() !== this.#id++) return false
    const payload = this.#at
    const header = this.#image[payload]!
    // A longer header has texts that no event has, or less columns than the table.
    if (header >= 0x80) return false
    this.#type = payload + 1
    this.#at = payload + header
    const i = batch.length++
    this.#columns(batch, i)
    return this.#fits && this.#type === payload + header && this.#at === payload + length
  }

  /** In the order of the table. */
  #columns(batch: Batch, i: number): void {
    if (this.#next()) this.#fits = false
    batch.ts[i] = this.#time()
    batch.cpu[i] = this.#whole(0xffff)
    batch.task[i] = this.#orNone(0x7fff_ffff)
    batch.op[i] = this.#orNone(0x7fff_ffff)
    batch.nest[i] = this.#whole(0xffff)
    batch.kind[i] = this.#whole(0xff)
    batch.level[i] = this.#orNone(0x7f)
    batch.fn[i] = this.#orNone(0x7fff_ffff)
    batch.present[i] = 0
    this.#word(batch, i, VA)
    this.#word(batch, i, SIZE)
    this.#word(batch, i, OLD)
    this.#word(batch, i, NEW)
    this.#word(batch, i, AUX)
    batch.hasRet[i] = this.#next() ? 1 : 0
    if (batch.hasRet[i] === 1 && this.#high !== this.#lo >> 31) this.#fits = false
    batch.ret[i] = batch.hasRet[i] === 1 ? this.#lo : 0
    batch.extra[i] = this.#text()
    const more = this.#text()
    if (more !== null) batch.more.set(i, more)
  }

  #word(batch: Batch, i: number, column: number): void {
    if (this.#next()) batch.setWord(i, column, this.#lo, this.#high)
  }

  /** ns, or NONE. */
  #time(): number {
    if (!this.#next()) return NONE
    const ns = this.#high * TWO_32 + (this.#lo >>> 0)
    if (!Number.isSafeInteger(ns) || ns === NONE) this.#fits = false
    return ns
  }

  /** A signed number up to `most`, or NONE. */
  #orNone(most: number): number {
    if (!this.#next()) return NONE
    const value = this.#lo
    if (this.#high !== value >> 31 || value === NONE || value > most || value < ~most)
      this.#fits = false
    return value
  }

  /** A number from 0 to `most`. */
  #whole(most: number): number {
    if (!this.#next() || this.#high !== 0 || this.#lo < 0 || this.#lo > most) this.#fits = false
    return this.#lo
  }

  /** Whether the next column holds a number, which is then read; else it is NULL, or a value that does not fit. */
  #next(): boolean {
    const image = this.#image
    const type = image[this.#type++]!
    const size = SIZES[type]!
    if (size === 0) {
      if (type === ZERO || type === ONE) {
        this.#lo = type - ZERO
        this.#high = 0
        return true
      }
      if (type !== NULL) this.#fits = false
      return false
    }
    let at = this.#at
    const first = (image[at++]! << 24) >> 24
    if (size <= 4) {
      let value = first
      for (let n = 1; n < size; n++) value = (value << 8) | image[at++]!
      this.#lo = value
      this.#high = value >> 31
    } else {
      let high = first
      for (let n = 5; n < size; n++) high = (high << 8) | image[at++]!
      this.#high = high
      this.#lo = this.#four(at) | 0
      at += 4
    }
    this.#at = at
    return true
  }

  #text(): string | null {
    const image = this.#image
    if (image[this.#type] === NULL) {
      this.#type++
      return null
    }
    const at = this.#at
    this.#at = this.#type
    const type = this.#varint()
    this.#type = this.#at
    const bytes = (type - TEXT) / 2
    this.#at = at + bytes
    if (bytes >= 0 && Number.isInteger(bytes)) return image.toString('utf8', at, this.#at)
    this.#fits = false
    return null
  }

  /** SQLite's variable-length integer; one of nine bytes is too large to be asked for here, and gives NaN. */
  #varint(): number {
    const image = this.#image
    let value = 0
    for (let n = 0; n < 8; n++) {
      const byte = image[this.#at++]!
      value = value * 128 + (byte & 0x7f)
      if (byte < 0x80) return value
    }
    return Number.NaN
  }

  #two(at: number): number {
    return (this.#image[at]! << 8) | this.#image[at + 1]!
  }

  #four(at: number): number {
    return ((this.#two(at) << 16) | this.#two(at + 2)) >>> 0
  }
}
