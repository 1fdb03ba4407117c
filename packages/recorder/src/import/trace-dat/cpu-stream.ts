import { InputError } from '@pagetrail/engine'
import { DatCursor } from './dat-cursor.ts'
import type { CpuData, DatBuffer, DatFile } from './dat-layout.ts'
import type { PageLayout } from './event-format.ts'
import { RingPage } from './ring-page.ts'

/** More pieces than a file of pages can have. */
const MAX_CHUNKS = 1 << 24

/** The records of one CPU in order: its pages, unpacked as they are needed. */
export class CpuStream {
  readonly cpu: number
  readonly page: RingPage
  /** At the end. */
  done = false
  /** Bytes of the file that have been read. */
  read = 0
  readonly #pages: Generator<Uint8Array>

  constructor(file: DatFile, buffer: DatBuffer, data: CpuData, layout: PageLayout, base: bigint) {
    this.cpu = data.cpu
    this.page = new RingPage(layout, file.little, base)
    this.#pages = this.#readPages(file, buffer.pageSize, data)
  }

  /** Moves to the next record, through pages that have none. False at the end; `onPage` at each page. */
  next(onPage: (stream: CpuStream) => void): boolean {
    while (!this.page.next()) {
      const { value } = this.#pages.next()
      if (!value) {
        this.done = true
        return false
      }
      this.page.open(value)
      onPage(this)
    }
    return true
  }

  *#readPages(file: DatFile, pageSize: number, data: CpuData): Generator<Uint8Array> {
    for (const piece of this.#readPieces(file, data)) {
      if (piece.length % pageSize !== 0)
        throw new InputError(
          `expected whole pages of ${pageSize} bytes of CPU ${data.cpu}, found ${piece.length} bytes`,
        )
      for (let at = 0; at < piece.length; at += pageSize) yield piece.subarray(at, at + pageSize)
    }
  }

  *#readPieces(file: DatFile, { cpu, offset, size }: CpuData): Generator<Uint8Array> {
    if (size === 0) return
    const cursor = new DatCursor(file.source, offset, file.little)
    if (!file.unpack) {
      const step = 1 << 20
      for (let left = size; left > 0; left -= step) {
        const bytes = cursor.bytes(Math.min(step, left))
        this.read += bytes.length
        yield bytes
      }
      return
    }
    const chunks = cursor.u32()
    if (chunks > MAX_CHUNKS) throw new InputError(`expected pieces of CPU ${cpu}, found ${chunks}`)
    for (let i = 0; i < chunks; i++) {
      const packed = cursor.u32()
      const plain = cursor.u32()
      this.read += packed
      yield file.unpack(cursor.bytes(packed), plain)
    }
  }
}

/** Time of a CPU's first page, or null where it has none. */
export function firstTime(file: DatFile, buffer: DatBuffer, data: CpuData): bigint | null {
  if (data.size === 0) return null
  const cursor = new DatCursor(file.source, data.offset, file.little)
  let page: Uint8Array
  if (file.unpack) {
    if (cursor.u32() === 0) return null
    const packed = cursor.u32()
    const plain = cursor.u32()
    page = file.unpack(cursor.bytes(packed), plain)
  } else page = cursor.bytes(Math.min(buffer.pageSize, data.size))
  if (page.length < 8) throw new InputError(`the first page of CPU ${data.cpu} is cut short`)
  return new DataView(page.buffer, page.byteOffset, 8).getBigUint64(0, file.little)
}
