import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

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
  const temporary = `${path}.partial-${process.pid}`
  const fd = openSync(temporary, 'w')
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

/**
 * Writes pieces of text to `path`, whole or not at all. Between pieces the event loop runs, so that a signal can stop
 * it: then the promise is rejected with the signal's reason and no file is left.
 */
export async function writeFileAtomic(
  path: string,
  pieces: Iterable<string>,
  signal?: AbortSignal,
): Promise<number> {
  const file = openPending(path)
  let bytes = 0
  try {
    for (const piece of pieces) {
      const encoded = Buffer.from(piece)
      file.write(encoded)
      bytes += encoded.length
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
