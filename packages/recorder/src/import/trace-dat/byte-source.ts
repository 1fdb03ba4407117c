import { InputError } from '@pagetrail/engine'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Bytes that can be read anywhere. */
export interface ByteSource {
  readonly size: number
  /** InputError where the source ends before. */
  read(offset: number, length: number): Uint8Array
  close(): void
}

/** A file, of which only what is needed is read. */
export class FileSource implements ByteSource {
  readonly size: number
  readonly #fd: number

  constructor(path: string) {
    this.#fd = openSync(path, 'r')
    this.size = fstatSync(this.#fd).size
  }

  read(offset: number, length: number): Uint8Array {
    checkInside(this.size, offset, length)
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length;) {
      const n = readSync(this.#fd, bytes, done, length - done, offset + done)
      if (n === 0) throw cutShort(offset + done)
      done += n
    }
    return bytes
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** What came from a pipe, or was packed. */
export class MemorySource implements ByteSource {
  readonly size: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.size = bytes.length
  }

  read(offset: number, length: number): Uint8Array {
    checkInside(this.size, offset, length)
    return this.#bytes.subarray(offset, offset + length)
  }

  close(): void {}
}

function checkInside(size: number, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > size) throw cutShort(offset)
}

const cutShort = (offset: number): InputError =>
  new InputError(`expected more data at byte ${offset}: the file is cut short or damaged`)
