import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { NO_SESSION, type KeptSession } from '../model/remembered.ts'

/** `$XDG_STATE_HOME/pagetrail/<hash of the database's path>.json`; null: the environment names no home. */
export function sessionFile(
  env: Readonly<Record<string, string | undefined>>,
  db: string,
): string | null {
  const home = env['HOME']
  const state = env['XDG_STATE_HOME'] || (home ? join(home, '.local', 'state') : null)
  if (!state) return null
  const name = createHash('sha256').update(resolve(db)).digest('hex').slice(0, 16)
  return join(state, 'pagetrail', `${name}.json`)
}

/** The last session; an empty one where there is none or it cannot be understood: it is a convenience. */
export function restoreSession(file: string | null): KeptSession {
  if (file === null) return NO_SESSION
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return isSession(read) ? read : NO_SESSION
  } catch {
    return NO_SESSION
  }
}

const isSession = (v: unknown): v is KeptSession =>
  typeof v === 'object' &&
  v !== null &&
  'version' in v &&
  v.version === NO_SESSION.version &&
  'runs' in v &&
  'history' in v

/** Keeps the session; what went wrong, or null. */
export function keepSession(file: string | null, session: KeptSession): string | null {
  if (file === null) return null
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify(session))
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
