import { fallText, goneText, type RunFile } from '@pagetrail/recorder'
import { runName } from '../text/run-words.ts'
import type { Session } from './session.ts'

/** Says of which runs of a file events are missing that had been committed, for an answer that is of the whole file. */
export async function noteLostEvents(session: Session, runFile: RunFile): Promise<void> {
  const fallen = runFile.runs().flatMap((run) => {
    const fall = fallText(run)
    return fall === null ? [] : [`${runName(run)} is not whole: ${fall}`]
  })
  for (const said of [...fallen, ...runFile.vanished().map(goneText)]) {
    await session.out.flush()
    await session.note(said)
  }
}
