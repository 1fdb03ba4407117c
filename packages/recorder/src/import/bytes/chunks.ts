import { InputError } from '@pagetrail/engine'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'

const CHUNK = 1 << 20
/** How often a file that is followed is looked at. */
const POLL_MS = 200

/** Bytes of an input in order. An empty chunk means: nothing more for now. */
export type Chunks = AsyncIterable<Uint8Array>

/** The same bytes as no Buffer, whose slice() is not a copy: who keeps a part of a chunk copies it. */
export const plainBytes = ({ buffer, byteOffset, length }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, length)

/** What the first bytes of an input say it is. */
export type Magic = 'gzip' | 'trace.dat' | 'json' | 'text'

const DAT = [0x17, 0x08, 0x44, 0x74, 0x72, 0x61, 0x63, 0x69, 0x6e, 0x67]

export function magicOf(bytes: Uint8Array): Magic {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip'
  if (DAT.every((byte, i) => bytes[i] === byte)) return 'trace.dat'
  return bytes[0] === 0x7b ? 'json' : 'text'
}

/** The bytes of a file, each chunk its own. Throws InputError where it cannot be read. */
export async function* fileChunks(path: string, signal?: AbortSignal): Chunks {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK, signal })
  } catch (error) {
    throw readError(path, error)
  }
}

/**
 * The bytes of a file, of which the next are read while those at hand are looked at; a chunk is only valid until the
 * next is asked for, so that all of them need two buffers. Throws InputError where it cannot be read.
 */
export async function* readAheadChunks(path: string, signal?: AbortSignal): Chunks {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (error) {
    throw readError(path, error)
  }
  let [buffer, other] = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)]
  let coming = file.read(buffer, 0, CHUNK, null)
  try {
    for (;;) {
      signal?.throwIfAborted()
      const { bytesRead } = await coming
      if (bytesRead === 0) return
      coming = file.read(other, 0, CHUNK, null)
      yield buffer.subarray(0, bytesRead)
      ;[buffer, other] = [other, buffer]
    }
  } catch (error) {
    throw readError(path, error)
  } finally {
    await Promise.allSettled([coming])
    await file.close()
  }
}

/** What is followed came to an end of its own; the message says how. What was read stays. */
export class FollowEnded extends Error {
  override readonly name = 'FollowEnded'
}

/**
 * The bytes of a file that is being written, of a named pipe or of trace_pipe, until `signal`; an empty chunk whenever
 * there is nothing more for now. Opened without blocking, so that the signal is heard. A file that was moved away is
 * read to its end, then the one that took its place: logs are rotated so.
 * @throws FollowEnded where it became shorter or was replaced
 */
export async function* followedChunks(path: string, signal?: AbortSignal): Chunks {
  let file = await openFollowed(path)
  try {
    const buffer = new Uint8Array(CHUNK)
    let position = 0
    let sized = false
    for (;;) {
      if (signal?.aborted) return
      const bytes = await readNow(file, buffer)
      position += bytes
      yield buffer.subarray(0, bytes)
      if (bytes > 0) continue
      // Pipes, and files of tracefs, have no size.
      const { size, ino, nlink } = await file.stat()
      if (sized && size < position) throw new FollowEnded(`${path} became shorter`)
      sized ||= position > 0 && size >= position
      const now = sized ? await stat(path).catch(() => null) : null
      if (now !== null && now.ino !== ino) {
        if (nlink === 0) throw new FollowEnded(`${path} was replaced`)
        await file.close()
        file = await openFollowed(path)
        position = 0
        sized = false
        continue
      }
      await wait(POLL_MS, undefined, { signal }).catch(ignoreAbort)
    }
  } finally {
    await file.close()
  }
}

const openFollowed = (path: string): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw readError(path, error)
  })

/** How many bytes there were; 0 also where a pipe has none yet. */
async function readNow(file: FileHandle, buffer: Uint8Array): Promise<number> {
  try {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
    return bytesRead
  } catch (error) {
    if (codeOf(error) !== 'EAGAIN') throw error
    return 0
  }
}

/** The same chunks until `signal`, also while the next one is waited for. */
export async function* abortable(chunks: Chunks, signal?: AbortSignal): Chunks {
  if (!signal) return yield* chunks
  const iterator = chunks[Symbol.asyncIterator]()
  const close = () => iterator.return?.()
  let pending: Promise<unknown> | null = null
  try {
    while (!signal.aborted) {
      const coming = iterator.next()
      pending = coming
      const next = await unlessAborted(coming, signal)
      if (next === null) return
      pending = null
      if (next.done) return
      yield next.value
    }
  } finally {
    // A source that waits is closed when its chunk has come; a terminal's may never.
    if (pending) pending.then(close, close)
    else await close()
  }
}

/** Null: the signal came first. No race with one promise for all: that would keep every chunk as long as it waits. */
async function unlessAborted<T>(coming: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const { promise, resolve, reject } = Promise.withResolvers<T | null>()
  const abort = (): void => resolve(null)
  signal.addEventListener('abort', abort, { once: true })
  coming.then(resolve, reject)
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * Unpacks gzip, also of several members. `name` is for messages. A chunk is valid until the next is asked for: its
 * memory goes back then. A thread with little else to collect would hold hundreds of megabytes of them.
 */
export async function* gunzipped(name: string, chunks: Chunks): Chunks {
  const packed = Readable.from(chunks, { objectMode: false, highWaterMark: CHUNK })
  const plain = createGunzip({ chunkSize: CHUNK })
  packed.on('error', (error) => plain.destroy(error))
  try {
    for await (const chunk of packed.pipe(plain) as AsyncIterable<Buffer<ArrayBuffer>>) {
      const { buffer, byteOffset, length } = chunk
      yield plainBytes(chunk)
      // Of a buffer that is not full yet zlib makes the next chunk too.
      if (byteOffset + length === buffer.byteLength) buffer.transfer(0)
    }
  } catch (error) {
    throw gzipError(name, error)
  } finally {
    packed.destroy()
  }
}

/** The first chunk that is not empty, and all of them: how an input is looked at before it is read. */
export async function peek(chunks: Chunks): Promise<{ first: Uint8Array; all: Chunks }> {
  const iterator = chunks[Symbol.asyncIterator]()
  let first = new Uint8Array()
  for (;;) {
    const { done, value } = await iterator.next()
    if (done) break
    if (value.length === 0) continue
    first = first.length === 0 ? value.slice() : concat(first, value)
    if (first.length >= DAT.length) break
  }
  return { first, all: rest(first, iterator) }
}

async function* rest(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): Chunks {
  try {
    yield first
    for (;;) {
      const { done, value } = await iterator.next()
      if (done) return
      yield value
    }
  } finally {
    await iterator.return?.()
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** True for what an AbortSignal makes readers throw. */
export const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || isAbort(error.cause))

function ignoreAbort(error: unknown): void {
  if (!isAbort(error)) throw error
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function readError(path: string, error: unknown): unknown {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'no permission to read it',
    EISDIR: 'it is a directory; name the trace in it',
  }
  const reason = reasons[codeOf(error)]
  return reason === undefined ? error : new InputError(`${path}: ${reason}`, { cause: error })
}

function gzipError(name: string, error: unknown): unknown {
  const code = codeOf(error)
  if (code === 'Z_BUF_ERROR') {
    const remedy = 'gunzip -c FILE | pagetrail import - reads as much as is there'
    return new InputError(`${name}: the gzip data ends early; ${remedy}`, { cause: error })
  }
  if (code.startsWith('Z_')) {
    return new InputError(`${name}: the gzip data is damaged; copy the file again`, {
      cause: error,
    })
  }
  return error
}
