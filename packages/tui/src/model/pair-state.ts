import type { LevelName } from '@pagetrail/engine'
import { formOf, type Geometries, withoutAddress } from '@pagetrail/recorder'
import type { EntryState, StateView } from '../data/data.ts'

/** An entry of A beside the one at the same place of B. */
export interface EntryPair {
  readonly level: LevelName
  readonly left: EntryState | null
  readonly right: EntryState | null
  /**
   * Both are known, of the same address or what translates the one looked at, so that they answer each other; a
   * neighbour at another address only stands at the same distance.
   */
  readonly compared: boolean
  /** They are compared, and map differently: other bits, or another form. Where they lead is each run's own. */
  readonly differs: boolean
  /** It is what translates the address, on one side at least. */
  readonly here: boolean
}

/**
 * The entries around the cursor's address of both sides, those of one place side by side, in the order of the left.
 * A place is counted from the address looked at, for two kernels put a module at two addresses.
 */
export function pairStates(
  left: StateView | null,
  right: StateView | null,
  geometries: Geometries,
): EntryPair[] {
  const rest = new Map(placed(right).map((p) => [p.place, p.entry]))
  const pairs = placed(left).map(({ place, entry }) => {
    const other = rest.get(place) ?? null
    rest.delete(place)
    return pairOf(entry, other, place.endsWith(' 0') || entry.va === other?.va, geometries)
  })
  for (const entry of rest.values()) pairs.push(pairOf(null, entry, false, geometries))
  return pairs
}

function pairOf(
  left: EntryState | null,
  right: EntryState | null,
  answers: boolean,
  geometries: Geometries,
): EntryPair {
  const one = left ?? right
  if (!one) throw new Error('a pair has an entry')
  const [a, b] = [left?.desc ?? null, right?.desc ?? null]
  const compared = answers && a !== null && b !== null
  return {
    level: one.level,
    left,
    right,
    compared,
    differs: compared && mapApart(a, b, one.level, geometries),
    here: left?.here === true || right?.here === true,
  }
}

/** Both are known, and map differently: other bits, or another form. */
export const mapApart = (
  a: bigint | null,
  b: bigint | null,
  level: LevelName,
  { left, right }: Geometries,
): boolean =>
  a !== null &&
  b !== null &&
  (formOf(a, level) !== formOf(b, level) || withoutAddress(a, left) !== withoutAddress(b, right))

/** Entries with their level and distance from the one that the address is in. */
function placed(state: StateView | null): { place: string; entry: EntryState }[] {
  if (!state) return []
  const here = state.near.find((e) => e.here)?.va ?? 0n
  return [
    ...state.path.map((entry) => ({ place: `${entry.level} 0`, entry })),
    ...state.near.map((entry) => ({ place: `${entry.level} ${entry.va - here}`, entry })),
  ]
}

/** So many pairs as there is room for: what differs before what is here before the rest; their order stays. */
export function mostTelling(pairs: readonly EntryPair[], room: number): readonly EntryPair[] {
  const rank = (p: EntryPair) => (p.differs ? 0 : p.here ? 1 : 2)
  const order = pairs.map((_, i) => i)
  const kept = new Set(
    order.toSorted((a, b) => rank(pairs[a]!) - rank(pairs[b]!) || a - b).slice(0, room),
  )
  return pairs.filter((_, i) => kept.has(i))
}
