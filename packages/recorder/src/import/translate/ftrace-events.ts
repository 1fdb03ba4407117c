import { NONE } from '../../event/batch.ts'
import { KINDS } from '../../event/kinds.ts'
import type { Kind } from '../../event/kinds.ts'
import { beginFunction } from './call-begin.ts'
import { endCallback, endFunction } from './call-end.ts'
import type { EventSink } from '../../event/event-sink.ts'
import type { EventFields } from './fields.ts'
import type { OwnNames } from './own-names.ts'
import { putPoint } from './point-events.ts'
import { type LineShape, makeProbe, type MetProbe } from './probe-table.ts'
import { beginSplit, endSplit } from './split-events.ts'
import { hasLostDigits } from './torn-digits.ts'
import { TraceState, type TraceStateOptions } from './trace-state.ts'
import {
  CONTEXT_NAMES,
  NOT_SHOWN,
  SOFTIRQ,
  stackOf,
  TASK,
  type Task,
  type TaskStack,
} from './task-stack.ts'

/** What a translation came to. */
export interface TranslationCounts {
  /** Rows by kind. */
  readonly kinds: Partial<Record<Kind, number>>
  /** Events as ftrace names them. */
  readonly names: Readonly<Record<string, number>>
  /** Events that no kind stands for, by name. */
  readonly unknown: Readonly<Record<string, number>>
  /** Entries without a return and returns without an entry. */
  readonly unpaired: number
  /** Events that are known to be missing. */
  readonly lost: number
}

export interface TranslationOptions extends TraceStateOptions {
  /** By names of events, what their lines are known to look like. */
  readonly shapes?: Readonly<Record<string, LineShape>>
  /** What the traced tree calls functions that Pagetrail knows by another name. */
  readonly names?: OwnNames
}

/** More different events than any kernel has: the input is not a trace. */
export const MAX_EVENT_NAMES = 20_000

/**
 * Turns the events of ftrace into Pagetrail's kinds, whatever form they were read from. Entries and returns are paired
 * on the stack of their task, with that of the interrupt that is running on top of it. A frame has lost its return
 * where one below it returns, or where the task goes on although its interrupt has not returned.
 */
export class FtraceEvents extends TraceState {
  readonly #names: OwnNames
  readonly #shapes: Readonly<Record<string, LineShape>>
  #probes = new Map<string, MetProbe>()
  /** Stacks that are not empty. */
  #stacks = new Map<TaskStack, Task>()
  /** By CPU; TASK where nothing else was seen. */
  #contexts: number[] = []
  #contextIds: readonly number[]
  #nextOp = 0
  #unpaired = 0
  #lost = 0

  constructor(sink: EventSink, options: TranslationOptions) {
    super(sink, options)
    this.#names = options.names ?? new Map()
    this.#shapes = options.shapes ?? {}
    this.#contextIds = CONTEXT_NAMES.map((name) => sink.intern(name))
  }

  get probes(): Iterable<MetProbe> {
    return this.#probes.values()
  }

  get probeCount(): number {
    return this.#probes.size
  }

