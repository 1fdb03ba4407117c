import { BH_OFF, IRQ, SOFTIRQ, TASK } from './task-stack.ts'

/** `common_flags` of a record: TRACE_FLAG_* of include/linux/trace_events.h. */
const IN_HARDIRQ = 0x08
const IN_SOFTIRQ = 0x10
const IN_NMI = 0x40
const IS_BH_OFF = 0x80

/** The context of an event by its flags as the ring buffer holds them. */
export function contextOf(flags: number): number {
  if (flags & (IN_HARDIRQ | IN_NMI)) return IRQ
  if (flags & IN_SOFTIRQ) return SOFTIRQ
  return flags & IS_BH_OFF ? BH_OFF : TASK
}
