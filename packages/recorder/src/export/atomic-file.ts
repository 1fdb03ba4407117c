import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { createGzip } from 'node:zlib'

/** Text exports are handed on in pieces of about this many characters: few writes, little memory. */
export const TEXT_CHUNK = 64 * 1024

/** A file that is being written beside its final name. */
export interface PendingFile {
  readonly fd: number
  write(bytes: Uint8Array): void
  /** Makes it durable and gives it its name, replacing what had it. */
  commit(): void
  /** Removes it; nothing was there, nothing is there. */
  discard(): void
}

/**
 * Opens `path` for writing such that nobody ever sees a part of it: the bytes go to a temporary name in the same
 * folder, which a rename turns into `path`. Errors are Node's own (ENOSPC, EACCES, …) and name the path.
 */
export function openPending(path: string): PendingFile {
  // With a dot before it: who reads a folder of parts passes over it.
  const temporary = join(dirname(path), `${partialOf(path)}${process.pid}`)
  const fd = openNamed(temporary, path)
  clearLeftovers(path)
  let open = true
  const close = () => {
    if (open) closeSync(fd)
    open = false
  }
  return {
    fd,
    write(bytes) {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    },
    commit() {
      fsyncSync(fd)
      close()
      renameSync(temporary, path)
    },
    discard() {
      close()
      rmSync(temporary, { force: true })
    },
  }
}

/** What cannot be opened is reported under the name that was asked for. */
function openNamed(temporary: string, path: string): number {
  try {
    return openSync(temporary, 'w')
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(temporary, path)
    throw error
  }
}

const partialOf = (path: string): string => `.${basename(path)}.partial-`

/** Removes what processes that were killed left of this file. */
function clearLeftovers(path: string): void {
  const folder = dirname(path)
  const prefix = partialOf(path)
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    if (/^\d+$/.test(pid) && !isAlive(Number(pid))) rmSync(join(folder, name), { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Of somebody else's process this is EPERM: it lives.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

/**
 * Writes pieces of text to `path`, whole or not at all; packed by gzip where the name ends in `.gz`. Between pieces the
 * event loop runs, so that a signal can stop it: then the promise is rejected with the signal's reason and no file is
 * left. Resolves to the bytes of the file.
 */
export async function writeFileAtomic(
  path: string,
  pieces: Iterable<string>,
  signal?: AbortSignal,
): Promise<number> {
  const file = openPending(path)
  let bytes = 0
  try {
    for await (const piece of path.endsWith('.gz') ? packed(pieces) : encoded(pieces)) {
      file.write(piece)
      bytes += piece.length
      await setImmediate()
      signal?.throwIfAborted()
    }
    file.commit()
    return bytes
  } catch (error) {
    file.discard()
    throw error
  }
}

function* encoded(pieces: Iterable<string>): Iterable<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece)
}

/** Equal text is packed to equal bytes: the header has neither a name nor a time. */
async function* packed(pieces: Iterable<string>): AsyncIterable<Uint8Array> {
  const gzip = createGzip()
  Readable.from(encoded(pieces))
    .on('error', (error) => gzip.destroy(error))
    .pipe(gzip)
  yield* gzip
}
