import type { Slot } from '../machine/memory.ts'
import type { ScheduledCpu } from '../play/scheduled-cpu.ts'
import type { Lock } from '../machine/lock.ts'

/** What a step touches. Two of different CPUs are dependent if they touch the same and one of them changes it. */
export interface Touch {
  readonly what: Slot | Lock | typeof TABLES | typeof TLBS | typeof USE | ScheduledCpu
  readonly changes: boolean
}

const TABLES = Symbol('tables')

/** All TLBs at once, with what walkers may see: finer distinctions would be right, this one is safe. */
const TLBS = Symbol('TLBs')

export const ALLOCATION: Touch = { what: TABLES, changes: true }

/** Using entries conflicts with freeing a table, whichever tables they are: coarser than need be, and safe. */
const USE = Symbol('tables in use')
const IN_USE: Touch = { what: USE, changes: false }
const FREED: Touch = { what: USE, changes: true }
const TLB_CHANGE: Touch = { what: TLBS, changes: true }

/** Adds what the step touches that the CPU takes now. */
export function touch(touches: Touch[], cpu: ScheduledCpu): void {
  const at = cpu.length
  const { tlb } = cpu.cpu.system
  // The order of an interrupt and of the steps of what it interrupts is always of interest.
  const { interruptible } = cpu
  if (interruptible !== null) touches.push({ what: interruptible, changes: cpu.isInterrupt })
  switch (cpu.kindAt(at)) {
    case 'load':
      touches.push({ what: cpu.slotAt(at), changes: false })
      touches.push(IN_USE)
      break
    case 'store':
    case 'atomic':
      touches.push({ what: cpu.slotAt(at), changes: true })
      touches.push(IN_USE)
      if (tlb !== null) touches.push(TLB_CHANGE)
      break
    case 'acquire':
    case 'try':
    case 'release':
      touches.push({ what: cpu.lockAt(at) as Lock, changes: true })
      break
    case 'free':
      touches.push(FREED)
      break
    case 'tlb':
      touches.push(TLB_CHANGE)
      break
    case 'arrive':
      break
    default:
      if (tlb !== null) touches.push(TLB_CHANGE)
  }
}
