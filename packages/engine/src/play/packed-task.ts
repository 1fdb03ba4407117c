import type { Cpu } from '../machine/cpu.ts'

/** What an interrupt finds and leaves of the task that it interrupts, as a number. */
export const packTask = ({ lazy, spinDepth }: Cpu): number =>
  Number(lazy.enabled) |
  (Number(lazy.pending) << 1) |
  (lazy.depth << 2) |
  (lazy.paused << 10) |
  (spinDepth << 18)

export function unpackTask(cpu: Cpu, task: number): void {
  cpu.lazy.enabled = (task & 1) !== 0
  cpu.lazy.pending = (task & 2) !== 0
  cpu.lazy.depth = (task >> 2) & 0xff
  cpu.lazy.paused = (task >> 10) & 0xff
  cpu.spinDepth = task >> 18
}
