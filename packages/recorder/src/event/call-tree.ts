import { closes, halts, type Kind, nestOf, type TraceEvent } from './kinds.ts'

/** An event that does not fit the call tree which those before it make. */
export interface Misfit {
  readonly seq: number
  readonly message: string
}

interface Open {
  readonly kind: Kind
  readonly fn: string | null
  readonly seq: number
}

/** A task, by its name; or a CPU. */
export type TreeLane = string | number

type Nesting = Pick<TraceEvent, 'kind' | 'seq' | 'cpu' | 'task'> & { readonly fn?: unknown }

/** Where calls follow each other: a task; of idle tasks, and where no task is known, the CPU. */
export const laneOf = ({ task, cpu }: Pick<TraceEvent, 'task' | 'cpu'>): TreeLane =>
  task === null || task.endsWith('-0') ? cpu : task

/**
 * The call tree that events make: on each lane, what one opens another of the same function closes, innermost first.
 * What is open when a call stops without returning is closed with it.
 */
export class CallTree {
  readonly #lanes = new Map<TreeLane, Open[]>()
  #conflict = false

  /** Depth at which the event stands: an opening one and its closing one are at the same. */
  depth(event: Nesting): number {
    const { length } = this.#of(laneOf(event))
    return nestOf(event.kind) < 0 ? Math.max(0, length - 1) : length
  }

  /** The next event; what is wrong with it, or null. */
  take(event: TraceEvent): Misfit | null {
    const { kind, seq } = event
    if (halts(kind)) this.#of(laneOf(event)).length = 0
    // The access ends a call, which may be another CPU's.
    if (kind === 'access' && event.outcome === 'conflict') this.#conflict = true
    if (nestOf(kind) === 0) return null
    return this.move(kind, seq, laneOf(event), 'fn' in event ? (event.fn ?? null) : null)
  }

  /** The same of an event whose kind opens or closes something, without the event. */
  move(kind: Kind, seq: number, lane: TreeLane, fn: string | null): Misfit | null {
    const open = this.#of(lane)
    if (nestOf(kind) < 0) return close(open, kind, seq, fn)
    open.push({ kind, fn, seq })
    return null
  }

  /** At the end of a run: what has no end although nothing stopped it. `waiting`: CPUs that wait for ever. */
  end(waiting: readonly number[] = []): Misfit[] {
    if (this.#conflict) return []
    return [...this.#lanes].flatMap(([lane, open]) =>
      typeof lane === 'number' && waiting.includes(lane)
        ? []
        : open.map(({ kind, fn, seq }) => ({ seq, message: `${named(kind, fn)} has no end` })),
    )
  }

  #of(lane: TreeLane): Open[] {
    const open = this.#lanes.get(lane)
    if (open) return open
    const none: Open[] = []
    this.#lanes.set(lane, none)
    return none
  }
}

function close(open: Open[], kind: Kind, seq: number, fn: string | null): Misfit | null {
  const opening = closes(kind)
  const isIt = (o: Open) => o.kind === opening && (o.fn === fn || o.fn === null || fn === null)
  const at = open.findLastIndex(isIt)
  if (at === -1) return { seq, message: `${named(kind, fn)} closes nothing that is open` }
  const inner = open[at + 1]
  open.length = at
  if (!inner) return null
  return {
    seq,
    message: `${named(kind, fn)} comes before the end of ${named(inner.kind, inner.fn)}, event ${inner.seq}`,
  }
}

const named = (kind: Kind, fn: string | null): string => (fn === null ? kind : `${kind} of ${fn}`)
