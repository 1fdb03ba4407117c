/**
 * Searches that were stopped, beside the database: one file, which `explore --resume` reads. It is written when a
 * search is stopped, and goes when none of it is left to go on with.
 */
import { InputError, type SavedSearch } from '@pagetrail/recorder'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'

const FORMAT = 1
const MAGIC = Buffer.from(`pagetrail stopped searches ${FORMAT}\n`)
const DIGEST = 32

/** A search that was stopped, and how it is called. */
interface Stopped {
  readonly label: string
  readonly saved: SavedSearch
}

export class SearchFile {
  readonly path: string
  readonly #searches: Map<string, Stopped>

  private constructor(path: string, searches: Map<string, Stopped>) {
    this.path = path
    this.#searches = searches
  }

  /** The file of a database. @throws InputError for one that is damaged, or of another version */
  static of(db: string): SearchFile {
    const path = `${db}.searches`
    return new SearchFile(path, existsSync(path) ? read(path) : new Map())
  }

  get labels(): readonly string[] {
    return [...this.#searches.values()].map(({ label }) => label)
  }

  find(key: string): SavedSearch | undefined {
    return this.#searches.get(key)?.saved
  }

  /** `saved` null: the search came to its end. Returns the bytes of the file, 0 where there is none. */
  put(key: string, label: string, saved: SavedSearch | null): number {
    const before = this.#searches.size
    if (saved === null) this.#searches.delete(key)
    else this.#searches.set(key, { label, saved })
    if (saved === null && this.#searches.size === before) return 0
    return this.#write()
  }

  #write(): number {
    if (this.#searches.size === 0) {
      rmSync(this.path, { force: true })
      return 0
    }
    const body = serialize(this.#searches)
    const digest = createHash('sha256').update(body).digest()
    // A file that is half written is never taken for a whole one.
    const written = `${this.path}.new`
    writeFileSync(written, Buffer.concat([MAGIC, digest, body]))
    renameSync(written, this.path)
    return MAGIC.length + DIGEST + body.length
  }
}

function read(path: string): Map<string, Stopped> {
  const bytes = readFileSync(path)
  const remedy = 'remove it, and search without --resume'
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new InputError(`${path} is not a file of stopped searches of this version; ${remedy}`)
  }
  const digest = bytes.subarray(MAGIC.length, MAGIC.length + DIGEST)
  const body = bytes.subarray(MAGIC.length + DIGEST)
  if (!createHash('sha256').update(body).digest().equals(digest)) {
    throw new InputError(`${path} is damaged; ${remedy}`)
  }
  const searches: unknown = deserialize(body)
  if (!(searches instanceof Map)) throw new TypeError(`${path} holds no searches`)
  return searches
}
