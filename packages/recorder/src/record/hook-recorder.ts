import { InputError } from '@pagetrail/engine'
import type {
  BarrierScope,
  CallArgs,
  Context,
  Hooks,
  Level,
  LockMode,
  WalkAction,
} from '@pagetrail/engine'

import { AUX, Batch, NEW, NONE, OLD, SIZE, VA } from '../event/batch.ts'
import type { EventSink } from '../event/event-sink.ts'
import { putFields } from '../event/codec.ts'
import type { FieldValue } from '../event/field-codec.ts'
import { halts, type Kind, kindOfId, KINDS, nestOf } from '../event/kinds.ts'
import { toJson } from '../event/json.ts'
import { MODE, ACTION, API, CONTEXT, ACCESS, OUTCOME, SCOPE } from './enum-codes.ts'

/** CPUs that a machine may have here. */
export const MAX_RUN_CPUS = 256

/**
 * The engine's hooks as events of a run: fills the columns of the writer's batch, without an object or a bigint an
 * event. Counts calls (`op`) over the run and the depth of the call tree (`nest`) per CPU.
 *
 * Throws InputError for an end whose begin is not what is open on its CPU.
 */
export class HookRecorder implements Hooks {
  /** Index that the next call gets: who skips a call of a scenario sets it past that one. */
  nextOp = 0
  /** Events so far. */
  events = 0
  readonly #sink: EventSink
  readonly #batch: Batch
  readonly #op = new Int32Array(MAX_RUN_CPUS).fill(NONE)
  /** Calls that an interrupt found open, by CPU, the outer ones first. */
  readonly #interrupted = new Map<number, number[]>()
  /** By CPU, the kinds that opened what is open, outermost first, and the interned names of their functions. */
  readonly #kinds: number[][] = Array.from({ length: MAX_RUN_CPUS }, () => [])
  readonly #fns: number[][] = Array.from({ length: MAX_RUN_CPUS }, () => [])
  #cpu = 0

  constructor(sink: EventSink) {
    this.#sink = sink
    this.#batch = sink.batch
  }

  cpu(cpu: number): void {
    if (cpu < 0 || cpu >= MAX_RUN_CPUS)
      throw new RangeError(`CPU ${cpu} of at most ${MAX_RUN_CPUS}`)
    this.#cpu = cpu
  }

  opBegin(
    fn: string,
    hasRange: boolean,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
    args: CallArgs,
  ): void {
    this.#beginOp()
    const i = this.#open(KINDS.op_begin.id, fn)
    if (hasRange) this.#batch.setRange(i, vaLo, vaHi, endLo, endHi)
    this.#batch.extra[i] = toJson(args)
  }

  opEnd(fn: string, ret: number): void {
    this.#batch.setRet(this.#close(KINDS.op_end.id, fn), ret)
    this.#endOp()
  }

