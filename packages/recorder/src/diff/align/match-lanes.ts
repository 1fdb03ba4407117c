import { align } from './align.ts'
import type { CallLane } from './lanes.ts'

/** Two lanes that do the same work in either run. */
export interface LaneMatch {
  readonly left: CallLane | null
  readonly right: CallLane | null
}

/** A lane with what it does: how often each kind of call. */
interface Profile {
  readonly lane: CallLane
  readonly counts: ReadonlyMap<number, number>
  /** Equal if and only if the counts are. */
  readonly text: string
  /** The same of what its calls found and made of it. */
  readonly digest: string
}

/** Numbers of each call: equal where function, size and arguments are, and where what was found is besides. */
export interface LaneKeys {
  readonly size: Int32Array
  readonly digest: Int32Array
}

/** Share of the calls of two lanes of different names that must be alike for them to be one lane. */
const ALIKE = 0.5

/** What ftrace prints for a task whose name it did not keep. */
const NAMELESS = '<...>'
/** Pairs of lanes that are looked at; beyond, only those whose places in the order are near. */
const CANDIDATES = 1_000_000

/**
 * Which lanes of two runs belong together. Among lanes of one name: those that do the same, in order and then in
 * whatever order; then those that do the most alike; then the first with the first. What is left is matched by what it
 * does alone.
 */
export function matchLanes(
  left: readonly CallLane[],
  right: readonly CallLane[],
  leftKeys: LaneKeys,
  rightKeys: LaneKeys,
): LaneMatch[] {
  const matches: LaneMatch[] = []
  const restLeft: Profile[] = []
  const restRight: Profile[] = []
  const names = new Set([...left, ...right].map(({ common }) => common))
  const leftByName = byName(left, leftKeys)
  const rightByName = byName(right, rightKeys)
  for (const name of names) {
    const same = { left: leftByName.get(name) ?? [], right: rightByName.get(name) ?? [] }
    const other = matchEqual(same, 'digest', matches)
    const rest = matchEqual(other, 'text', matches)
    const isName = name !== NAMELESS
    const apart = matchAlike(rest.left, rest.right, isName ? 0 : ALIKE, matches)
    const both = isName ? Math.min(apart.left.length, apart.right.length) : 0
    for (let i = 0; i < both; i++)
      matches.push({ left: apart.left[i]!.lane, right: apart.right[i]!.lane })
    for (const profile of apart.left.slice(both)) restLeft.push(profile)
    for (const profile of apart.right.slice(both)) restRight.push(profile)
  }
  const last = matchAlike(
    restLeft.filter(isSequential),
    restRight.filter(isSequential),
    ALIKE,
    matches,
  )
  const alone = (rest: readonly Profile[], found: readonly Profile[]): CallLane[] =>
    [...rest.filter((profile) => !isSequential(profile)), ...found].map(({ lane }) => lane)
  for (const lane of alone(restLeft, last.left)) matches.push({ left: lane, right: null })
  for (const lane of alone(restRight, last.right)) matches.push({ left: null, right: lane })
  return withNameless(matches)
}

const isSequential = ({ lane }: Profile): boolean => lane.kind === 'sequential'

/** Tasks without name and without counterpart may be workers: where there is a pool of these, they go there. */
function withNameless(matches: readonly LaneMatch[]): LaneMatch[] {
  const pool = matches.find((match) => (match.left ?? match.right)?.kind === 'pooled')
  const isNameless = ({ left, right }: LaneMatch): boolean =>
    (left === null || right === null) && (left ?? right)?.common === NAMELESS
  if (!pool || !matches.some(isNameless)) return [...matches]
  const nameless = matches.filter(isNameless)
  const rest = matches.filter((match) => match !== pool && !isNameless(match))
  const left = joined(
    pool.left,
    nameless.flatMap((match) => match.left ?? []),
  )
  const right = joined(
    pool.right,
    nameless.flatMap((match) => match.right ?? []),
  )
  return [...rest, { left, right }]
}

/** The pool with the calls of others; of none, a pool of their own. */
function joined(pool: CallLane | null, others: readonly CallLane[]): CallLane | null {
  const [first] = others
  if (!first) return pool
  const calls = [...(pool?.calls ?? []), ...others.flatMap((lane) => lane.calls)]
  const { name, common } = pool ?? first
  return { kind: 'pooled', name, common, calls: calls.toSorted((p, q) => p - q) }
}

