import type { Kind, TraceEvent } from '../../event/kinds.ts'
import { runGeometry } from '../../descriptor/run-geometry.ts'
import type { PageState } from '../../tables/page-state.ts'
import { CostCounter, type CostEvidence, type Costs } from '../../cost/costs.ts'
import type { Call, EventSource } from '../../event/run.ts'
import { Addresses } from './addresses.ts'
import { Encoder, type EncoderOptions } from './encode.ts'
import { EffectLog } from '../../observers/effect-log.ts'
import { Observers } from '../../observers/observers.ts'
import { type After, NO_AFTER } from './after.ts'
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

/** Rows kept of what happens outside of calls; beyond, it is compared by its costs alone. */
const OUTSIDE_ROWS = 65_536
/** Stretches outside of calls are counted down from here, where no call is. */
const STRETCH = -2

/** Costs that were counted, as far as a run shows them. */
export interface Counted {
  costs(evidence: CostEvidence): Costs
}

/** One call as it is compared. */
export interface CallData {
  readonly call: Call
  readonly tokens: Tokens
  readonly costs: Counted
  /** Kind of the event that ended it instead of a return. */
  readonly endedBy: string | null
  /** What it did to what observers may believe. */
  readonly after: After
}

/** A call that was read: its tokens are used again for another. */
export interface ReadCall extends CallData {
  readonly costs: CostCounter
  /** seq of its last event. */
  readonly upTo: number
}

interface Open extends ReadCall {
  readonly encoder: Encoder
  endedBy: string | null
  upTo: number
  after: After
  cpu: number
}

/** What happened between the calls of a run, as far as it can be compared. */
export interface Outside {
  readonly tokens: Tokens
  /** By how many calls had begun; stretches in which nothing was done are left out. */
  readonly after: ReadonlyMap<number, After>
  /** More was done than is kept for the comparison. */
  readonly isCut: boolean
}

export interface StreamOptions extends EncoderOptions {
  /** The calls that are read. */
  readonly calls: readonly Call[]
  /** Last event to read; null: to the end. */
  readonly to: number | null
  /** Is shown each event first. */
  readonly watch: (event: TraceEvent) => void
}

