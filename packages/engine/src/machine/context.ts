import type { Cpu } from './cpu.ts'
import type { Context } from './hooks.ts'

/** in_interrupt(), all versions: NMI, hard interrupt, softirq, or bottom halves disabled. */
export const inInterrupt = (cpu: Cpu): boolean => cpu.context !== 'task'

/** Enter or leave an interrupt or a section with bottom halves off. Lazy MMU mode does not act in one. */
export function setContext(cpu: Cpu, context: Context): void {
  cpu.context = context
  cpu.hooks?.context(context)
}

/** might_sleep(), all versions: reports a sleeping operation in atomic context, whether or not it would have slept. */
export function mightSleep(cpu: Cpu, fn: string): void {
  if (cpu.context !== 'task' || cpu.spinDepth > 0) cpu.hooks?.sleepInAtomic(fn, cpu.context)
}
