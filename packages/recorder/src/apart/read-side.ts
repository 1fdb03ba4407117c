import { logSource } from '../store/log/log-source.ts'
import { openRuns } from '../store/run-file.ts'
import type { SideRead, ThreadStart } from './side-protocol.ts'
import { sideHere } from './remembered.ts'

/** Reads one side of a comparison for read-apart.ts, in its thread. */
export async function readSide({ place, request }: ThreadStart): Promise<SideRead> {
  if ('descriptor' in place) return sideHere(logSource(place), request)
  const { path, proofs } = place
  const runFile = await openRuns(path, { mode: 'read', proofs: proofs ?? undefined })
  try {
    const source = runFile.at(place)
    const read = sideHere(source, request)
    const { place: now } = source
    return { ...read, proven: now && 'proven' in now ? now.proven : null }
  } finally {
    runFile.close()
  }
}
