import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** One file, one name, whichever symbolic link was typed; SQLite does the same for its -wal. */
export function realPath(db: string): string {
  try {
    return realpathSync(db)
  } catch {
    // It was removed: then it has no other name either.
    return db
  }
}

/**
 * Whether the file itself, not its folder, was mounted here, as `docker -v runs.db:/runs.db` does: it then has another
 * name elsewhere, and what SQLite has beside it lies in that folder. Only Linux says so.
 */
export function isMountedAlone(db: string): boolean {
  let mounts: string
  try {
    mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return false
  }
  return mountPoints(mounts).includes(realPath(db))
}

/** Where something is mounted, as `/proc/self/mountinfo` has it, blanks as `\040`. */
export const mountPoints = (mountinfo: string): string[] =>
  mountinfo.split('\n').map((line) => (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, octal))

const octal = (_: string, digits: string): string => String.fromCharCode(parseInt(digits, 8))

/** The names of a file in its folder, and whether these are all that it has. */
export function namesOf(db: string): { names: string[]; all: boolean } {
  const path = realPath(db)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat || stat.nlink < 2) return { names: [path], all: !stat || !isMountedAlone(path) }
  const folder = dirname(path)
  const names = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((name) => lstatSync(name, { throwIfNoEntry: false })?.ino === stat.ino)
  return { names, all: names.length === stat.nlink }
}

/** Whether a path leads to the database, by whatever name, or to one of the files that SQLite has beside it. */
export function isPartOf(db: string, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  if (!there) return false
  const own = realPath(db)
  return [own, `${own}-wal`, `${own}-shm`].some((name) => {
    const file = statSync(name, { throwIfNoEntry: false })
    return file !== undefined && file.ino === there.ino && file.dev === there.dev
  })
}
