import { type EventFields, Slots } from './fields.ts'
import type { MetProbe } from './probe-table.ts'

/** The line does not say; taken for the task's own. */
export const NOT_SHOWN = -1

/** Contexts of a CPU, innermost last: one that is entered returns before the one below it goes on. */
export const TASK = 0

/** Bottom halves are off, or irqs and bottom halves: still the task's own code. */
export const BH_OFF = 1
export const SOFTIRQ = 2
export const IRQ = 3

/** Index = context. */
export const CONTEXT_NAMES = ['task', 'bh_off', 'softirq', 'irq'] as const

/** More open functions than any kernel stack holds: returns must have been lost. */
const MAX_DEPTH = 256

/** A function that was entered and has not returned, with what its entry was probed with in its slots. */
export class TaskFrame extends Slots {
  probe: MetProbe
  /** SOFTIRQ, IRQ, or TASK for both contexts of a task. */
  context = TASK
  /** Top-level call that it is part of, or -1. */
  op = -1
  /** Depth of its own rows in the call tree, and of what happens inside. */
  nest = 0
  inner = 0
  /** It is a call of its own. */
  outermost = false
  /** The row of the last store that a probe showed in this callback, counted from the first of all; -1: none. */
  store = -1
  /** Events of its CPU were lost since it was entered. */
  suspect = false

  constructor(probe: MetProbe) {
    super()
    this.probe = probe
  }

  /** Keeps what the entry was probed with. */
  keep(fields: EventFields): void {
    // Calls of set() would take longer than a few words do.
    for (let slot = 0; slot < this.lo.length; slot++) {
      this.lo[slot] = fields.lo[slot]!
      this.hi[slot] = fields.hi[slot]!
    }
    this.present = fields.present
  }
}

/** The functions that are open on a task, outermost first. Frames are reused: pushing allocates only at a new depth. */
export class TaskStack {
  depth = 0
  /** Where the task was last seen, and when: ns since the first event. */
  cpu = 0
  latest = -Infinity
  readonly #frames: TaskFrame[] = []

  /** Depth in the call tree of what happens now. */
  get nest(): number {
    return this.depth === 0 ? 0 : this.#frames[this.depth - 1]!.inner
  }

  get full(): boolean {
    return this.depth === MAX_DEPTH
  }

  at(index: number): TaskFrame {
    return this.#frames[index]!
  }

  push(probe: MetProbe, context: number): TaskFrame {
    let frame = this.#frames[this.depth]
    if (frame) frame.probe = probe
    else this.#frames.push((frame = new TaskFrame(probe)))
    const nest = this.nest
    this.depth++
    frame.context = context
    frame.op = -1
    frame.nest = nest
    // A split is an event of its caller, not a level of the tree.
    frame.inner = probe.role === 'split' ? nest : nest + 1
    frame.store = -1
    frame.suspect = false
    frame.present = 0
    return frame
  }

  /** The innermost open function, if it belongs to this context and not to what was interrupted. */
  top(context: number): TaskFrame | undefined {
    if (this.depth === 0) return undefined
    const frame = this.#frames[this.depth - 1]!
    return frame.context === context ? frame : undefined
  }

  /** Index of the innermost frame of the function of this `fnId` in the given context, below `from`; or -1. */
  find(fn: number, context: number, from = this.depth): number {
    for (let i = from - 1; i >= 0; i--) {
      const frame = this.#frames[i]!
      if (frame.context < context) return -1
      if (frame.probe.fnId === fn) return i
    }
    return -1
  }

  /** Events of its CPU were lost: what is open may have returned unseen. */
  suspectAll(): void {
    for (let i = 0; i < this.depth; i++) this.#frames[i]!.suspect = true
  }

  /**
   * To which depth the task has provably left what is open in this context when it enters `probe`'s function: past
   * functions that call none of the API where it is one of those, and past that function itself, which does not call
   * itself. What KFENCE calls proves nothing: its timer comes in between, and so does what the scheduler frees.
   */
  leftBefore(probe: MetProbe, context: number): number {
    let depth = this.depth
    if (probe.anywhere === true) return depth
    for (let i = this.depth - 1; i >= 0; i--) {
      const frame = this.#frames[i]!
      if (frame.context !== context) break
      const calls = frame.probe.callsApi === true
      if (!calls && (probe.role === 'api' || frame.probe.fnId === probe.fnId)) depth = i
      else if (probe.role === 'api' || frame.probe.role === 'api') break
    }
    return depth
  }

  /** The innermost frame of the context whose function is named so, leading underscores aside. */
  findBare(bare: string, context: number): TaskFrame | undefined {
    for (let i = this.depth - 1; i >= 0; i--) {
      const frame = this.#frames[i]!
      if (frame.context !== context) return undefined
      if (frame.probe.bare === bare) return frame
    }
    return undefined
  }
}

/** A task as lines name it. */
export interface Task {
  /** Interned `comm-pid`. */
  readonly name: number
  /** Open functions; the idle tasks share pid 0 and have a stack for each CPU. */
  readonly stacks: TaskStacks
}

export interface TaskStacks {
  readonly idle: boolean
  readonly byCpu: (TaskStack | undefined)[]
}

/** The open functions of a task; of the idle task, on this CPU. */
export function stackOf(task: Task, cpu: number): TaskStack {
  const index = task.stacks.idle ? cpu : 0
  return (task.stacks.byCpu[index] ??= new TaskStack())
}
