import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
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
 * The entries around the cursor's address of both sides, those of one place side by side: from the top table down, in
 * a table by address. A place is counted from the address looked at, for two kernels put a module at two addresses.
 */
export function pairStates(
  left: StateView | null,
  right: StateView | null,
  geometries: Geometries,
): EntryPair[] {
  const rest = new Map(placed(right).map((p) => [nameOf(p), p]))
  const both = placed(left).map((at) => {
    const other = rest.get(nameOf(at))?.entry ?? null
    rest.delete(nameOf(at))
    const answers = at.distance === 0n || at.entry.va === other?.va
    return { at, pair: pairOf(at.entry, other, answers, geometries) }
  })
  const alone = [...rest.values()].map((at) => ({
    at,
    pair: pairOf(null, at.entry, false, geometries),
  }))
  return [...both, ...alone].toSorted((a, b) => inTables(a.at, b.at)).map(({ pair }) => pair)
}

/** An entry's level and its distance from the one of that level that the address is in. */
interface Placed {
  readonly level: LevelName
  readonly distance: bigint
  readonly entry: EntryState
}

const nameOf = ({ level, distance }: Placed): string => `${level} ${distance}`

const inTables = (a: Placed, b: Placed): number =>
  LEVEL_NAMES.indexOf(a.level) - LEVEL_NAMES.indexOf(b.level) || Number(a.distance - b.distance)

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

function placed(state: StateView | null): Placed[] {
  if (!state) return []
  const here = state.near.find((e) => e.here)?.va ?? 0n
  return [
    ...state.path.map((entry) => ({ level: entry.level, distance: 0n, entry })),
    ...state.near.map((entry) => ({ level: entry.level, distance: entry.va - here, entry })),
  ]
}

/** So many pairs as there is room for: what differs before what is here before what is near it; their order stays. */
export function mostTelling(pairs: readonly EntryPair[], room: number): readonly EntryPair[] {
  const rank = (p: EntryPair) => (p.differs ? 0 : p.here ? 1 : 2)
  const order = pairs.map((_, i) => i)
  const here = pairs.findLastIndex((p) => p.here)
  const far = (i: number) => Math.abs(i - here)
  const kept = new Set(
    order.toSorted((a, b) => rank(pairs[a]!) - rank(pairs[b]!) || far(a) - far(b)).slice(0, room),
  )
  return pairs.filter((_, i) => kept.has(i))
}
