import { statSync } from 'node:fs'

import { MEMORY } from './lease.ts'

/** The file that is open, as its path shows it: SQLite goes on with one that no longer has this name, or was cut. */
export class SameFile {
  readonly inode: number | undefined
  readonly #path: string
  /** When it was last looked at: a database only grows. */
  #size = 0

  constructor(path: string) {
    this.#path = path
    this.inode = path === MEMORY ? undefined : statSync(path, { throwIfNoEntry: false })?.ino
  }

  isThere(): boolean {
    if (this.#path === MEMORY) return true
    const stat = statSync(this.#path, { throwIfNoEntry: false })
    if (stat === undefined || stat.ino !== this.inode || stat.size < this.#size) return false
    this.#size = stat.size
    return true
  }
}
