/**
 * What a search looks for on every schedule. Those that are rules of `check` as well find the same: a schedule that
 * breaks one here breaks it in the run that is recorded of it, and the reverse.
 */
import { InputError } from '@pagetrail/engine'
import { didYouMean } from '../event/nearest.ts'

export interface Property {
  readonly name: string
  /** What is right, in one sentence. */
  readonly sentence: string
  /** A rule of `check` of the same name judges recorded runs. */
  readonly isRule: boolean
}

const rule = (name: string, sentence: string): Property => ({ name, sentence, isRule: true })
const own = (name: string, sentence: string): Property => ({ name, sentence, isRule: false })

/** By bit of a watch's flags. */
export const PROPERTIES: readonly Property[] = [
  rule(
    'lost-update',
    'No store undoes what another CPU has changed, and what a call made holds at the end.',
  ),
  rule('lost-table', 'A table that is in use is not replaced by another.'),
  rule('torn-span', 'The entries of a contiguous span agree in all but their output address.'),
  rule('stale-access', 'No access is answered by what an entry was before.'),
  rule('tlb-conflict', 'No CPU holds two translations of different size for one address.'),
  rule('spurious-fault', 'An access that the entry allows does not fault.'),
  rule('table-freed-in-use', 'No entry of a table is read once the table is freed.'),
  rule('sleep-in-atomic', 'Nothing that may sleep is done in atomic context.'),
  rule(
    'overlapping-owners',
    'While a call changes a range without a lock, nobody else changes entries of it.',
  ),
  rule('wild-walk', 'Nothing but a table is followed as one.'),
  own('stale-at-return', 'From its return on, no TLB holds what a call has forbidden.'),
  own('property', 'What the module asks for holds at the end.'),
  own('never', 'Nothing happens that --never forbids.'),
  own('livelock', 'No call tries again for ever.'),
  own('lock-order', 'No two locks are taken in both orders.'),
  own('deadlock', 'Every CPU comes to its end.'),
]

/** What a call made is missing at the end: of `lost-update` the part that stays. */
export const LOST_AT_END = 26
/** Bits of things that are counted and break nothing. */
export const GAVE_UP = 28
/** Anything that is broken. */
export const BROKEN = 27
const COUNTED_ONLY = (1 << 28) | (1 << 29)
/** The flags, and that there are some. */
export const withBroken = (flags: number): number =>
  (flags & ~COUNTED_ONLY) === 0 ? flags : flags | (1 << BROKEN)
export const WAITED = 29

export const bitOf = (name: string): number => {
  const at = PROPERTIES.findIndex((property) => property.name === name)
  return name === 'deadlock' ? DEADLOCK_BIT : at
}

const DEADLOCK_BIT = 30

/** The property of a bit; undefined: it is one of what is only counted. */
export const propertyOf = (bit: number): Property | undefined =>
  bit === DEADLOCK_BIT ? PROPERTIES.at(-1) : PROPERTIES[bit]

/** The properties of these names; without names all. @throws InputError that lists the names */
export function propertiesNamed(names?: readonly string[]): readonly Property[] {
  if (names === undefined) return PROPERTIES
  return names.map((name) => {
    const found = PROPERTIES.find((property) => property.name === name)
    if (found !== undefined) return found
    const known = PROPERTIES.map((property) => property.name)
    throw new InputError(
      `no property ${name}${didYouMean(name, known)}; there are ${known.join(', ')}`,
    )
  })
}
