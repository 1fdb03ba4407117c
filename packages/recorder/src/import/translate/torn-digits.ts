import { F_CLEAR, F_NEW, F_OLD, F_PAGES, F_SET, type Slots } from './fields.ts'
import type { TaskStack } from './task-stack.ts'

/** What functions hand on to those that they call, and the base in which a line has it. */
const HANDED_ON: readonly (readonly [slot: number, base: number])[] = [
  [F_CLEAR, 16],
  [F_SET, 16],
  [F_PAGES, 10],
]

const ANY = HANDED_ON.reduce((bits, [slot]) => bits | (1 << slot), 0)

/**
 * Whether what a function was called with and what its caller was called with are one number of which a line has lost
 * the last digits: nothing else makes one the beginning of the other.
 */
export function hasLostDigits(entry: Slots, stack: TaskStack, context: number): boolean {
  if ((entry.present & ANY) === 0) return false
  for (let i = stack.depth - 1; i >= 0; i--) {
    const caller = stack.at(i)
    if (caller.context !== context) return false
    const both = entry.present & caller.present
    for (const [slot, base] of HANDED_ON) {
      if (
        ((both >> slot) & 1) === 1 &&
        differ(entry, caller, slot) &&
        begins(entry, caller, slot, base)
      )
        return true
    }
    // Those above have it from this one.
    if (caller.has(F_CLEAR)) return false
  }
  return false
}

const differ = (a: Slots, b: Slots, slot: number): boolean =>
  a.lo[slot] !== b.lo[slot] || a.hi[slot] !== b.hi[slot]

function begins(a: Slots, b: Slots, slot: number, base: number): boolean {
  const [one, other] = [a, b].map((slots) => valueOf(slots, slot).toString(base))
  return one !== '0' && other !== '0' && (one!.startsWith(other!) || other!.startsWith(one!))
}

/**
 * Whether a store is explained by the masks of its callback if the last of them, which ends its line, has lost digits,
 * and not without that.
 */
export function isMaskTorn(entry: Slots, store: Slots): boolean {
  if (!entry.has(F_SET) || !entry.has(F_CLEAR)) return false
  const [set, clear] = [valueOf(entry, F_SET), valueOf(entry, F_CLEAR)]
  const [before, after] = [valueOf(store, F_OLD), valueOf(store, F_NEW)]
  const off = before & ~after
  if ((after & ~before & ~set) !== 0n || (off & ~clear) === 0n || clear === 0n) return false
  for (let digits = 4n; digits < 64n; digits += 4n) if (off >> digits === clear) return true
  return false
}

const valueOf = ({ lo, hi }: Slots, slot: number): bigint =>
  (BigInt(hi[slot]!) << 32n) | BigInt(lo[slot]!)
