import { endianness } from 'node:os'

/** Of the `-wal`: its header, and that of each frame, which a page follows. Numbers are big-endian. */
const [HEADER, FRAME_HEADER] = [32, 24]
/** The lowest bit of the first number says in which order of bytes the sums read words. */
const [MAGIC, VERSION] = [0x377f_0682, 3_007_000]
const [MIN_PAGE, MAX_PAGE] = [512, 65_536]

/**
 * The database as SQLite would read it: its file, and over it the pages that the transactions in its `-wal` have
 * written, up to the last whole one. For a place where SQLite itself cannot: it wants to make `-shm` there, an index
 * of the `-wal`. Form and rules are those of sqlite.org/fileformat2.html#walformat and of `walIndexRecover()`.
 *
 * Writes into the buffer of the file where that is large enough. A text says why there is no image: it would have more
 * than `limit` bytes, or SQLite would refuse the version too.
 */
export function withWal(file: Buffer, wal: Buffer, limit: number): Buffer | string {
  const found = wholeFrames(wal)
  if (!found) return file
  if (typeof found === 'string') return found
  const { pageSize, frames, pages } = found
  const size = pages * pageSize
  if (size > limit) return `with its -wal it has ${size} bytes, too many for memory`
  const image = size <= file.length ? file.subarray(0, size) : Buffer.concat([file], size)
  for (const at of frames) {
    const page = wal.readUInt32BE(at)
    // The file may have shrunk since.
    if (page > pages) continue
    wal.copy(image, (page - 1) * pageSize, at + FRAME_HEADER, at + FRAME_HEADER + pageSize)
  }
  return image
}

interface Frames {
  readonly pageSize: number
  /** Where they begin, in the order in which they were written. */
  readonly frames: readonly number[]
  /** Of the database, after the last of them. */
  readonly pages: number
}

/** The frames of whole transactions; undefined: there is none. */
function wholeFrames(wal: Buffer): Frames | string | undefined {
  if (wal.length < HEADER) return undefined
  const [magic, pageSize] = [wal.readUInt32BE(0), wal.readUInt32BE(8)]
  if ((magic & ~1) !== MAGIC || !isPageSize(pageSize)) return undefined
  const sum = new Checksum(wal, (magic & 1) === 1)
  if (!sum.add(0, HEADER - 8).isAt(HEADER - 8)) return undefined
  const version = wal.readUInt32BE(4)
  if (version !== VERSION) return `its -wal is of an unknown version, ${version}`
  const frames: number[] = []
  let [whole, pages] = [0, 0]
  for (let at = HEADER; at + FRAME_HEADER + pageSize <= wal.length; at += FRAME_HEADER + pageSize) {
    if (wal.readUInt32BE(at) === 0 || wal.compare(wal, 16, 24, at + 8, at + 16) !== 0) break
    if (
      !sum
        .add(at, 8)
        .add(at + FRAME_HEADER, pageSize)
        .isAt(at + 16)
    )
      break
    frames.push(at)
    const size = wal.readUInt32BE(at + 4)
    if (size > 0) [whole, pages] = [frames.length, size]
  }
  return whole === 0 ? undefined : { pageSize, frames: frames.slice(0, whole), pages }
}

const isPageSize = (size: number): boolean =>
  size >= MIN_PAGE && size <= MAX_PAGE && (size & (size - 1)) === 0

/** SQLite's: of pairs of words, each chained to all before it. */
class Checksum {
  readonly #bytes: Buffer
  readonly #words: Uint32Array
  readonly #swap: boolean
  #a = 0
  #b = 0

  constructor(bytes: Buffer, bigEndian: boolean) {
    // Every place that is summed is a multiple of eight from the start.
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer)
    this.#bytes = bytes
    this.#words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
    this.#swap = bigEndian !== (endianness() === 'BE')
  }

  add(from: number, length: number): this {
    const words = this.#words
    let [a, b] = [this.#a, this.#b]
    for (let i = from >> 2, end = (from + length) >> 2; i < end; i += 2) {
      a = (a + this.#word(words[i]!) + b) | 0
      b = (b + this.#word(words[i + 1]!) + a) | 0
    }
    ;[this.#a, this.#b] = [a, b]
    return this
  }

  #word(word: number): number {
    if (!this.#swap) return word
    return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
  }

  /** Whether this is the sum that is written there. */
  isAt(at: number): boolean {
    const bytes = this.#bytes
    return bytes.readUInt32BE(at) === this.#a >>> 0 && bytes.readUInt32BE(at + 4) === this.#b >>> 0
  }
}
