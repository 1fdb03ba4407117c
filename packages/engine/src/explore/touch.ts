import type { Lock } from '../machine/locks.ts'
import type { Slot } from '../machine/memory.ts'
import type { ScheduledCpu } from '../play/scheduled-cpu.ts'

/** What a step touches. Two of different CPUs are dependent if they touch the same and one of them changes it. */
export interface Touch {
  readonly what: Slot | Lock | typeof TABLES | typeof TLBS
  readonly changes: boolean
}

const TABLES = Symbol('tables')
/** All TLBs at once, with what walkers may see: finer distinctions would be right, this one is safe. */
const TLBS = Symbol('TLBs')

export const ALLOCATION: Touch = { what: TABLES, changes: true }
const TLB_CHANGE: Touch = { what: TLBS, changes: true }

/** Adds what the step touches that the CPU takes now. */
export function touch(touches: Touch[], cpu: ScheduledCpu): void {
  const at = cpu.length
  const { tlb } = cpu.cpu.system
  switch (cpu.kindAt(at)) {
    case 'load':
      touches.push({ what: cpu.slotAt(at), changes: false })
      break
    case 'store':
    case 'atomic':
      touches.push({ what: cpu.slotAt(at), changes: true })
      if (tlb !== null) touches.push(TLB_CHANGE)
      break
    case 'acquire':
    case 'try':
    case 'release':
      touches.push({ what: cpu.lockAt(at) as Lock, changes: true })
      break
    case 'tlb':
      touches.push(TLB_CHANGE)
      break
    default:
      if (tlb !== null) touches.push(TLB_CHANGE)
  }
}
