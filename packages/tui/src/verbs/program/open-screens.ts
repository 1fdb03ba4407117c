import { existsSync } from 'node:fs'
import type { AppOptions } from '../../live/app-options.ts'
import type { runApp } from '../../live/run-app.tsx'
import { DEFAULT_DB } from '../../command/default-db.ts'
import type { Io } from '../../command/io.ts'
import { proofFolder } from '../../command/proof-folder.ts'
import type { Status } from '../../command/session.ts'
import { startWorker } from '../../data/start-worker.ts'

/** Made by build.ts: what Node cannot run from source, for it has JSX; with it all that it takes, in one file. */
const built = () => ({
  bundle: new URL(import.meta.resolve('#app')),
  worker: new URL(import.meta.resolve('#worker')),
})

/** The screens have been built. */
export function isBuilt(): boolean {
  const { bundle, worker } = built()
  return existsSync(bundle) && existsSync(worker)
}

/**
 * The terminal UI on runs of a database. Fails as {@link runApp} does; what it says of bad input is another class than
 * the program's, see {@link isInputError}.
 */
export async function openScreens({ db, runs, io }: AppOptions): Promise<Status> {
  const { bundle, worker } = built()
  const proofs = proofFolder(io.env)
  // It opens the file on the other core while the screens are loaded on this one.
  const first = startWorker(worker, db, proofs)
  const app: { runApp: typeof runApp } = await import(bundle.href)
  const status = await app.runApp({ db, runs, io, proofs, worker: first })
  return status === 0 || status === 130 ? status : 2
}

export const isInputError = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'InputError'

/** A run by its number, or counted from the last. */
const RUN = /^-?\d+$/

/**
 * The screens at once, for a command line that can mean nothing else: none of the verbs is loaded for it, nor what they
 * need, which is most of the time to the first frame. null: the program is to look at it; it also says what is wrong.
 */
export async function straightToScreens(argv: readonly string[], io: Io): Promise<Status | null> {
  const { terminal, env } = io
  const [option, file] = argv
  const named = option === '--db' && file !== undefined && !file.startsWith('-') ? file : null
  const rest = named === null ? argv : argv.slice(2)
  const runs = rest[0] === 'tui' ? rest.slice(1) : rest
  const isSure = runs.length <= 2 && runs.every((run) => RUN.test(run) && !existsSync(run))
  if (!isSure || terminal === null || env['TERM'] === 'dumb' || !isBuilt()) return null
  const db = named ?? (env['PAGETRAIL_DB'] || DEFAULT_DB)
  try {
    return await openScreens({ db, runs, io: { ...terminal, env } })
  } catch (error) {
    if (isInputError(error)) return null
    throw error
  }
}
