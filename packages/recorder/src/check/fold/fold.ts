import { BriefMap } from '../../tables/brief-map.ts'
import {
  type Context,
  DEFAULT_FEATURES,
  type Features,
  type Flavour,
  type Geometry,
} from '@pagetrail/engine'
import { isJsonObject, type JsonObject } from '../../event/codec.ts'
import type { EventOf, TraceEvent } from '../../event/kinds.ts'
import { isLoss } from '../../event/loss.ts'
import { isIdle, kernelOf, type Run } from '../../event/run.ts'
import { isPermissionCall } from '../../observers/masks.ts'
import type { KnownEntries } from '../../observers/known-entries.ts'
import { Observers } from '../../observers/observers.ts'
import { type Frame, Lane, type OpenCall } from './lane.ts'
import { endPageOf, pageOf, pagesIn, type PageSizes } from '../../observers/page-numbers.ts'
import { RangeList } from '../../observers/range-list.ts'
import type { Write } from '../../observers/write.ts'

type Beginning = EventOf<'walk_begin'> | EventOf<'span_begin'> | EventOf<'cb_enter'>

/**
 * What all rules need to know at an event, folded once: entries as they stand, what is open on each flow of control,
 * lazy MMU mode, locks, and what observers may still believe.
 *
 * Around each event the driver calls {@link before}, then the rules, then {@link after}. What an event opens is there
 * when rules see it, what it closes is still there; a store is already in {@link tables}.
 */
export class Fold {
  readonly run: Run
  readonly kernel: Flavour | undefined
  readonly geometry: Geometry
  readonly sizes: PageSizes
  readonly tables: KnownEntries
  readonly observers: Observers
  /** The store at hand, if the event is a desc_write. */
  readonly write: Write
  /** Where the event happens. */
  lane: Lane
  /** The top-level call that it belongs to. */
  call: OpenCall | null = null
  readonly lanes = new Map<string, Lane>()
  readonly live = new BriefMap<number, OpenCall>()
  /** Calls whose return never came, though the run goes on, or says that it is complete. */
  readonly unreturned: OpenCall[] = []
  readonly #contexts = new Map<number, Context>()
  readonly #features: JsonObject | null
  readonly #known = new Map<keyof Features, number | null>()
  /** Task of {@link lane}; undefined: there was no event. */
  #task: string | null | undefined = undefined

  constructor(run: Run) {
    this.run = run
    this.kernel = kernelOf(run)
    this.observers = new Observers(run)
    this.geometry = this.observers.geometry
    this.sizes = this.observers.sizes
    this.tables = this.observers.entries
    this.write = this.observers.write
    const { features } = run.facts
    this.#features = isJsonObject(features) ? features : null
    this.lane = new Lane('cpu0', 0)
  }

  /** A feature of the machine as a number; null: the trace does not say. */
  feature(name: keyof Features): number | null {
    let known = this.#known.get(name)
    if (known === undefined) this.#known.set(name, (known = this.#featureOf(name)))
    return known
  }

