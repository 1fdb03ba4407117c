import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Offered at once. */
const SHOWN = 8

/** The path that was typed, with `~` as the home directory. */
export const expanded = (path: string): string =>
  path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path

export const exists = (path: string): boolean => existsSync(expanded(path))

/** What a path could become, as it would be typed: folders first, hidden names only where they are asked for. */
export async function pathsFor(text: string): Promise<readonly string[]> {
  const cut = text.lastIndexOf('/') + 1
  const [folder, begin] = [text.slice(0, cut), text.slice(cut)]
  const place = folder === '' ? '.' : expanded(folder)
  if (text === '~') return ['~/']
  if (!existsSync(place)) return []
  const found = await readdir(place === '' ? dirname(text) : place, { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      // A folder that cannot be read, or a file, has nothing to offer.
      if (error.code === 'EACCES' || error.code === 'ENOTDIR') return []
      throw error
    },
  )
  const offered = found
    .filter((f) => f.name.startsWith(begin) && (begin.startsWith('.') || !f.name.startsWith('.')))
    .toSorted(
      (a, b) => Number(b.isDirectory()) - Number(a.isDirectory()) || (a.name < b.name ? -1 : 1),
    )
  return offered.slice(0, SHOWN).map((f) => `${folder}${f.name}${f.isDirectory() ? '/' : ''}`)
}
