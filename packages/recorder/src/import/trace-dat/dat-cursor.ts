import { InputError } from '@pagetrail/engine'
import type { ByteSource } from './byte-source.ts'
import { decodeUtf8 } from '../bytes/utf8.ts'

/** Nothing in a trace.dat but its events is longer: formats, symbols, options. */
const MAX_PART = 1 << 28

/** Reads the parts of a trace.dat one after another, in its byte order. */
export class DatCursor {
  at: number
  readonly little: boolean
  readonly #source: ByteSource

  constructor(source: ByteSource, at: number, little: boolean) {
    this.#source = source
    this.at = at
    this.little = little
  }

  get left(): number {
    return this.#source.size - this.at
  }

  u8(): number {
    return this.bytes(1)[0]!
  }

  u16(): number {
    return this.#view(2).getUint16(0, this.little)
  }

  u32(): number {
    return this.#view(4).getUint32(0, this.little)
  }

  /** A size or an offset: InputError where it is more than any file has. */
  u64(): number {
    const value = Number(this.#view(8).getBigUint64(0, this.little))
    if (value > Number.MAX_SAFE_INTEGER)
      throw new InputError(`expected a size at byte ${this.at - 8}, found ${value}`)
    return value
  }

  bytes(length: number): Uint8Array {
    if (length > MAX_PART)
      throw new InputError(`a part of ${length} bytes at byte ${this.at} is not plausible`)
    const bytes = this.#source.read(this.at, length)
    this.at += length
    return bytes
  }

  text(length: number): string {
    return decodeUtf8(this.bytes(length))
  }

  /** Text that ends in a zero byte. */
  string(max = 4096): string {
    const bytes: number[] = []
    for (;;) {
      const byte = this.u8()
      if (byte === 0) return decodeUtf8(Uint8Array.from(bytes))
      if (bytes.push(byte) > max)
        throw new InputError(`expected a name at byte ${this.at - max}, found no end of it`)
    }
  }

  /** A fixed word of the format. */
  expect(word: string): void {
    const at = this.at
    const found = this.text(word.length)
    if (found !== word)
      throw new InputError(`expected ${JSON.stringify(word)} at byte ${at} of the trace.dat`)
  }

  #view(length: number): DataView {
    const bytes = this.bytes(length)
    return new DataView(bytes.buffer, bytes.byteOffset, length)
  }
}