  #featureOf(name: keyof Features): number | null {
    const value = this.#features?.[name]
    if (value !== undefined && value !== null) return Number(value)
    // A scenario that does not give it runs with the machine's own.
    const isSimulated = this.run.source === 'engine' || this.run.source === 'module'
    return isSimulated || this.#features !== null ? Number(DEFAULT_FEATURES[name]) : null
  }

  /** Where the CPU of the event at hand is running. */
  get context(): Context {
    const usual = this.feature('in_interrupt') === 1 ? 'softirq' : 'task'
    return this.#contexts.get(this.lane.cpu) ?? usual
  }

  /**
   * Stores here leave their barriers to the end of a lazy section. In an interrupt they never do, whatever task it
   * interrupted (queue_pte_barriers() of 6.17 to 7.3).
   */
  get isLazy(): boolean {
    return this.lane.isLazy && this.context === 'task'
  }

  /** An enter or a leave that does nothing. */
  isIdleLazy({ ignored }: EventOf<'lazy_mmu_enter'> | EventOf<'lazy_mmu_leave'>): boolean {
    return ignored === true || this.context !== 'task'
  }

  before(e: TraceEvent): void {
    this.#at(e)
    this.observers.apply(e, this.call?.fn ?? this.lane.top?.fn ?? null)
    if (this.observers.flush !== null) this.call?.flushes.push(this.observers.flush)
    switch (e.kind) {
      case 'op_begin':
        this.#beginCall(e)
        break
      case 'walk_begin':
      case 'span_begin':
      case 'cb_enter':
        this.#begin(e)
        break
      case 'livelock':
      case 'wild_deref':
      case 'bug':
      case 'too_many_events':
        if (this.call !== null) this.call.isStopped = true
        break
      case 'context':
        if (e.fn === 'task' || e.fn === 'bh_off' || e.fn === 'softirq' || e.fn === 'irq') {
          this.#contexts.set(e.cpu, e.fn)
        }
        break
      default:
    }
  }

  after(e: TraceEvent): void {
    const { lane } = this
    switch (e.kind) {
      case 'op_end':
        lane.pop('op')
        if (e.op !== null) this.live.delete(e.op)
        lane.calls.pop()
        break
      case 'walk_end':
        lane.pop('walk')
        break
      case 'cb_exit':
        lane.pop('cb')
        break
      case 'span_end':
        lane.pop('span')
        break
      case 'lazy_mmu_enter':
      case 'lazy_mmu_leave':
        this.#lazy(e)
        break
      case 'lock':
        lane.locks.push({ fn: e.fn ?? '', mode: e.mode ?? 'spin', seq: e.seq })
        break
      case 'unlock': {
        const held = lane.locks.findLastIndex((lock) => lock.fn === e.fn)
        if (held >= 0) lane.locks.splice(held, 1)
        break
      }
      case 'table_free':
        this.observers.freed(e)
        break
      case 'gap':
      case 'unreadable':
        if (isLoss(e)) this.#forget()
        break
      default:
    }
  }

  /** The run ended. */
  finish(): void {
    this.observers.finish()
    for (const call of this.live.values()) if (!call.isStopped) this.unreturned.push(call)
  }

  /** False: the desc_write at hand does not say enough. */
  get hasWrite(): boolean {
    return this.observers.hasWrite
  }

  #at(e: TraceEvent): void {
    // As a rule the same task goes on: its name need not be looked up.
    if (e.task !== this.#task || e.cpu !== this.lane.cpu) this.lane = this.#laneOf(e)
    this.#task = e.task
    this.call = e.op === null ? null : (this.live.get(e.op) ?? null)
  }

  #laneOf({ task, cpu }: TraceEvent): Lane {
    const name = isIdle(task) ? `cpu${cpu}` : task!
    let lane = this.lanes.get(name)
    if (lane === undefined) this.lanes.set(name, (lane = new Lane(name, cpu)))
    lane.cpu = cpu
    return lane
  }

  #beginCall(e: EventOf<'op_begin'>): void {
    if (e.nest === 0) {
      this.#abandon()
      this.lane.lazy.isKnown = true
    }
    const start = e.va === null ? 0 : pageOf(e.va)
    const call: OpenCall = {
      op: e.op ?? -1,
      fn: e.fn ?? '',
      args: e.args,
      start,
      end: e.va === null || e.end === null ? start : start + pagesIn(e.end - e.va),
      seq: e.seq,
      cpu: e.cpu,
      lane: this.lane,
      walks: new RangeList(),
      flushes: [],
      isConcurrent: false,
      isStopped: false,
    }
    for (const other of this.live.values()) {
      other.isConcurrent = true
      call.isConcurrent = true
    }
    if (e.op !== null) this.live.set(e.op, call)
    this.call = call
    this.lane.calls.push(call)
    this.#push('op', e.fn, e.seq, call.start, call.end, e.op, null)
  }

  /** A call at the top of a task: whatever was open there did not return. */
  #abandon(): void {
    for (const call of this.lane.calls) {
      this.live.delete(call.op)
      if (!call.isStopped) this.unreturned.push(call)
    }
    this.lane.calls.length = 0
    this.lane.frames.length = 0
  }

  #begin(e: Beginning): void {
    const start = e.va === null ? 0 : pageOf(e.va)
    const end = e.va === null || e.end === null ? start : endPageOf(e.end)
    if (e.kind !== 'cb_enter') {
      const isOwn = !this.lane.frames.some((f) => f.kind === 'span' && isPermissionCall(f.fn))
      if (e.kind === 'walk_begin' && isOwn) this.call?.walks.add(start, Math.max(start, end))
      this.#push(e.kind === 'walk_begin' ? 'walk' : 'span', e.fn, e.seq, start, end, e.op, null)
      return
    }
    this.#push('cb', e.fn, e.seq, start, end, e.op, e.level)
  }

  #push(
    kind: Frame['kind'],
    fn: string | null,
    seq: number,
    start: number,
    end: number,
    op: number | null,
    level: Frame['level'],
  ): void {
    this.lane.frames.push({ kind, fn: fn ?? '', seq, start, end, op, level })
  }

  #lazy(e: EventOf<'lazy_mmu_enter'> | EventOf<'lazy_mmu_leave'>): void {
    const { lazy } = this.lane
    if (this.isIdleLazy(e)) return
    const entering = e.kind === 'lazy_mmu_enter'
    if (e.api !== undefined) {
      lazy.paused = Math.max(0, lazy.paused + (entering ? -1 : 1))
      return
    }
    if (entering && lazy.enabled === 0) lazy.since = e.seq
    lazy.meant += entering ? 1 : -1
    if (this.kernel?.lazyMmu === 'counted')
      lazy.enabled = Math.max(0, lazy.enabled + (entering ? 1 : -1))
    else lazy.enabled = entering ? 1 : 0
  }

  #forget(): void {
    for (const lane of this.lanes.values()) lane.forget()
    this.live.clear()
    this.#contexts.clear()
  }
}
