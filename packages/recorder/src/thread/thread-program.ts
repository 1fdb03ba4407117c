import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What build.ts says of a program that it has bundled. */
interface Built {
  /** ms since 1970: before the first of the files was read. */
  readonly began: number
  /** The files that are in it, by their paths from its folder. */
  readonly from: readonly string[]
}

/** Names are those that the package around gives: this module may have been bundled. */
const { resolve } = createRequire(import.meta.url)

/**
 * The program of a thread: a bundle, which starts 50 ms sooner than two hundred modules do, where one was made of the
 * sources as they are; else the source. In a package that is bundled as a whole it is a bundle anyway.
 */
export function threadProgram(name: 'side-thread' | 'translator'): string {
  const program = resolve(`#${name}`)
  const list = program.endsWith('.ts') ? listOf(name) : null
  return list !== null && isOfNow(list) ? resolve(`#built/${name}.js`) : program
}

/** Whether none of the files has changed since the list was made. @internal */
export function isOfNow(list: string): boolean {
  const { began, from } = JSON.parse(readFileSync(list, 'utf8')) as Built
  const folder = dirname(list)
  return from.every((path) => {
    const stat = statSync(join(folder, path), { throwIfNoEntry: false })
    return stat !== undefined && stat.mtimeMs < began
  })
}

/** Null where it was not built. */
function listOf(name: string): string | null {
  try {
    return resolve(`#built/${name}.json`)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}
