import { InputError } from '@pagetrail/engine'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'

import {
  abortable,
  type Chunks,
  fileChunks,
  followedChunks,
  gunzipped,
  type Magic,
  magicOf,
  peek,
  plainBytes,
  readAheadChunks,
} from './chunks.ts'

/** A file by its path, or a stream with the name that messages call it by. */
export type InputSource = string | { readonly name: string; readonly chunks: Chunks }

export interface InputOptions {
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

/**
 * An input that has been opened once and looked at: what it is, and its bytes without gzip around them. Pipes give
 * their bytes only once, so nothing opens it again.
 */
export interface OpenInput {
  readonly name: string
  /** The file that it is, packed or not; null for a stream or a pipe. */
  readonly file: string | null
  /** Where the bytes can also be read out of order: an unpacked file. */
  readonly path: string | null
  readonly magic: Magic
  readonly packed: boolean
  readonly chunks: Chunks
  /** Size of the file; null where it is not known, or not yet. */
  readonly total: number | null
  /** Bytes that were read, as they are in the file. */
  readonly bytes: () => number
  /** Opens it once more, from its beginning; null for what gives its bytes only once. */
  readonly again: (() => Promise<OpenInput>) | null
  /** SHA-256 of those, in hexadecimal; once, at the end. */
  readonly sha256: () => string
}

/** Throws InputError for what cannot be read, is empty, or is packed and to be followed. */
export async function openInput(source: InputSource, options: InputOptions): Promise<OpenInput> {
  const { follow, signal } = options
  const path = typeof source === 'string' ? source : null
  const name = typeof source === 'string' ? source : source.name
  const size = path === null ? undefined : statSync(path, { throwIfNoEntry: false })
  let bytes = 0
  const hash = createHash('sha256')
  async function* counted(chunks: Chunks): Chunks {
    for await (const chunk of chunks) {
      bytes += chunk.length
      hash.update(chunk)
      yield plainBytes(chunk)
    }
  }
  const isPlain = path !== null && size?.isFile() === true && !isPacked(path)
  const opened = abortable(
    typeof source === 'string' ? bytesOf(source, options, isPlain) : source.chunks,
    signal,
  )
  let input = await peek(counted(opened))
  const packed = magicOf(input.first) === 'gzip'
  if (packed && follow) throw notFollowed(name, 'a gzip file')
  if (packed) input = await peek(gunzipped(name, input.all))
  const magic = magicOf(input.first)
  if (input.first.length === 0 && !signal?.aborted) throw new InputError(`${name} is empty`)
  const foreign = foreignBytes(input.first)
  if (foreign !== null) throw new InputError(`${name}: ${foreign}`)
  if (packed && magic === 'gzip') throw new InputError(`${name} is packed twice; unpack it once`)
  if (magic === 'trace.dat' && follow) throw notFollowed(name, 'a trace.dat')
  return {
    name,
    file: size?.isFile() ? path : null,
    path: packed || !size?.isFile() ? null : path,
    magic,
    packed,
    chunks: input.all,
    total: follow || !size?.isFile() ? null : size.size,
    bytes: () => bytes,
    again: size?.isFile() && !follow ? () => openInput(source, options) : null,
    sha256: () => hash.digest('hex'),
  }
}

const unpackIt = (how: string): string => `this is packed by ${how}; unpack it and import that`

/** Files of other tools, by what they begin with (a character a byte), and what to do instead. */
const FOREIGN: readonly { readonly starts: RegExp; readonly what: string }[] = [
  { starts: /^\xfd7zXZ\0/, what: unpackIt('xz') },
  { starts: /^\x28\xb5\x2f\xfd/, what: unpackIt('zstd') },
  { starts: /^BZh[1-9]/, what: unpackIt('bzip2') },
  {
    starts: /^(?:\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/,
    what: 'this is UTF-16; convert it with iconv -f UTF-16 -t UTF-8 and import that',
  },
  {
    starts: /^[^\0]{1,100}\0[^]{156,256}ustar/,
    what: 'this is a tar archive; unpack it and import what is in it',
  },
  {
    starts: /^(?:PERFILE2|2ELIFREP)/,
    what: 'this is a perf.data; print it with perf script --show-lost-events and import that text',
  },
  {
    starts: /^\s*(?:\{\s*"(?:traceEvents|displayTimeUnit|ph)"|\[\s*\{\s*")/,
    what: "this is JSON of Chrome's tracing; import the trace that it was made from",
  },
  { starts: /^PK\x03\x04/, what: 'this is a zip archive; unpack it and import what is in it' },
]

const latin1 = new TextDecoder('latin1')

function foreignBytes(first: Uint8Array): string | null {
  const text = latin1.decode(first.subarray(0, 300))
  return FOREIGN.find(({ starts }) => starts.test(text))?.what ?? null
}

function bytesOf(path: string, { follow, signal }: InputOptions, isPlain: boolean): Chunks {
  if (follow) return followedChunks(path, signal)
  // What unpacks keeps its chunks for a while.
  return isPlain ? readAheadChunks(path, signal) : fileChunks(path, signal)
}

/** Whether a file begins as gzip does; false for one that cannot be read, which whoever reads it says. */
function isPacked(path: string): boolean {
  const first = new Uint8Array(2)
  try {
    const descriptor = openSync(path, 'r')
    try {
      readSync(descriptor, first, 0, 2, 0)
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return false
  }
  return magicOf(first) === 'gzip'
}

const notFollowed = (name: string, what: string): InputError =>
  new InputError(`${name}: ${what} cannot be followed; import it when it is done`)
