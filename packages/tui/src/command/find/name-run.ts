import { escapeControls, quoted, type Run, type RunFile } from '@pagetrail/recorder'
import { DEFAULT_DB } from '../default-db.ts'
import type { Session } from '../session.ts'
import { isFile } from './named-runs.ts'

/** How a run is named to a command that is printed: by its label, or where that may mean another one by its id. */
export function nameOf(runFile: RunFile, { label, id }: Run): string {
  const isPlain = escapeControls(label) === label && !/^-|^\d+$/.test(label) && !isFile(label)
  const latest = runFile.runs().findLast((other) => other.label === label)
  return isPlain && latest?.id === id ? label : String(id)
}

/** How a command about runs is started: with their database, where that is not the usual one. Null: a file. */
export function commandOf(
  session: Session,
  found: readonly { readonly path: string | null }[],
): string {
  const { db, named } = session.options
  const isStored = found.some(({ path }) => path === null)
  if (!isStored || (!named && db === DEFAULT_DB)) return 'pagetrail'
  return named ? `pagetrail --db ${quoted(db)}` : `PAGETRAIL_DB=${quoted(db)} pagetrail`
}
