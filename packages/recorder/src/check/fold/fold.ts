import {
  type Context,
  DEFAULT_FEATURES,
  type Features,
  type Flavour,
  type Geometry,
} from '@pagetrail/engine'
import { readableGeometry } from '../../descriptor/bits.ts'
import { runGeometry } from '../../descriptor/run-geometry.ts'
import { isJsonObject, type JsonObject } from '../../event/codec.ts'
import type { EventOf, TraceEvent } from '../../event/kinds.ts'
import { type EventSource, isIdle, kernelOf, type Run, STOCK_GEOMETRY } from '../../event/run.ts'
import { KnownEntries } from './known-entries.ts'
import { type Flush, type Frame, Lane, type OpenCall } from './lane.ts'
import { FlushLedger } from './ledger.ts'
import { endPageOf, PAGE_LIMIT, pageOf, pagesIn, PageSizes } from './page.ts'
import { RangeList } from './range-list.ts'
import { Write } from './write.ts'
import { type Debt } from './debt.ts'

type Beginning = EventOf<'walk_begin'> | EventOf<'span_begin'> | EventOf<'cb_enter'>

/**
 * What all rules need to know at an event, folded once: entries as they stand, what is open on each flow of control,
 * lazy MMU mode, locks, and the flushes owed.
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
  readonly ledger: FlushLedger
  /** The store at hand, if the event is a desc_write. */
  readonly write: Write
  /** False: the desc_write at hand does not tell enough. */
  hasWrite = false
  /** Where the event happens. */
  lane: Lane
  /** The top-level call that it belongs to. */
  call: OpenCall | null = null
  readonly lanes = new Map<string, Lane>()
  readonly live = new Map<number, OpenCall>()
  readonly #contexts = new Map<number, Context>()
  readonly #features: JsonObject | null

  constructor(run: Run) {
    this.run = run
    this.kernel = kernelOf(run)
    this.geometry = readableGeometry(runGeometry(run))
    this.write = new Write(this.geometry)
    this.sizes = new PageSizes(run.geometry ?? STOCK_GEOMETRY)
    this.tables = new KnownEntries(run, this.sizes)
    this.ledger = new FlushLedger(this.sizes)
    const { features } = run.facts
    this.#features = isJsonObject(features) ? features : null
    this.lane = new Lane('cpu0', 0)
  }

  /** A feature of the machine as a number; null: the trace does not tell. */
  feature(name: keyof Features): number | null {
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

  before(e: TraceEvent): void {
    this.#at(e)
    const { flush } = this.lane
    if (flush !== null && e.kind !== 'tlbi') this.#closeFlush(flush)
    switch (e.kind) {
      case 'op_begin':
        this.#beginCall(e)
        break
      case 'walk_begin':
      case 'span_begin':
      case 'cb_enter':
        this.#begin(e)
        break
      case 'desc_write':
        this.#write(e)
        break
      case 'tlb_flush':
        this.#openFlush(e)
        break
      case 'tlbi':
        this.#tlbi(e)
        break
      case 'context':
        if (e.fn === 'task' || e.fn === 'bh_off' || e.fn === 'softirq' || e.fn === 'irq') {
          this.#contexts.set(e.cpu, e.fn)
        }
        break
      default:
    }
    // What a freed table held is still there when rules see it go.
    if (e.kind !== 'table_free') this.tables.apply(e)
  }

  after(e: TraceEvent): void {
    const { lane } = this
    switch (e.kind) {
      case 'op_end':
        lane.pop('op')
        if (e.op !== null) {
          this.live.delete(e.op)
          this.ledger.endOp(e.op)
        }
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
        this.tables.apply(e)
        break
      case 'gap':
        this.#forget()
        break
      default:
    }
  }

  /** The run ended: flushes whose TLBI never came are taken by their range. */
  finish(): void {
    for (const lane of this.lanes.values()) {
      if (lane.flush !== null) {
        this.lane = lane
        this.#closeFlush(lane.flush)
      }
    }
  }

  #at(e: TraceEvent): void {
    const name = isIdle(e.task) ? `cpu${e.cpu}` : e.task!
    let lane = this.lanes.get(name)
    if (lane === undefined) {
      lane = new Lane(name, e.cpu)
      this.lanes.set(name, lane)
    }
    lane.cpu = e.cpu
    this.lane = lane
    this.call = e.op === null ? null : (this.live.get(e.op) ?? null)
    this.hasWrite = false
  }

  #beginCall(e: EventOf<'op_begin'>): void {
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

  #begin(e: Beginning): void {
    const start = e.va === null ? 0 : pageOf(e.va)
    const end = e.va === null || e.end === null ? start : endPageOf(e.end)
    if (e.kind !== 'cb_enter') {
      if (e.kind === 'walk_begin') this.call?.walks.add(start, Math.max(start, end))
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

  #write(e: EventOf<'desc_write'>): void {
    const { write } = this
    this.hasWrite = write.read(e, this.sizes, this.tables)
    if (!this.hasWrite) return
    this.ledger.write(write, e.seq, e.op, e.cpu, this.call?.fn ?? this.lane.top?.fn ?? null)
  }

  #openFlush(e: EventOf<'tlb_flush'>): void {
    const start = e.va === null ? 0 : pageOf(e.va)
    const end = e.va === null || e.end === null ? PAGE_LIMIT : endPageOf(e.end)
    const flush: Flush = {
      seq: e.seq,
      fn: e.fn ?? '',
      by: e.by ?? null,
      start,
      end,
      all: e.va === null,
      isOwed: this.ledger.owes(start, end),
      paid: 0,
      hasTlbi: false,
    }
    this.lane.flush = flush
    this.call?.flushes.push(flush)
  }

  /** The next event is no TLBI: on a stock kernel the instructions are not seen, and the call's range counts. */
  #closeFlush(flush: Flush): void {
    this.lane.flush = null
    if (flush.hasTlbi || flush.end <= flush.start) return
    const leavesOnly = !flush.all && flush.fn !== '__flush_tlb_kernel_pgtable'
    flush.paid += this.ledger.flush(flush.start, flush.end, leavesOnly)
  }

  #tlbi(e: EventOf<'tlbi'>): void {
    const { flush } = this.lane
    const insn = e.insn ?? ''
    if (flush !== null) flush.hasTlbi = true
    // Only what is broadcast to the inner shareable domain reaches other CPUs.
    if (!insn.endsWith('is') && !insn.endsWith('os')) return
    let paid = 0
    if (insn.startsWith('vmall') || insn.startsWith('alle1')) {
      paid = this.ledger.flush(0, PAGE_LIMIT, false)
    } else if (e.va !== null) {
      const start = pageOf(e.va)
      const leavesOnly = insn.includes('ale1')
      paid = this.ledger.flush(start, start + (e.pages ?? 1) * this.sizes.page, leavesOnly)
    }
    if (flush !== null) flush.paid += paid
  }

  #lazy(e: EventOf<'lazy_mmu_enter'> | EventOf<'lazy_mmu_leave'>): void {
    const { lazy } = this.lane
    if (e.ignored) return
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
    this.tables.forget()
    this.ledger.forget()
  }
}

/** TLB flushes owed after event `at` is applied (without it, at the end of the run), oldest first. */
export function openDebts(source: EventSource, at?: number): readonly Debt[] {
  const fold = new Fold(source.run)
  for (const e of source.events(0, at)) {
    fold.before(e)
    fold.after(e)
  }
  fold.finish()
  return fold.ledger.debts()
}
