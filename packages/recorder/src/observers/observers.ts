import type { Geometry } from '@pagetrail/engine'
import { isJsonObject } from '../event/codec.ts'
import type { EventOf, TraceEvent } from '../event/kinds.ts'
import { isLoss } from '../event/loss.ts'
import { isPassing } from '../event/flush-group.ts'
import { isIdle, type Run, STOCK_GEOMETRY } from '../event/run.ts'
import { highWord, lowWord, take } from '../event/words.ts'
import type { CpuLine } from './cpu-line.ts'
import { CpuLines } from './cpu-lines.ts'
import { leadsToTable, readableGeometry } from '../descriptor/bits.ts'
import { runGeometry } from '../descriptor/run-geometry.ts'
import { runEvidence, type RunEvidence } from './run-evidence.ts'
import { Harms } from './harm.ts'
import {
  type Covered,
  coveredBy,
  dsbOf,
  type Flush,
  flushOf,
  groupOf,
  standsFor,
  widen,
} from './flushes.ts'
import { type Contradicted, KnownEntries } from './known-entries.ts'
import { pageOf, PageSizes } from './page-numbers.ts'
import { Write } from './write.ts'
import { Versions } from './versions.ts'
import { NO_ROW } from './rows/version-columns.ts'

const UPPER = ['pgd', 'p4d', 'pud', 'pmd'] as const
const isAny = (): boolean => true

/**
 * What observers - walkers, TLBs, the CPUs themselves - may still believe of a run's page tables: the versions of each
 * entry and how far each is on its way out, folded from barriers, TLBI and flushes as the architecture has them. It is
 * the only place that reads those events for what they do.
 */
export class Observers {
  readonly run: Run
  readonly geometry: Geometry
  readonly sizes: PageSizes
  readonly entries: KnownEntries
  readonly versions: Versions
  readonly harms: Harms
  readonly evidence: RunEvidence
  /** The store at hand, if the event is a desc_write. */
  readonly write: Write
  /** False: the desc_write at hand does not say enough. */
  hasWrite = false
  /** What an entry was known to hold that the callback or split at hand found to hold something else. */
  contradicted: Contradicted | null = null
  /** The flush that the event at hand begins or belongs to. */
  flush: Flush | null = null
  readonly #lines = new CpuLines()
  readonly #names: string[] = []
  readonly #ids = new Map<string, number>()
  readonly #hasEts2: boolean
  #reachedBase = NO_ROW
  #reached = true
  #reachedLevel = ''

  constructor(run: Run) {
    this.run = run
    this.geometry = readableGeometry(runGeometry(run))
    this.write = new Write(this.geometry)
    this.sizes = new PageSizes(run.geometry ?? STOCK_GEOMETRY)
    this.entries = new KnownEntries(run, this.sizes)
    this.versions = new Versions(this.geometry, this.sizes, this.entries)
    this.evidence = runEvidence(run)
    const { allStores } = this.evidence
    this.harms = new Harms(this.geometry, this.sizes, this.entries, this.versions.rows, allStores)
    const { features } = run.facts
    this.#hasEts2 = isJsonObject(features) && Number(features['ets2'] ?? 0) === 1
  }

  /** What a CPU has begun and not finished. */
  line(cpu: number): CpuLine {
    return this.#lines.of(cpu)
  }

  /** CPUs of which there were events. */
  lines(): CpuLines {
    return this.#lines
  }

  /** Name of the function that a version says overwrote it; null: not known. */
  nameOf(fn: number): string | null {
    return this.#names[fn] ?? null
  }

  /** How far a version is on its way out. */
  stageOf(row: number): 'overwritten' | 'ordered' | 'leaving' {
    const { rows } = this.versions
    const ordered = rows.ordered(row)
    if (ordered === NO_ROW) return 'overwritten'
    for (const line of this.lines()) {
      for (const tlbi of line.issued) {
        const covers = tlbi.start < rows.end(row) && rows.base(row) < tlbi.end
        if (covers && ordered <= tlbi.seq && (tlbi.tables || !rows.isTable(row))) {
          return 'leaving'
        }
      }
    }
    return 'ordered'
  }

  /** `fn`: the function to which stores outside of calls are counted. */
  apply(e: TraceEvent, fn: string | null = null): void {
    const line = this.#arrive(e)
    this.flush = null
    this.hasWrite = false
    this.contradicted = null
    this.#settleFlush(line, e)
    line.group.take(e)
    switch (e.kind) {
      case 'desc_write':
        this.#write(e, line, fn)
        return
      case 'dsb':
        this.#dsb(line, e)
        break
      case 'isb':
        line.isb()
        if (line.flush?.isGroup) this.#close(line, e.seq)
        break
      case 'barrier':
        this.#order(line, e.seq)
        line.isb()
        break
      case 'tlb_flush':
        this.#openFlush(line, e)
        break
      case 'tlbi':
        this.#tlbi(line, e)
        break
      case 'split_end':
        this.#splitEnd(e, fn)
        return
      case 'cb_enter':
      case 'split':
        this.#see(e)
        break
      case 'gap':
      case 'unreadable':
        if (isLoss(e)) this.#forget()
        break
      default:
        if (e.kind === 'span_begin' || e.kind === 'op_begin') this.#unmap(e)
    }
    // What a freed table held is still there when rules see it go: see freed().
    if (e.kind !== 'table_free') this.#learn(e)
  }

