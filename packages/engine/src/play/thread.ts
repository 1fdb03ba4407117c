import { setContext } from '../machine/context.ts'
import { Cpu } from '../machine/cpu.ts'
import type { Context, Hooks } from '../machine/hooks.ts'
import type { Machine } from './machine.ts'
import { ScheduledCpu } from './scheduled-cpu.ts'
import type { Program, Turns } from './scheduled-cpu.ts'

/** What a CPU does, and what may interrupt it. */
export interface CpuWork {
  readonly program: Program
  readonly interrupts: readonly Interrupt[]
}

/** Arrives once, at any step boundary of its CPU, and runs to its end on top of what ran. */
export interface Interrupt {
  readonly context: Context
  readonly program: Program
  /** The one before it once more: which of the two arrives first is the same. */
  readonly isAgain?: boolean
}

/**
 * What is scheduled: the programs of CPUs, by number, and after them their interrupts. An interrupt runs on its CPU,
 * which waits meanwhile; it finds the lazy MMU mode and the locks that it has interrupted.
 */
export function scheduleThreads(
  machine: Machine,
  works: readonly (Program | CpuWork)[],
  turns: Turns,
  hooks: Hooks | null = machine.cpu(0).hooks,
): readonly ScheduledCpu[] {
  const hosts = works.map((work, id) => {
    const program = typeof work === 'function' ? work : work.program
    return new ScheduledCpu(id, machine.cpu(id), program, turns, hooks)
  })
  const threads = [...hosts]
  for (const [id, work] of works.entries()) {
    if (typeof work === 'function') continue
    const host = hosts[id] as ScheduledCpu
    for (const { context, program, isAgain } of work.interrupts) {
      const cpu = new Cpu(id, machine.system, hooks)
      const arriving = (on: Cpu): ReturnType<Program> => {
        interrupt.arrive()
        const before = on.context
        setContext(on, context)
        const result = program(on)
        setContext(on, before)
        return result
      }
      const interrupt = new ScheduledCpu(threads.length, cpu, arriving, turns, hooks)
      interrupt.interrupts(host, isAgain)
      threads.push(interrupt)
    }
  }
  return threads
}
