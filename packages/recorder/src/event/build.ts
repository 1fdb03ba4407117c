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
 * What tells a run's build from another's of the same version: of /proc/version what stands after the compiler,
 * `#2 SMP Thu Nov 26 …`, where that is enough. Null: there is no other build of the version.
 */
export function buildApart(run: Run, others: readonly Run[]): string | null {
  const build = buildOf(run)
  if (build === null || run.kernel === null) return null
  const theirs = others
    .filter(({ kernel }) => kernel === run.kernel)
    .map(buildOf)
    .filter((other) => other !== null && other !== build)
  if (theirs.length === 0) return null
  const short = numberOf(build)
  return theirs.some((other) => other !== null && numberOf(other) === short) ? build : short
}

const numberOf = (build: string): string => /#\d.*$/.exec(build)?.[0] ?? build
