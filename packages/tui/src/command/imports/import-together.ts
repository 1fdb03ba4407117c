import { importInput, type Imported, type Run, type RunFile } from '@pagetrail/recorder'
import type { Session } from '../session.ts'
import { JointProgress, sizeOf } from './joint-progress.ts'

/** Smaller files are imported one after the other as soon. */
const WORTH_BYTES = 1 << 20
/** Each has a thread that reads, and all have one that writes. */
const AT_ONCE = 2

interface TogetherRun {
  readonly runFile: RunFile
  readonly run: Run
}

/**
 * Imports several captures, two at a time, into a database that has no run yet: one after the other, one of two cores
 * waits. The runs have the numbers that they get then. Null where that was not to be: a small file, one that is read
 * twice or holds several runs, an error. What the database holds then is of no use. `database`: makes it.
 */
export async function importTogether(
  session: Session,
  database: () => Promise<RunFile>,
  names: readonly string[],
  worth = WORTH_BYTES,
): Promise<readonly TogetherRun[] | null> {
  const sizes = names.map(sizeOf)
  if (names.length < 2 || sizes.some((size) => size < worth)) return null
  const into = await database()
  const progress = new JointProgress(session, names)
  const ended = await session.interruptible(async (signal) => {
    const failed = new AbortController()
    const either = AbortSignal.any([signal, failed.signal])
    /** When the next may begin, and when each has ended. */
    let before: Promise<unknown> = Promise.resolve()
    const over: Promise<unknown>[] = []
    const imports = names.map(async (name, i) => {
      const begun = Promise.withResolvers<void>()
      let times = 0
      const own = importAfter(Promise.all([before, over[i - AT_ONCE]]), into, name, {
        created: session.io.now(),
        asked: name,
        signal: either,
        onBegun() {
          // It is read once more, as another run.
          if (times++ > 0) failed.abort()
          begun.resolve()
        },
        onProgress: (read) => progress.update(i, read),
      })
      over[i] = own.catch(() => {})
      // Runs are numbered in the order of the names.
      before = Promise.race([begun.promise, over[i]])
      try {
        return await own
      } catch (error) {
        failed.abort()
        throw error
      }
    })
    const all = await Promise.allSettled(imports)
    // A part of a file must not be taken for the whole.
    signal.throwIfAborted()
    return all
  })
  progress.end()
  const isAll = ended.every((end, i) => end.status === 'fulfilled' && isPlain(end.value, i + 1))
  if (!isAll) return null
  return names.map((_, i) => ({ runFile: into, run: into.find(i + 1) }))
}

async function importAfter(
  before: Promise<unknown>,
  into: RunFile,
  name: string,
  options: Parameters<typeof importInput>[3],
): Promise<Imported> {
  await before
  return importInput(into, name, 'auto', options)
}

/** It made one run, of this number. */
const isPlain = ({ format, report }: Imported, run: number): boolean =>
  format === 'jsonl'
    ? report.runs.length === 1 && report.runs[0]?.id === run
    : report.run === run && report.otherBuffers.length === 0