  #endOp(): void {
    this.#op[this.#cpu] = this.#interrupted.get(this.#cpu)?.pop() ?? NONE
    this.#sink.callEnded()
  }

  #beginOp(): void {
    const open = this.#op[this.#cpu]!
    if (open !== NONE) {
      const outer = this.#interrupted.get(this.#cpu) ?? []
      outer.push(open)
      this.#interrupted.set(this.#cpu, outer)
    }
    this.#op[this.#cpu] = this.nextOp++
  }

  walkBegin(fn: string, vaLo: number, vaHi: number, endLo: number, endHi: number): void {
    this.#batch.setRange(this.#open(KINDS.walk_begin.id, fn), vaLo, vaHi, endLo, endHi)
  }

  walkEnd(fn: string, ret: number): void {
    this.#batch.setRet(this.#close(KINDS.walk_end.id, fn), ret)
  }

  cbEnter(
    level: Level,
    fn: string,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
  ): void {
    const i = this.#open(KINDS.cb_enter.id, fn)
    this.#batch.setLevel(i, level)
    this.#batch.setRange(i, vaLo, vaHi, endLo, endHi)
  }

  cbExit(
    level: Level,
    fn: string,
    vaLo: number,
    vaHi: number,
    ret: number,
    action: WalkAction | null,
  ): void {
    const i = this.#close(KINDS.cb_exit.id, fn)
    this.#batch.setLevel(i, level)
    this.#batch.setWord(i, VA, vaLo, vaHi)
    this.#batch.setRet(i, ret)
    if (action !== null) this.#batch.setSmall(i, AUX, ACTION[action])
  }

  hole(level: Level | -1, vaLo: number, vaHi: number, endLo: number, endHi: number): void {
    const i = this.#row(KINDS.hole.id)
    if (level !== -1) this.#batch.setLevel(i, level)
    this.#batch.setRange(i, vaLo, vaHi, endLo, endHi)
  }

  descWrite(
    level: Level,
    vaLo: number,
    vaHi: number,
    oldLo: number,
    oldHi: number,
    newLo: number,
    newHi: number,
  ): void {
    const i = this.#at(KINDS.desc_write.id, level, vaLo, vaHi)
    this.#batch.setWord(i, OLD, oldLo, oldHi)
    this.#batch.setWord(i, NEW, newLo, newHi)
  }

  tableAlloc(level: Level, vaLo: number, vaHi: number, paLo: number, paHi: number): void {
    this.#batch.setWord(this.#at(KINDS.table_alloc.id, level, vaLo, vaHi), AUX, paLo, paHi)
  }

  tableAllocFail(level: Level, vaLo: number, vaHi: number): void {
    this.#at(KINDS.table_alloc_fail.id, level, vaLo, vaHi)
  }

  tableFree(level: Level, vaLo: number, vaHi: number, paLo: number, paHi: number): void {
    this.#batch.setWord(this.#at(KINDS.table_free.id, level, vaLo, vaHi), AUX, paLo, paHi)
  }

  lazyMmuEnter(depth: number, ignored: boolean, api: 'pause' | 'resume' | null): void {
    this.#lazy(KINDS.lazy_mmu_enter.id, depth, ignored, api)
  }

  lazyMmuLeave(depth: number, ignored: boolean, api: 'pause' | 'resume' | null): void {
    this.#lazy(KINDS.lazy_mmu_leave.id, depth, ignored, api)
  }

  barrierQueue(): void {
    this.#row(KINDS.barrier_queue.id)
  }

  barrier(): void {
    this.#row(KINDS.barrier.id)
  }

  dsb(scope: BarrierScope): void {
    this.#batch.setSmall(this.#row(KINDS.dsb.id), AUX, SCOPE[scope])
  }

  dmb(scope: BarrierScope): void {
    this.#batch.setSmall(this.#row(KINDS.dmb.id), AUX, SCOPE[scope])
  }

  isb(): void {
    this.#row(KINDS.isb.id)
  }

  tlbFlush(
    fn: string,
    hasRange: boolean,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
  ): void {
    const i = this.#named(KINDS.tlb_flush.id, fn)
    if (hasRange) this.#batch.setRange(i, vaLo, vaHi, endLo, endHi)
  }

  tlbi(insn: string, vaLo: number, vaHi: number, pages: number, scale: number, num: number): void {
    const i = this.#named(KINDS.tlbi.id, insn)
    if (pages >= 0) {
      this.#batch.setWord(i, VA, vaLo, vaHi)
      this.#batch.setSmall(i, SIZE, pages)
    }
    if (scale >= 0) this.#batch.setSmall(i, OLD, scale)
    if (num >= 0) this.#batch.setSmall(i, NEW, num)
  }

  lock(fn: string, mode: LockMode): void {
    this.#batch.setSmall(this.#named(KINDS.lock.id, fn), AUX, MODE[mode])
  }

  unlock(fn: string, mode: LockMode): void {
    this.#batch.setSmall(this.#named(KINDS.unlock.id, fn), AUX, MODE[mode])
  }

  split(level: Level, vaLo: number, vaHi: number): void {
    this.#at(KINDS.split.id, level, vaLo, vaHi)
  }

  warn(fn: string, once: boolean, fired: boolean): void {
    const i = this.#named(KINDS.warn.id, fn)
    this.#batch.setSmall(i, OLD, Number(once))
    this.#batch.setSmall(i, NEW, Number(fired))
  }

  badEntry(level: Level, descLo: number, descHi: number): void {
    const i = this.#row(KINDS.bad_entry.id)
    this.#batch.setLevel(i, level)
    this.#batch.setWord(i, NEW, descLo, descHi)
  }

  context(context: Context): void {
    this.#named(KINDS.context.id, context)
  }

  sleepInAtomic(fn: string, context: Context): void {
    this.#batch.setSmall(this.#named(KINDS.sleep_in_atomic.id, fn), AUX, CONTEXT[context])
  }

  access(
    mode: 'read' | 'write' | 'exec',
    vaLo: number,
    vaHi: number,
    outcome: 'ok' | 'fault' | 'conflict',
    stale: boolean,
  ): void {
    const i = this.#row(KINDS.access.id)
    this.#batch.setWord(i, VA, vaLo, vaHi)
    this.#batch.setSmall(i, OLD, ACCESS[mode])
    this.#batch.setSmall(i, NEW, OUTCOME[outcome])
    this.#batch.setSmall(i, AUX, Number(stale))
  }

  tlbFill(
    level: Level,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
    descLo: number,
    descHi: number,
  ): void {
    const i = this.#row(KINDS.tlb_fill.id)
    this.#batch.setLevel(i, level)
    this.#batch.setRange(i, vaLo, vaHi, endLo, endHi)
    this.#batch.setWord(i, NEW, descLo, descHi)
  }

  tlbEvict(vaLo: number, vaHi: number): void {
    this.#batch.setWord(this.#row(KINDS.tlb_evict.id), VA, vaLo, vaHi)
  }

  descRead(level: Level, vaLo: number, vaHi: number, lo: number, hi: number): void {
    this.#batch.setWord(this.#at(KINDS.desc_read.id, level, vaLo, vaHi), OLD, lo, hi)
  }

  spanBegin(fn: string, vaLo: number, vaHi: number, endLo: number, endHi: number): void {
    this.#batch.setRange(this.#open(KINDS.span_begin.id, fn), vaLo, vaHi, endLo, endHi)
  }

  spanEnd(fn: string, ret: number): void {
    this.#batch.setRet(this.#close(KINDS.span_end.id, fn), ret)
  }

  livelock(level: Level, fn: string, vaLo: number, vaHi: number, repeats: number): void {
    const i = this.#named(KINDS.livelock.id, fn)
    this.#batch.setLevel(i, level)
    this.#batch.setWord(i, VA, vaLo, vaHi)
    this.#batch.setRet(i, repeats)
    this.#halt()
  }

  wildDeref(fn: string, paLo: number, paHi: number): void {
    this.#batch.setWord(this.#named(KINDS.wild_deref.id, fn), AUX, paLo, paHi)
    this.#halt()
  }

  bug(fn: string): void {
    this.#named(KINDS.bug.id, fn)
    this.#halt()
  }

  tooManyEvents(): void {
    this.#row(KINDS.too_many_events.id)
    this.#halt()
  }

  /** Any event by its fields, which are checked before anything is counted: what the hooks for people call. */
  append(kind: Kind, fields: Readonly<Record<string, FieldValue>>): void {
    const trial = new Batch(1)
    putFields(trial, trial.row(KINDS[kind].id, 0), kind, fields, () => 0)
    const { id } = KINDS[kind]
    const fn = String(fields['fn'])
    const move = nestOf(kind)
    if (kind === 'op_begin') this.#beginOp()
    const i = move > 0 ? this.#open(id, fn) : move < 0 ? this.#close(id, fn) : this.#row(id)
    putFields(this.#batch, i, kind, fields, (text) => this.#sink.intern(text))
    if (kind === 'op_end') this.#endOp()
    if (halts(kind)) this.#halt()
  }

  /** The event that has no end yet, innermost of the first CPU that has one; null: there is none. */
  open(): string | null {
    const cpu = this.#kinds.findIndex((kinds) => kinds.length > 0)
    const kind = this.#kinds[cpu]?.at(-1)
    if (kind === undefined) return null
    const fn = this.#sink.textOf(this.#fns[cpu]!.at(-1)!)
    return `${kindOfId(kind)} of ${fn} on CPU ${cpu}`
  }

  #row(kind: number): number {
    this.events++
    const cpu = this.#cpu
    const i = this.#sink.row(kind, cpu)
    this.#batch.op[i] = this.#op[cpu]!
    this.#batch.nest[i] = this.#kinds[cpu]!.length
    return i
  }

  #named(kind: number, fn: string): number {
    const i = this.#row(kind)
    this.#batch.fn[i] = this.#sink.intern(fn)
    return i
  }

  #at(kind: number, level: Level, vaLo: number, vaHi: number): number {
    const i = this.#row(kind)
    this.#batch.setLevel(i, level)
    this.#batch.setWord(i, VA, vaLo, vaHi)
    return i
  }

  #open(kind: number, fn: string): number {
    const i = this.#named(kind, fn)
    this.#kinds[this.#cpu]!.push(kind)
    this.#fns[this.#cpu]!.push(this.#batch.fn[i]!)
    return i
  }

  /** Closing kinds follow the kind that they close. */
  #close(kind: number, fn: string): number {
    const kinds = this.#kinds[this.#cpu]!
    const fns = this.#fns[this.#cpu]!
    const top = kinds.length - 1
    const id = this.#sink.intern(fn)
    if (kinds[top] !== kind - 1 || fns[top] !== id) this.#misfit(kind, fn)
    // Setting `length` instead leaves compiled code: it was a third of what a hook cost.
    kinds.pop()
    fns.pop()
    const i = this.#row(kind)
    this.#batch.fn[i] = id
    return i
  }

  #misfit(kind: number, fn: string): never {
    const opening = this.#kinds[this.#cpu]!.at(-1)
    const open = opening === undefined ? 'nothing is open' : `a ${kindOfId(opening)} is open`
    throw new InputError(
      `${kindOfId(kind)} of ${fn} on CPU ${this.#cpu} closes nothing: ${open} there`,
    )
  }

  #lazy(kind: number, depth: number, ignored: boolean, api: 'pause' | 'resume' | null): void {
    const i = this.#row(kind)
    this.#batch.setRet(i, depth)
    if (ignored) this.#batch.setSmall(i, NEW, 1)
    if (api !== null) this.#batch.setSmall(i, AUX, API[api])
  }

  /** The call on this CPU will not return. */
  #halt(): void {
    this.#op[this.#cpu] = NONE
    this.#kinds[this.#cpu]!.length = 0
    this.#fns[this.#cpu]!.length = 0
    this.#sink.callEnded()
  }
}
