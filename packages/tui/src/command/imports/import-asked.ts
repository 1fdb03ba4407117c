import { type ImportProgress, type Imported, importInput, type RunStore } from '@pagetrail/recorder'
import type { Session } from '../session.ts'

/** Imports all runs of a file that a question named; their ids. A part of a file must not be taken for the whole. */
export async function importAsked(
  session: Session,
  into: RunStore,
  name: string,
  signal: AbortSignal,
  onProgress: (progress: ImportProgress) => void,
): Promise<number[]> {
  session.io.youngSpace.release()
  const one = async (buffer: string | null): Promise<Imported> => {
    const imported = await importInput(into, name, 'auto', {
      created: session.io.now(),
      asked: name,
      signal,
      ...(buffer === null ? {} : { buffer }),
      onProgress,
    })
    signal.throwIfAborted()
    return imported
  }
  const { report, format } = await one(null)
  if (format === 'jsonl') return report.runs.map(({ id }) => id)
  const ids = [report.run]
  for (const buffer of report.otherBuffers) {
    const imported = await one(buffer)
    if (imported.format === 'trace') ids.push(imported.report.run)
  }
  return ids
}
