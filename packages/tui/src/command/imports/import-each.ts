import { type EventSource, LoggedRuns } from '@pagetrail/recorder'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Session } from '../session.ts'
import { importAsked } from './import-asked.ts'
import { JointProgress } from './joint-progress.ts'

/** Each large file has a thread that reads it. */
const AT_ONCE = 2

/**
 * Imports files for a command that reads their runs in order and then is over: two at a time, each into logs of its
 * own. The runs of each, numbered through in the order of the names.
 */
export async function importEach(
  session: Session,
  names: readonly string[],
): Promise<EventSource[][]> {
  if (names.length === 0) return []
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-'))
  session.atEnd(() => rmSync(folder, { recursive: true, force: true }))
  const stores = names.map((_, i) => new LoggedRuns(join(folder, `events-${i + 1}`)))
  session.atEnd(() => {
    for (const store of stores) store.close()
  })
  const progress = new JointProgress(session, names)
  const ids = await session.interruptible((interrupt) =>
    inTurn(names, interrupt, (name, i, signal) =>
      importAsked(session, stores[i]!, name, signal, (read) => progress.update(i, read)),
    ),
  )
  progress.end()
  let number = 0
  return ids.map((own, i) => own.map((id) => stores[i]!.source(stores[i]!.find(id), ++number)))
}

/** {@link AT_ONCE} of them at a time; what is wrong with the first that is wrong ends all. */
async function inTurn<T>(
  names: readonly string[],
  interrupt: AbortSignal,
  work: (name: string, i: number, signal: AbortSignal) => Promise<T>,
): Promise<T[]> {
  const failed = new AbortController()
  const signal = AbortSignal.any([interrupt, failed.signal])
  const done: T[] = []
  const failures: { readonly i: number; readonly error: unknown }[] = []
  const left = names.entries()
  const lane = async (): Promise<void> => {
    for (const [i, name] of left) {
      if (signal.aborted) return
      try {
        done[i] = await work(name, i, signal)
      } catch (error) {
        // That it was ended for another's sake says nothing of it.
        if (error !== failed.signal.reason || !failed.signal.aborted) failures.push({ i, error })
        failed.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  interrupt.throwIfAborted()
  const [first] = failures.toSorted((a, b) => a.i - b.i)
  if (first) throw first.error
  return done
}
