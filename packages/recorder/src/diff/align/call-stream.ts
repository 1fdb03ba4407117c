import type { Kind, TraceEvent } from '../../event/kinds.ts'
import type { PageState } from '../../tables/page-state.ts'
import { CostCounter } from '../../cost/costs.ts'
import type { Call, EventSource } from '../../event/run.ts'
import { Addresses } from './addresses.ts'
import { Encoder, type EncoderOptions } from './encode.ts'
import { Tokens } from './tokens.ts'

/** How a call that did not return ended. */
const ENDINGS: ReadonlySet<string> = new Set(['livelock', 'wild_deref', 'bug', 'too_many_events'])

/** Stands for all events of a run that has no calls; its number is that of none. */
export const WHOLE_RUN: Call = {
  op: -1,
  fn: 'whole run',
  va: null,
  end: null,
  ret: null,
  task: null,
  cpu: 0,
  first: 0,
  last: null,
}

/** Tokens of calls up to this size are used again; larger ones are left to the garbage collector. */
const SPARE_ROWS = 4096

/** One call as it is compared. */
export interface CallData {
  readonly call: Call
  readonly tokens: Tokens
  readonly costs: CostCounter
  /** Kind of the event that ended it instead of a return. */
  endedBy: string | null
}

interface Open extends CallData {
  readonly encoder: Encoder
  done: boolean
}

export interface StreamOptions extends EncoderOptions {
  /** The calls to deliver, ascending. */
  readonly calls: readonly Call[]
  /** Last event to read; null: to the end. */
  readonly to: number | null
}

/**
 * Reads a run once and hands out its calls in order, each when it is complete: in memory are the calls that were open
 * at the same time. On the way it folds the page tables and counts what happened outside of calls.
 */
export class CallStream {
  readonly outside: CostCounter
  /** Events that the source says are missing. */
  lost = 0
  /** Kinds that occurred. */
  readonly seen = new Set<Kind>()
  private readonly source: EventSource
  private readonly options: StreamOptions
  private readonly state: PageState
  private readonly pageShift: number
  private readonly wanted: ReadonlyMap<number, Call>
  private readonly idle: Encoder[] = []
  private readonly spare: Tokens[] = []
  private readonly queue: Open[] = []
  private readonly open = new Map<number, Open>()

  constructor(source: EventSource, options: StreamOptions, state: PageState) {
    this.source = source
    this.options = options
    this.state = state
    this.pageShift = state.pageShift
    this.outside = new CostCounter(this.pageShift)
    this.wanted = new Map(options.calls.map((call) => [call.op, call]))
  }

  *calls(): Generator<CallData> {
    const { to } = this.options
    for (const event of to === null ? this.source.events() : this.source.events(0, to)) {
      this.state.apply(event)
      this.take(event)
      if (this.queue[0]?.done) yield* this.complete()
    }
    for (const data of this.open.values()) this.end(data)
    yield* this.complete()
  }

  /** Gives a call's tokens back for another to use: what is in them is gone. */
  release(data: CallData): void {
    if (data.tokens.length > SPARE_ROWS) return
    data.tokens.clear()
    this.spare.push(data.tokens)
  }

  private take(event: TraceEvent): void {
    this.seen.add(event.kind)
    if (event.kind === 'gap') this.lost += event.lost ?? 1
    const op = event.op ?? WHOLE_RUN.op
    if (event.op === null && !this.wanted.has(op)) {
      this.outside.add(event)
      return
    }
    if (event.kind === 'op_begin') this.endUnreturned(event)
    const data = this.open.get(op) ?? this.begin(op)
    if (!data) return
    data.costs.add(event)
    data.encoder.add(event, data.tokens)
    if (ENDINGS.has(event.kind)) data.endedBy = event.kind
    if (event.seq === data.call.last) this.end(data)
  }

  private begin(op: number): Open | null {
    const call = this.wanted.get(op)
    if (!call) return null
    const { options } = this
    const encoder =
      this.idle.pop() ?? new Encoder(options, new Addresses(options.addresses, this.state.geometry))
    encoder.startCall(call)
    const data: Open = {
      call,
      encoder,
      tokens: this.spare.pop() ?? new Tokens(),
      costs: new CostCounter(this.pageShift),
      endedBy: null,
      done: false,
    }
    this.open.set(op, data)
    this.queue.push(data)
    return data
  }

  /** A call whose return was not seen is over when its task (or, without tasks, its CPU) begins another. */
  private endUnreturned(event: TraceEvent): void {
    for (const data of this.open.values()) {
      if (data.call.last !== null) continue
      const same = event.task === null ? data.call.cpu === event.cpu : data.call.task === event.task
      if (same) this.end(data)
    }
  }

  private end(data: Open): void {
    data.done = true
    data.encoder.endCall(data.tokens)
    this.open.delete(data.call.op)
    this.idle.push(data.encoder)
  }

  /** Calls are handed out in the order in which they began. */
  private *complete(): Generator<CallData> {
    while (this.queue[0]?.done) yield this.queue.shift()!
  }
}
