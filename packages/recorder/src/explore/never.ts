import { InputError, LEVEL_NAMES, type Level, bigintOf } from '@pagetrail/engine'
import type { EventOf, Kind, TraceEvent } from '../event/kinds.ts'
import { KINDS } from '../event/kinds.ts'
import { parseFilter } from '../filter/parse.ts'
import { toPredicate } from '../filter/to-sql.ts'

/** What a search shows a filter. */
const SEEN: ReadonlySet<string> = new Set<Kind>(['desc_write', 'desc_read', 'access'])

/** Something that must not happen, as a filter over stores, loads and accesses. */
export type Never = (event: TraceEvent) => boolean

/** @throws InputError for a filter that is wrong, or that is about events that the search does not make */
export function neverOf(expression: string): Never {
  const filter = parseFilter(expression)
  const named = Object.keys(KINDS).filter((kind) => new RegExp(`\\b${kind}\\b`).test(expression))
  const unseen = named.filter((kind) => !SEEN.has(kind))
  if (unseen.length > 0) {
    throw new InputError(
      `--never looks at ${[...SEEN].join(', ')}; it does not see ${unseen.join(', ')}`,
    )
  }
  return toPredicate(filter)
}

const common = (cpu: number, op: number | null) => ({
  seq: 0,
  cpu,
  op,
  nest: 0,
  ts: null,
  task: null,
})

export const writeEvent = (
  cpu: number,
  op: number | null,
  [level, vaLo, vaHi, oldLo, oldHi, newLo, newHi]: readonly [
    Level,
    number,
    number,
    number,
    number,
    number,
    number,
  ],
): EventOf<'desc_write'> => ({
  kind: 'desc_write',
  ...common(cpu, op),
  level: LEVEL_NAMES[level] ?? null,
  va: bigintOf(vaLo, vaHi),
  old: bigintOf(oldLo, oldHi),
  new: bigintOf(newLo, newHi),
})

export const readEvent = (
  cpu: number,
  op: number | null,
  [level, vaLo, vaHi, lo, hi]: readonly [Level, number, number, number, number],
): EventOf<'desc_read'> => ({
  kind: 'desc_read',
  ...common(cpu, op),
  level: LEVEL_NAMES[level] ?? null,
  va: bigintOf(vaLo, vaHi),
  val: bigintOf(lo, hi),
})

export const accessEvent = (
  cpu: number,
  op: number | null,
  access: Pick<EventOf<'access'>, 'mode' | 'va' | 'outcome' | 'stale'>,
): EventOf<'access'> => ({ kind: 'access', ...common(cpu, op), ...access })
