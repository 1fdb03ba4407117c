import { InputError } from '@pagetrail/engine'
import { inflateSync, zstdDecompressSync } from 'node:zlib'

/** Unpacks a piece whose size when unpacked is known. */
export type Unpack = (packed: Uint8Array, size: number) => Uint8Array

/** Pieces are some pages, or one section; what claims more is not a trace. */
const MAX_PIECE = 1 << 28

/** The algorithm that a trace.dat names; null for none. */
export function unpacker(algorithm: string): Unpack | null {
  switch (algorithm) {
    case 'none':
    case '':
      return null
    case 'zstd':
      return (packed, size) => checked(size, (max) => zstdDecompressSync(packed, max))
    case 'zlib':
      return (packed, size) => checked(size, (max) => inflateSync(packed, max))
    default:
      throw new InputError(
        `packed by ${JSON.stringify(algorithm)}; zstd and zlib are read: convert it with trace-cmd convert`,
      )
  }
}

function checked(
  size: number,
  unpack: (options: { maxOutputLength: number }) => Uint8Array,
): Uint8Array {
  if (size > MAX_PIECE) throw new InputError(`a packed piece of ${size} bytes is not plausible`)
  let bytes: Uint8Array
  try {
    bytes = unpack({ maxOutputLength: Math.max(size, 1) })
  } catch (error) {
    throw new InputError('packed data is damaged', { cause: error })
  }
  if (bytes.length !== size)
    throw new InputError(`packed data is damaged: ${bytes.length} bytes instead of ${size}`)
  return bytes
}