  /** A table_free was looked at: what the table held is not known any more. */
  freed(e: EventOf<'table_free'>): void {
    this.#learn(e)
  }

  /** The event comes next on its CPU: a flush function's own barriers, which have no events, are over. */
  settle(e: TraceEvent): void {
    this.#settleFlush(this.#arrive(e), e)
  }

  /** The run ended: flushes whose return never came are taken as done. */
  finish(): void {
    for (const line of this.lines()) {
      this.#resume(line, this.run.events)
      this.#close(line, this.run.events)
    }
  }

  /** A capture shows that a range is unmapped, or mapped anew, but not by which stores: it is unknown. */
  #unmap(e: TraceEvent): void {
    const range = this.entries.unmappedBy(e)
    if (range === null) return
    this.versions.forgetRange(range.start, range.end)
    this.#reachedBase = NO_ROW
  }

  #learn(e: TraceEvent): void {
    this.entries.apply(e)
    if (e.kind === 'table_alloc' || e.kind === 'table_free' || e.kind === 'init') {
      this.#reachedBase = NO_ROW
    }
  }

  /** A task that runs elsewhere, or another on its CPU: __switch_to() executed dsb(ish) and synchronised context. */
  #arrive(e: TraceEvent): CpuLine {
    const line = this.line(e.cpu)
    if (e.task === null || e.task === line.task) return line
    if (line.task !== null) this.#switched(line, e.seq)
    line.task = e.task
    if (isIdle(e.task)) return line
    const before = this.#lines.cpuOf.get(e.task)
    if (before !== undefined && before !== e.cpu) {
      const left = this.line(before)
      if (left.task === e.task) {
        this.#switched(left, e.seq)
        left.task = null
      }
    }
    this.#lines.cpuOf.set(e.task, e.cpu)
    return line
  }

  #switched(line: CpuLine, seq: number): void {
    this.#resume(line, seq)
    this.#close(line, seq)
    this.#order(line, seq)
    this.#complete(line, seq)
    line.isb()
  }

  #order(line: CpuLine, seq: number): void {
    this.versions.order(line.cpu, seq)
    line.dsb()
    if (this.#hasEts2) line.isb()
  }

  #complete(line: CpuLine, seq: number): void {
    if (line.issued.length === 0) return
    this.versions.invalidate(line.issued, seq)
    line.issued.length = 0
  }

  #dsb(line: CpuLine, e: EventOf<'dsb'>): void {
    const { stores, all } = dsbOf(e.scope)
    if (stores) this.#order(line, e.seq)
    if (all) this.#complete(line, e.seq)
    if (line.flush !== null) line.flush.last = e.seq
  }

  #openFlush(line: CpuLine, e: EventOf<'tlb_flush'>): void {
    const flush = flushOf(e, this.sizes.page)
    const covered = standsFor(flush)
    flush.isOwed = covered !== null && this.#isHeld(covered)
    // A ranged flush that is carried out as one of everything calls flush_tlb_all().
    line.flush = flush
    this.flush = flush
    this.#order(line, e.seq)
  }

  #isHeld({ start, end }: Covered): boolean {
    const { rows } = this.versions
    return rows.firstIn(start, end, isAny) !== NO_ROW
  }

  #tlbi(line: CpuLine, e: EventOf<'tlbi'>): void {
    const covered = coveredBy(e, this.sizes.page)
    if (covered === null) {
      if (line.flush !== null) line.flush.last = e.seq
      return
    }
    if (line.flush === null) {
      line.flush = groupOf(e, line.group.before === -1 ? e.seq : line.group.before)
      this.flush = line.flush
    }
    const { flush } = line
    flush.hasTlbi = true
    flush.isOwed ||= this.#isHeld(covered)
    widen(flush, covered, e.seq)
    if (covered.broadcast || this.evidence.isAlone) {
      const { start, end, tables } = covered
      line.issued.push({ seq: e.seq, start, end, tables, op: e.op ?? NO_ROW })
    }
  }

  /** A flush function's own barriers have no events: they are over at the CPU's next event that is not a TLBI. */
  #settleFlush(line: CpuLine, e: TraceEvent): void {
    if ((line.interrupted !== null || e.kind === 'context') && line.isBack(e)) {
      this.#resume(line, e.seq)
    }
    const { flush } = line
    if (flush === null || e.kind === 'tlbi' || isPassing(e.kind)) return
    if (flush.isGroup && (e.kind === 'dsb' || e.kind === 'isb')) return
    const isWithin = e.kind === 'op_begin' && flush.op >= 0 && e.op !== flush.op
    if (!isWithin || !line.interrupt()) this.#close(line, e.seq)
  }

  /** What an interrupt did is over: the flush function that it came into goes on. */
  #resume(line: CpuLine, seq: number): void {
    const { interrupted } = line
    if (interrupted === null) return
    this.#close(line, seq)
    line.flush = interrupted
    line.interrupted = null
  }

  #close(line: CpuLine, seq: number): void {
    const { flush } = line
    if (flush === null) return
    if (!flush.isGroup) {
      if (!flush.hasTlbi && !this.evidence.tlbi) {
        const covered = standsFor(flush)
        if (covered !== null) {
          const { start, end, tables } = covered
          line.issued.push({ seq: flush.seq, start, end, tables, op: flush.op })
        }
      }
      this.#order(line, seq)
      this.#complete(line, seq)
      line.isb()
    }
    line.flush = null
  }

  #write(e: EventOf<'desc_write'>, line: CpuLine, fn: string | null): void {
    const { write: s } = this
    this.hasWrite = s.read(e, this.sizes, this.entries)
    if (!this.hasWrite) {
      this.#learn(e)
      return
    }
    s.isReached = this.#reaches(s)
    if (s.isContradicted && !this.evidence.allStores) this.versions.forgetEntry(s.level, s.page)
    this.#stored(e.cpu, e.op, fn)
    this.#learn(e)
    if (s.level !== 'pte') this.#reachedBase = NO_ROW
    if (line.unorderedStore < 0) line.unorderedStore = e.seq
    if (s.isReached && s.needsBarrier) line.madeValid(e.op ?? NO_ROW, e.seq, s.level, s.page)
  }

  #stored(cpu: number, op: number | null, fn: string | null): void {
    const { write: s } = this
    if (s.isReached) this.versions.store(s, s.seq, cpu, op ?? NO_ROW, this.#intern(fn))
  }

  /** A stock kernel shows its splits by what the function found and left, not by the store. */
  #splitEnd(e: EventOf<'split_end'>, fn: string | null): void {
    const { level, va } = e
    const slot = level === null || va === null ? undefined : this.entries.slot(level, pageOf(va))
    if (slot !== undefined && e.val !== undefined && level !== null && va !== null) {
      const { write: s } = this
      s.put(e.seq, level, pageOf(va), this.sizes.of(level))
      s.oldLo = slot.lo
      s.oldHi = slot.hi
      take(e.val)
      s.newLo = lowWord()
      s.newHi = highWord()
      s.isReached = this.#reaches(s)
      if (s.changes) this.#stored(e.cpu, e.op, fn)
    }
    this.#reachedBase = NO_ROW
    this.#learn(e)
  }

  /** What a callback or a split found: another value than the last says that stores went unseen. */
  #see(e: EventOf<'cb_enter'> | EventOf<'split'>): void {
    const value = e.kind === 'split' ? (e.cur ?? e.val) : e.val
    if (value === undefined || e.level === null || e.va === null) return
    const page = this.sizes.base(e.level, pageOf(e.va))
    const slot = this.entries.slot(e.level, page)
    if (slot === undefined) return
    take(value)
    if (slot.lo === lowWord() && slot.hi === highWord()) return
    this.contradicted = { level: e.level, page, seq: slot.seq, lo: slot.lo, hi: slot.hi }
    this.versions.forgetEntry(e.level, page)
    this.#reachedBase = NO_ROW
  }

  /** Whether a walk from the top comes to the entry: not below a block or an empty entry. */
  #reaches(s: Write): boolean {
    const size = s.level === 'pte' ? this.sizes.of('pmd') : s.pages
    const base = s.page - (s.page % size)
    if (base === this.#reachedBase && s.level === this.#reachedLevel) return this.#reached
    this.#reachedBase = base
    this.#reachedLevel = s.level
    this.#reached = this.#isReached(s)
    return this.#reached
  }

  #isReached(s: Write): boolean {
    for (const level of UPPER) {
      if (level === s.level) return true
      const slot = this.entries.slot(level, this.sizes.base(level, s.page))
      if (slot !== undefined && !leadsToTable(level, slot.lo)) return false
    }
    return true
  }

  #intern(name: string | null): number {
    if (name === null) return NO_ROW
    let id = this.#ids.get(name)
    if (id === undefined) {
      id = this.#names.push(name) - 1
      this.#ids.set(name, id)
    }
    return id
  }

  #forget(): void {
    for (const line of this.lines()) line.forget()
    this.versions.forgetAll()
    this.entries.forget()
    this.#reachedBase = NO_ROW
  }
}