  /** What lines of each event look like, where the first of one were torn and taken for whole; null: none were. */
  get tornShapes(): Record<string, LineShape> | null {
    const probes = [...this.#probes.values()]
    if (!probes.some(({ wasTorn }) => wasTorn)) return null
    return Object.fromEntries(probes.map(({ name, shape }) => [name, shape]))
  }

  /** Entries without a return and returns without an entry, so far. */
  get unpaired(): number {
    return this.#unpaired
  }

  /** The probe of an event name; readers keep it with the name. */
  probe(name: string): MetProbe {
    let probe = this.#probes.get(name)
    if (!probe) {
      const shape = Object.hasOwn(this.#shapes, name) ? this.#shapes[name] : undefined
      probe = makeProbe(name, (text) => this.rows.sink.intern(text), this.#names, shape)
      this.#probes.set(name, probe)
    }
    return probe
  }

  /** One event. `ts` is ns since the first, or NONE; `context` one of task-stack's. */
  event(
    probe: MetProbe,
    fields: EventFields,
    task: Task,
    cpu: number,
    ts: number,
    context: number,
  ): void {
    const rows = this.rows
    rows.cpu = cpu
    rows.task = task.name
    rows.ts = ts
    probe.count++
    const stack = stackOf(task, cpu)
    stack.cpu = cpu
    const level = context < SOFTIRQ ? TASK : context
    if (context !== NOT_SHOWN && (this.#contexts[cpu] ?? TASK) !== context)
      this.#changeContext(stack, cpu, context, level)
    if (stack.depth > 0 && stack.at(stack.depth - 1).context > level) this.#leaveTo(stack, level)
    switch (probe.role) {
      case 'api':
      case 'span':
      case 'walk':
      case 'callback':
      case 'split':
        return this.#enter(probe, fields, task, stack, level)
      case 'return':
        return this.#return(probe, fields, stack, level)
      default:
        putPoint(this, probe, fields, stack, level)
    }
  }

  /** Events of this CPU were lost: what is open on it may have returned unseen. */
  lost(cpu: number, count: number | null, reason: string): void {
    for (const stack of this.#stacks.keys()) if (stack.cpu === cpu) stack.suspectAll()
    this.#lost += count ?? 0
    this.rows.cpu = cpu
    this.rows.task = NONE
    this.rows.gap(reason, count)
  }

  /** A line that may be an event's could not be read, on whichever CPU. */
  suspect(): void {
    for (const stack of this.#stacks.keys()) stack.suspectAll()
  }

  /** Ends the translation: whatever is open lost its return. */
  finish(): TranslationCounts {
    for (const [stack, task] of this.#stacks) {
      this.rows.task = task.name
      this.#unwind(stack, 0)
    }
    const names: Record<string, number> = {}
    const unknown: Record<string, number> = {}
    for (const probe of this.#probes.values()) {
      if (probe.count === 0) continue
      names[probe.name] = probe.count
      if (probe.role === 'unknown') unknown[probe.name] = probe.count
    }
    return { kinds: this.rows.counts(), names, unknown, unpaired: this.#unpaired, lost: this.#lost }
  }

  #enter(probe: MetProbe, fields: EventFields, task: Task, stack: TaskStack, level: number): void {
    this.#unwind(stack, stack.full ? 0 : stack.leftBefore(probe, level))
    if (stack.depth === 0) this.#stacks.set(stack, task)
    const parent = stack.top(level)
    // None of the API calls itself: a call within the same one was made while the task was being scheduled.
    const outermost =
      probe.role === 'api' &&
      (parent === undefined || parent.op < 0 || stack.find(probe.fnId, level) >= 0)
    const op = outermost ? this.#nextOp++ : (parent?.op ?? NONE)
    if (probe.role === 'split') beginSplit(this, probe, fields, stack, level)
    else beginFunction(this, probe, fields, op, outermost, stack.nest)
    if (hasLostDigits(fields, stack, level))
      this.rows.gap(
        `a value that ${probe.fn} was called with has lost digits`,
        null,
        op,
        stack.nest,
      )
    const frame = stack.push(probe, level)
    frame.op = op
    frame.outermost = outermost
    frame.keep(fields)
  }

  #return(probe: MetProbe, fields: EventFields, stack: TaskStack, level: number): void {
    const open = entryOf(probe, fields, stack, level)
    if (open < 0) {
      const op = stack.top(level)?.op ?? NONE
      this.#gap(`entry of ${probe.fn} not seen`, op, stack.nest)
      // One that is open is another call: what this one returned must not be taken for its end.
      if (stack.find(probe.fnId, level) >= 0) return
      return endFunction(this, probe, fields, op, false, stack.nest)
    }
    this.#unwind(stack, open + 1)
    const frame = stack.at(open)
    if (frame.probe.role === 'callback') endCallback(this, probe, fields, frame)
    else if (frame.probe.role === 'split') endSplit(this, probe, fields, stack, open)
    else endFunction(this, probe, fields, frame.op, frame.outermost, frame.nest)
    stack.depth = open
    if (open === 0) this.#stacks.delete(stack)
  }

  /** Drops frames down to `depth`; each has lost its return. */
  #unwind(stack: TaskStack, depth: number): void {
    while (stack.depth > depth) {
      const frame = stack.at(--stack.depth)
      this.#gap(`return of ${frame.probe.fn} not seen`, frame.op, frame.nest)
    }
  }

  #leaveTo(stack: TaskStack, level: number): void {
    let depth = stack.depth
    while (depth > 0 && stack.at(depth - 1).context > level) depth--
    this.#unwind(stack, depth)
  }

  #gap(reason: string, op: number, nest: number): void {
    this.#unpaired++
    this.rows.gap(reason, null, op, nest)
  }

  #changeContext(stack: TaskStack, cpu: number, context: number, level: number): void {
    this.#contexts[cpu] = context
    const row = this.rows.start(KINDS.context.id, stack.top(level)?.op ?? NONE, stack.nest)
    this.rows.sink.batch.fn[row] = this.#contextIds[context]!
  }
}

/**
 * The frame whose return this is, or -1: the innermost of its function that agrees in all that both halves say. Where
 * events were lost in between, it must say something that does.
 */
function entryOf(probe: MetProbe, fields: EventFields, stack: TaskStack, level: number): number {
  for (let i = stack.find(probe.fnId, level); i >= 0; i = stack.find(probe.fnId, level, i)) {
    const frame = stack.at(i)
    if (fields.agreement(frame) >= (frame.suspect ? 1 : 0)) return i
  }
  return -1
}
