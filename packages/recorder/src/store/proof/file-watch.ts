import { statSync } from 'node:fs'

/**
 * Whether the file of a database is still as it was. SQLite takes pages that it has read for those of the file until a
 * writer of its kind says otherwise; a program that copies another file over it does not. The -wal is left out: what
 * recorders append to it changes nothing that was read before.
 */
export class FileWatch {
  readonly #path: string
  #state: string

  constructor(path: string) {
    this.#path = path
    this.#state = stateOf(path)
  }

  /** Of the file when it was last looked at. */
  get state(): string {
    return this.#state
  }

  /** Whether nobody has written to the file since; asked again, since now. */
  isSame(): boolean {
    const now = stateOf(this.#path)
    const same = now === this.#state
    this.#state = now
    return same
  }

  /** This process has just written: what it knew, it still knows. */
  ownWrite(): void {
    this.#state = stateOf(this.#path)
  }
}

/** Empty: the file was removed; what is open is still read. */
function stateOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat ? [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ') : ''
}