/**
 * Reads a run in order, once: its calls as they end, in memory those that are open at one time. On the way it folds the
 * page tables where runs have one layout, and counts what happened outside of calls.
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
  private readonly open = new Map<number, Open>()
  /** Calls without a return that were over when others began. */
  private readonly over = new Set<number>()
  /**
   * What observers may believe. Of different boots it is folded of each task alone: when others flush is a matter of
   * how tasks were scheduled.
   */
  private readonly logs = new Map<string | null, EffectLog>()
  /** The one that was asked for last. */
  private last: { readonly task: string | null; readonly log: EffectLog } | null = null
  /** The call of the event before, while it is open. */
  private at: Open | null = null
  /** Events outside of calls, placed like a call's without a range. */
  private readonly between: Encoder
  private readonly betweenTokens = new Tokens()
  private readonly betweenAfter = new Map<number, After>()
  private betweenIsCut = false
  private begun = 0
  private hasBegun = false

  constructor(source: EventSource, options: StreamOptions, state: PageState) {
    this.source = source
    this.options = options
    this.state = state
    this.pageShift = state.pageShift
    this.outside = new CostCounter(this.pageShift)
    this.wanted = new Map(options.calls.map((call) => [call.op, call]))
    this.between = this.encoderFor(WHOLE_RUN)
  }

  /** What happened outside of calls, once all has been read. */
  outsideOf(): Outside {
    this.betweenTokens.finish()
    return { tokens: this.betweenTokens, after: this.betweenAfter, isCut: this.betweenIsCut }
  }

  /** Each call as it ends; whoever asks for the next is done with it. */
  *read(): Generator<ReadCall> {
    for (const data of this.ended()) {
      yield data
      this.release(data.tokens)
    }
    // A run without calls may have no events either.
    const whole = this.wanted.has(WHOLE_RUN.op) && !this.hasBegun ? this.begin(WHOLE_RUN.op) : null
    if (whole) yield this.end(whole)
  }

  private release(tokens: Tokens): void {
    if (tokens.length > SPARE_ROWS) return
    tokens.clear()
    this.spare.push(tokens)
  }

  private *ended(): Generator<Open> {
    const { to } = this.options
    for (const event of to === null ? this.source.events() : this.source.events(0, to)) {
      this.options.watch(event)
      if (this.options.addresses === 'raw') this.state.apply(event)
      this.follow(event)
      if (event.kind === 'op_begin') for (const data of this.unreturned(event)) yield this.end(data)
      const ended = this.add(event)
      if (ended) yield ended
    }
    for (const data of this.open.values()) yield this.end(data)
    for (const log of this.logs.values()) log.finish()
    this.endStretch()
  }

  /** Folds what observers may believe; between calls a stretch ends where the next call begins. */
  private follow(event: TraceEvent): void {
    const log = this.logOf(event.task)
    if (event.kind === 'op_begin') {
      log.settle(event, this.outsideId())
      if (this.options.addresses === 'raw') this.endStretch()
      if (this.options.addresses === 'raw') this.begun++
    }
    log.apply(event, this.outsideId())
  }

  private logOf(task: string | null): EffectLog {
    // Most events are of the task of the one before.
    if (this.last !== null && task === this.last.task) return this.last.log
    const lane = this.options.addresses === 'raw' ? null : task
    let log = this.logs.get(lane)
    if (log === undefined) {
      log = new EffectLog(new Observers(this.source.run))
      this.logs.set(lane, log)
    }
    this.last = { task, log }
    return log
  }

  private outsideId(): number {
    return this.wanted.has(WHOLE_RUN.op) ? WHOLE_RUN.op : STRETCH - this.begun
  }

  private endStretch(): void {
    if (this.wanted.has(WHOLE_RUN.op)) return
    const found = [...this.logs.values()].map((log) => log.end(this.outsideId(), null))
    const made = found.flatMap((aftermath) => aftermath.made)
    const ended = found.flatMap((aftermath) => aftermath.ended)
    if (made.length + ended.length === 0) return
    const after = this.between.endCall(new Tokens(0), { made, ended, owed: null })
    this.betweenAfter.set(this.begun, after)
  }

  /** Returns the call that the event ends. */
  private add(event: TraceEvent): Open | null {
    this.seen.add(event.kind)
    if (event.kind === 'gap') this.lost += event.lost ?? 1
    const { at } = this
    if (at !== null && event.op === at.call.op && !isOver(at.call, event.seq))
      return this.put(event, at)
    const op = event.op === null || this.isStray(event.op, event.seq) ? WHOLE_RUN.op : event.op
    if (op === WHOLE_RUN.op && !this.wanted.has(op)) {
      this.outside.add(event)
      if (this.betweenTokens.length < OUTSIDE_ROWS) this.between.add(event, this.betweenTokens)
      else this.betweenIsCut = true
      return null
    }
    const data = this.open.get(op) ?? this.begin(op)
    return data && this.put(event, data)
  }

  private put(event: TraceEvent, data: Open): Open | null {
    this.at = data
    data.upTo = event.seq
    data.cpu = event.cpu
    data.costs.add(event)
    data.encoder.add(event, data.tokens)
    if (ENDINGS.has(event.kind)) data.endedBy = event.kind
    return event.seq === data.call.last ? this.end(data) : null
  }

  /** What names a call that has not begun, or is over, is not part of it. */
  private isStray(op: number, seq: number): boolean {
    const call = this.wanted.get(op)
    if (call === undefined) return false
    return seq < call.first || (call.last === null ? this.over.has(op) : seq > call.last)
  }

  private begin(op: number): Open | null {
    const call = this.wanted.get(op)
    if (!call) return null
    const data: Open = {
      call,
      encoder: this.encoderFor(call),
      tokens: this.spare.pop() ?? new Tokens(),
      costs: new CostCounter(this.pageShift),
      endedBy: null,
      upTo: call.first,
      after: NO_AFTER,
      cpu: call.cpu,
    }
    this.open.set(op, data)
    this.hasBegun = true
    return data
  }

  private encoderFor(call: Call): Encoder {
    const { options } = this
    const encoder =
      this.idle.pop() ?? new Encoder(options, new Addresses(options.addresses, this.state.geometry))
    encoder.startCall(call)
    return encoder
  }

  /** A call whose return was not seen is over when its task (or, without tasks, its CPU) begins another. */
  private unreturned(event: TraceEvent): Open[] {
    const over: Open[] = []
    for (const data of this.open.values()) {
      // What begins inside of it is an interrupt's.
      if (data.call.last !== null || event.nest > 0) continue
      const same = event.task === null ? data.call.cpu === event.cpu : data.call.task === event.task
      if (same) over.push(data)
    }
    return over
  }

  private end(data: Open): Open {
    data.after = data.encoder.endCall(
      data.tokens,
      this.logOf(data.call.task).end(data.call.op, data.cpu),
    )
    this.open.delete(data.call.op)
    this.at = null
    if (data.call.last === null) this.over.add(data.call.op)
    this.idle.push(data.encoder)
    return data
  }
}

/** The event comes after what is known to be the last of the call. */
const isOver = ({ last }: Call, seq: number): boolean => last !== null && seq > last

/** Reads one call again, up to its last event, for its rows with the numbers of its events. */
export function readAgain(
  source: EventSource,
  options: EncoderOptions,
  call: Call,
  upTo: number,
): Tokens {
  const geometry = runGeometry(source.run)
  const encoder = new Encoder(options, new Addresses(options.addresses, geometry))
  const tokens = new Tokens()
  encoder.startCall(call)
  for (const event of source.events(call.first, upTo))
    if ((event.op ?? WHOLE_RUN.op) === call.op) encoder.add(event, tokens)
  encoder.endCall(tokens)
  return tokens
}
