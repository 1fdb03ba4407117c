import type { Cpu, LazyState } from '../machine/cpu.ts'

/** What a CPU's task has besides what its program remembers. */
export interface TaskState {
  readonly lazy: Readonly<LazyState>
  readonly context: Cpu['context']
  readonly spinDepth: number
  readonly assumesMmapLock: boolean
  readonly stopped: boolean
  readonly allocations: number
  readonly failingAllocation: number
}

export function taskOf(cpu: Cpu): TaskState {
  const { context, spinDepth, assumesMmapLock, stopped, allocations, failingAllocation } = cpu
  const lazy = { ...cpu.lazy }
  return { lazy, context, spinDepth, assumesMmapLock, stopped, allocations, failingAllocation }
}

export function restoreTask(cpu: Cpu, { lazy, ...rest }: TaskState): void {
  Object.assign(cpu, rest)
  Object.assign(cpu.lazy, lazy)
}

/** The same as a text; equal texts, equal states. */
export function taskText(cpu: Cpu): string {
  const { lazy } = cpu
  const mode = `${Number(lazy.enabled)}.${lazy.depth}.${lazy.paused}.${Number(lazy.pending)}`
  const flags = `${Number(cpu.assumesMmapLock)}.${Number(cpu.stopped)}.${cpu.spinDepth}`
  return `${mode}.${flags}.${cpu.allocations}.${cpu.failingAllocation}.${cpu.context}`
}
