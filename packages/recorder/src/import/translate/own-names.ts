import { InputError } from '@pagetrail/engine'

import { didYouMean } from '../../event/nearest.ts'

/** What a tree calls the functions that are probed, by its name; the value is the one that Pagetrail knows. */
export type OwnNames = ReadonlyMap<string, string>

/**
 * From pairs known = own, as `capture-script --map` has them. Throws InputError for a name that is not known, and for
 * one that stands for two.
 */
export function ownNames(
  pairs: Readonly<Record<string, string>>,
  known: ReadonlySet<string>,
): OwnNames {
  const names = new Map<string, string>()
  for (const [name, own] of Object.entries(pairs)) {
    if (!known.has(name)) {
      throw new InputError(
        `--map ${name}=${own}: import knows no function ${name}${didYouMean(name, known)}`,
      )
    }
    const other = names.get(own)
    if (other !== undefined)
      throw new InputError(`--map: ${own} cannot be both ${other} and ${name}`)
    names.set(own, name)
  }
  return names
}

/** What follows a function's name in that of a probe at its return or its store. */
const SUFFIX = /^(.+?)(_ret|_store(?:_\d{1,2})?)$/
/** A probe inside a function: `WHAT__FUNCTION`, with a number for further places. */
const SITE = /^([a-z0-9_]+?__)(.+?)(_\d{1,2})?$/

/** The name of a probe as if the tree had the known names. */
export function knownProbe(name: string, names: OwnNames): string {
  if (names.size === 0) return name
  const whole = names.get(name)
  if (whole !== undefined) return whole
  const [, fn = '', suffix = ''] = SUFFIX.exec(name) ?? []
  const entered = names.get(fn)
  if (entered !== undefined) return `${entered}${suffix}`
  const [, what = '', within = '', place = ''] = SITE.exec(name) ?? []
  // The number may belong to the function's own name.
  const exact = names.get(`${within}${place}`)
  if (exact !== undefined) return `${what}${exact}`
  const inside = names.get(within)
  return inside === undefined ? name : `${what}${inside}${place}`
}
