import type { Json } from './kinds.ts'
import type { Run } from './run.ts'

/**
 * Which build of its version a run is of, as text: the fact `build` of whoever recorded it (a build id, a commit), else
 * the text of /proc/version. Null: the run does not say.
 */
export function buildOf({ facts }: Pick<Run, 'facts'>): string | null {
  const { build } = facts
  return typeof build === 'string' && build !== '' ? build : versionOf(facts['capture'])
}

/** The line that a capture has of its kernel: facts of a capture are lists of values by key. */
function versionOf(capture: Json | undefined): string | null {
  if (typeof capture !== 'object' || capture === null || !('version' in capture)) return null
  const { version } = capture
  const first: unknown = Array.isArray(version) ? version[0] : version
  return typeof first === 'string' && first !== '' ? first : null
}

/**
 * What distinguishes a run's build from another of the same version: of /proc/version what stands after the compiler,
 * `#2 SMP Thu Nov 26 …`, where that is enough. Null: there is no other build of the version.
 */
export const buildApart = (run: Run, others: readonly Run[]): string | null =>
  apart(run, others)?.build ?? null

/**
 * {@link buildApart} where there is little room: only the words in which the builds differ, `#2 26 10:04:11`. Empty:
 * there is no other build of the version.
 */
export function buildMark(run: Run, others: readonly Run[]): string {
  const found = apart(run, others)
  if (found === null) return ''
  const words = found.build.split(/\s+/)
  const theirs = found.theirs.map((build) => build.split(/\s+/))
  const telling = words.filter((word, i) => theirs.some((other) => other[i] !== word))
  // One that is the beginning of the other has no word of its own.
  return telling.length > 0 ? telling.join(' ') : (words.at(-1) ?? '')
}

function apart(
  run: Run,
  others: readonly Run[],
): { readonly build: string; readonly theirs: readonly string[] } | null {
  const build = buildOf(run)
  if (build === null || run.kernel === null) return null
  const theirs = others.flatMap((other) => {
    const its = other.kernel === run.kernel ? buildOf(other) : null
    return its === null || its === build ? [] : [its]
  })
  if (theirs.length === 0) return null
  const numbers = theirs.map(numberOf)
  const short = numberOf(build)
  return numbers.includes(short) ? { build, theirs } : { build: short, theirs: numbers }
}

const numberOf = (build: string): string => /#\d.*$/.exec(build)?.[0] ?? build
