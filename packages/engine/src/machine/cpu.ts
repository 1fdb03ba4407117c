import type { Constants, Features } from './features.ts'
import type { Flavour } from './flavour.ts'
import type { Geometry } from '../arch/geometry.ts'
import type { Context, Hooks } from './hooks.ts'
import type { Journal } from './journal.ts'
import type { Memory } from './memory.ts'
import type { Mm } from './mm.ts'
import type { Stepper } from './stepper.ts'
import type { TlbModel } from './tlb-model.ts'
import type { Pa, Va, Words } from '../arch/u64.ts'
import type { Locks } from './lock.ts'

/** struct vm_struct, as far as change_memory_common() looks at it. */
export interface Area {
  readonly start: Va
  /** Includes the guard page. */
  readonly size: number
  /** VM_* bits. */
  readonly flags: number
  readonly nrPages: number
  /** Physical addresses of area->pages[], as runs of consecutive frames. */
  readonly pages: readonly { readonly pa: Pa; readonly count: number }[]
}

/** What all CPUs of a machine share. */
export interface System {
  readonly geometry: Geometry
  readonly flavour: Flavour
  readonly features: Features
  readonly constants: Constants
  readonly memory: Memory
  readonly locks: Locks
  readonly areas: Area[]
  /** Besides init_mm. */
  readonly mms: Mm[]
  /** WARN_ON_ONCE() sites that have fired. */
  readonly latches: Set<string>
  /** PAGE_KERNEL of this kernel. */
  readonly pageKernel: Words
  /** linear_map_requires_bbml3, decided at boot (7.3). */
  readonly linearMapRequiresBbml: boolean
  /** What TLBs may hold; null: nobody accesses anything, and it is not kept. */
  readonly tlb: TlbModel | null
  /** What is written down so that a search can take it back; null: nobody searches. */
  journal: Journal | null
}

/** Lazy-MMU state of the task on a CPU. */
export interface LazyState {
  /** TIF_LAZY_MMU, or enable_count > 0. */
  enabled: boolean
  /** enable_count. The flag design has no count: there it only says how many sections are open, for the events. */
  depth: number
  paused: number
  pending: boolean
}

/**
 * One CPU and the task it runs: what the kernel's functions find in `current` and in per-CPU data. Every modelled
 * function takes it first.
 */
export class Cpu {
  readonly id: number
  readonly system: System
  readonly memory: Memory
  readonly geometry: Geometry
  readonly flavour: Flavour
  readonly features: Features
  /** Null: nobody listens, or the CPU is being replayed. */
  hooks: Hooks | null
  /** Null in a plain run, unless the machine has a model TLB. */
  stepper: Stepper | null = null
  readonly lazy: LazyState = { enabled: false, depth: 0, paused: 0, pending: false }
  context: Context
  spinDepth = 0
  /** The caller of a walker holds init_mm.mmap_lock, without an event. */
  assumesMmapLock = false
  /** A call did not return: later ones are not run. */
  stopped = false
  /** Table allocations of the current call so far, and the one that fails (0: none). */
  allocations = 0
  failingAllocation = 0

  constructor(id: number, system: System, hooks: Hooks | null) {
    this.id = id
    this.system = system
    this.memory = system.memory
    this.geometry = system.geometry
    this.flavour = system.flavour
    this.features = system.features
    this.hooks = hooks
    this.context = system.features.in_interrupt ? 'softirq' : 'task'
  }

  /** Back to a task that has done nothing: before a program starts, and before it is run again. */
  resetTask(): void {
    this.lazy.enabled = false
    this.lazy.depth = 0
    this.lazy.paused = 0
    this.lazy.pending = false
    this.context = this.features.in_interrupt ? 'softirq' : 'task'
    this.spinDepth = 0
    this.assumesMmapLock = false
    this.stopped = false
    this.allocations = 0
    this.failingAllocation = 0
  }
}

/**
 * Nobody watches this CPU, and nobody will before the function that asks returns: of a scheduled one the hooks are
 * only silent while its program is run again, and speak from its first new step on.
 */
export const isUnwatched = (cpu: Cpu): boolean => cpu.hooks === null && cpu.stepper === null