const byName = (lanes: readonly CallLane[], keys: LaneKeys): Map<string, Profile[]> =>
  Map.groupBy(
    lanes.map((lane) => profileOf(lane, keys)),
    ({ lane }) => lane.common,
  )

function profileOf(lane: CallLane, { size, digest }: LaneKeys): Profile {
  const counts = countsOf(lane, size)
  return { lane, counts, text: textOf(counts), digest: textOf(countsOf(lane, digest)) }
}

function countsOf({ calls }: CallLane, keys: Int32Array): Map<number, number> {
  const counts = new Map<number, number>()
  for (const i of calls) counts.set(keys[i]!, (counts.get(keys[i]!) ?? 0) + 1)
  return counts
}

const textOf = (counts: ReadonlyMap<number, number>): string =>
  [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([key, n]) => `${key}:${n}`)
    .join(' ')

interface Rest {
  readonly left: readonly Profile[]
  readonly right: readonly Profile[]
}

/** Lanes that do the same: as many as possible in order, the others first with first. */
function matchEqual({ left, right }: Rest, by: 'digest' | 'text', matches: LaneMatch[]): Rest {
  const ids = new Map<string, number>()
  const numbers = (profiles: readonly Profile[]): Int32Array =>
    Int32Array.from(profiles, (profile) => {
      const id = ids.get(profile[by]) ?? ids.size
      ids.set(profile[by], id)
      return id
    })
  const found = align(numbers(left), numbers(right), Number.POSITIVE_INFINITY).matches
  const taken = new Set<Profile>()
  const match = (a: Profile, b: Profile): void => {
    matches.push({ left: a.lane, right: b.lane })
    taken.add(a).add(b)
  }
  for (let at = 0; at < found.length; at += 3) {
    for (let n = 0; n < found[at + 2]!; n++)
      match(left[found[at]! + n]!, right[found[at + 1]! + n]!)
  }
  const free = (profile: Profile): boolean => !taken.has(profile)
  const waiting = Map.groupBy(right.filter(free), (profile) => profile[by])
  for (const profile of left.filter(free)) {
    const other = waiting.get(profile[by])?.shift()
    if (other) match(profile, other)
  }
  return { left: left.filter(free), right: right.filter(free) }
}

/** The most alike first; among equals those whose places in the order are nearest. */
function matchAlike(
  left: readonly Profile[],
  right: readonly Profile[],
  least: number,
  matches: LaneMatch[],
): Rest {
  if (left.length === 0 || right.length === 0) return { left, right }
  const reach = Math.max(1, Math.floor(CANDIDATES / left.length))
  const found: { i: number; j: number; score: number; apart: number }[] = []
  left.forEach((profile, i) => {
    const middle = Math.round((i * right.length) / left.length)
    const end = Math.min(right.length, middle + reach)
    for (let j = Math.max(0, middle - reach); j < end; j++) {
      const score = likeness(profile, right[j]!)
      const apart = Math.abs(i / left.length - j / right.length)
      if (score > 0 && score >= least) found.push({ i, j, score, apart })
    }
  })
  found.sort((p, q) => q.score - p.score || p.apart - q.apart || p.i - q.i || p.j - q.j)
  const takenLeft = new Set<number>()
  const takenRight = new Set<number>()
  for (const { i, j } of found) {
    if (takenLeft.has(i) || takenRight.has(j)) continue
    matches.push({ left: left[i]!.lane, right: right[j]!.lane })
    takenLeft.add(i)
    takenRight.add(j)
  }
  return {
    left: left.filter((_, i) => !takenLeft.has(i)),
    right: right.filter((_, j) => !takenRight.has(j)),
  }
}

/** Calls that both make, of all that either makes: 0 to 1. */
function likeness(a: Profile, b: Profile): number {
  let shared = 0
  for (const [key, n] of a.counts) shared += Math.min(n, b.counts.get(key) ?? 0)
  return (2 * shared) / (a.lane.calls.length + b.lane.calls.length)
}
