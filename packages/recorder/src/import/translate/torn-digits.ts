import { F_CLEAR, F_PAGES, F_SET, type Slots } from './fields.ts'
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
  const [one, other] = [a, b].map(({ lo, hi }) => {
    return ((BigInt(hi[slot]!) << 32n) | BigInt(lo[slot]!)).toString(base)
  })
  return one !== '0' && other !== '0' && (one!.startsWith(other!) || other!.startsWith(one!))
}
