import type { Kind, TraceEvent } from '../../event/kinds.ts'
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

/** Rows that may wait for their call's counterpart; beyond, calls are read again when it comes. */
const WAITING_ROWS = 262_144

const NO_ROWS = new Tokens(0)

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
  endedBy: string | null
  /** seq of its last event. */
  upTo: number
  /** What it did to what observers may believe. */
  after: After
}

interface Open extends CallData {
  readonly costs: CostCounter
  readonly encoder: Encoder
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

/** The calls of one side, handed out as they are asked for. */
export interface CallSide {
  /** What happened outside of calls; this and what follows once all has been read. */
  readonly outside: Counted
  readonly lost: number
  readonly seen: ReadonlySet<Kind>
  take(call: Call): CallData
  release(data: CallData): void
  finish(): void
  outsideOf(): Outside
}

export interface StreamOptions extends EncoderOptions {
  /** The calls that may be taken. */
  readonly calls: readonly Call[]
  /** Last event to read; null: to the end. */
  readonly to: number | null
  /** Rows kept of calls whose counterpart is still to come. Default {@link WAITING_ROWS}. */
  readonly waitingRows?: number
}

/**
 * Reads a run in order and hands out its calls as they are asked for. In memory are the calls that are open at one
 * time and those whose turn has not come, up to a bound: of more than that, the events are read a second time. On the
 * way it folds the page tables and counts what happened outside of calls.
 */
export class CallStream implements CallSide {
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
  private readonly reading: Generator<CallData>
  /** Calls that are complete and were not yet asked for; `forgotten` ones without their rows. */
  private readonly waiting = new Map<number, CallData>()
  private readonly forgotten = new Set<number>()
  private waitingRows = 0
  /**
   * What observers may believe. Of different boots it is folded of each task alone: when others flush is a matter of
   * how tasks were scheduled.
   */
  private readonly logs = new Map<string | null, EffectLog>()
  /** Events outside of calls, placed like a call's without a range. */
  private readonly between: Encoder
  private readonly betweenTokens = new Tokens()
  private readonly betweenAfter = new Map<number, After>()
  private betweenIsCut = false
  private begun = 0

  constructor(source: EventSource, options: StreamOptions, state: PageState) {
    this.source = source
    this.options = options
    this.state = state
    this.pageShift = state.pageShift
    this.outside = new CostCounter(this.pageShift)
    this.wanted = new Map(options.calls.map((call) => [call.op, call]))
    this.reading = this.read()
    this.between = this.encoderFor(WHOLE_RUN)
  }

  /** What happened outside of calls, once all has been read. */
  outsideOf(): Outside {
    return { tokens: this.betweenTokens, after: this.betweenAfter, isCut: this.betweenIsCut }
  }

  /** A call with its events. Each can be had once. */
  take({ op }: Call): CallData {
    for (;;) {
      const data = this.waiting.get(op)
      if (data) {
        this.waiting.delete(op)
        if (this.forgotten.delete(op)) return this.readAgain(data)
        this.waitingRows -= data.tokens.length
        return data
      }
      const next = this.reading.next()
      if (next.done) return this.withoutEvents(op)
      if (next.value.call.op === op) return next.value
      this.keep(next.value)
    }
  }

  /** A run without calls may have no events either. */
  private withoutEvents(op: number): CallData {
    const data = this.begin(op)
    if (!data || op !== WHOLE_RUN.op)
      throw new Error(`call ${op} was taken twice, or has no events`)
    return this.end(data)
  }

  /** Reads what follows the last call that was taken: it belongs to the final state. */
  finish(): void {
    while (!this.reading.next().done);
  }

  /** Gives a call's tokens back for another to use: what is in them is gone. */
  release(data: CallData): void {
    if (data.tokens.length > SPARE_ROWS) return
    data.tokens.clear()
    this.spare.push(data.tokens)
  }

  private *read(): Generator<CallData> {
    const { to } = this.options
    for (const event of to === null ? this.source.events() : this.source.events(0, to)) {
      this.state.apply(event)
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
    const lane = this.options.addresses === 'raw' ? null : task
    let log = this.logs.get(lane)
    if (log === undefined) {
      log = new EffectLog(new Observers(this.source.run))
      this.logs.set(lane, log)
    }
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

  private keep(data: CallData): void {
    const rows = data.tokens.length
    const { op } = data.call
    if (this.waitingRows + rows <= (this.options.waitingRows ?? WAITING_ROWS)) {
      this.waitingRows += rows
      this.waiting.set(op, data)
      return
    }
    this.forgotten.add(op)
    this.waiting.set(op, { ...data, tokens: NO_ROWS })
    this.release(data)
  }

  private readAgain(data: CallData): CallData {
    const { call, upTo } = data
    const tokens = this.spare.pop() ?? new Tokens()
    const encoder = this.encoderFor(call)
    for (const event of this.source.events(call.first, upTo))
      if ((event.op ?? WHOLE_RUN.op) === call.op) encoder.add(event, tokens)
    encoder.endCall(tokens)
    this.idle.push(encoder)
    return { ...data, tokens }
  }

  /** Returns the call that the event ends. */
  private add(event: TraceEvent): CallData | null {
    this.seen.add(event.kind)
    if (event.kind === 'gap') this.lost += event.lost ?? 1
    const op = event.op ?? WHOLE_RUN.op
    if (event.op === null && !this.wanted.has(op)) {
      this.outside.add(event)
      if (this.betweenTokens.length < OUTSIDE_ROWS) this.between.add(event, this.betweenTokens)
      else this.betweenIsCut = true
      return null
    }
    const data = this.open.get(op) ?? this.begin(op)
    if (!data) return null
    data.upTo = event.seq
    data.cpu = event.cpu
    data.costs.add(event)
    data.encoder.add(event, data.tokens)
    if (ENDINGS.has(event.kind)) data.endedBy = event.kind
    return event.seq === data.call.last ? this.end(data) : null
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

  private end(data: Open): CallData {
    data.after = data.encoder.endCall(
      data.tokens,
      this.logOf(data.call.task).end(data.call.op, data.cpu),
    )
    this.open.delete(data.call.op)
    this.idle.push(data.encoder)
    return data
  }
}
