import {
  type BarrierScope,
  type CallArgs,
  type Context,
  hexOf,
  InputError,
  LEVEL_NAMES,
  type LevelName,
  type LockMode,
  type WalkAction,
} from '@pagetrail/engine'
import type { FieldValue } from '../event/field-codec.ts'
import { toJson } from '../event/json.ts'
import { type Json, type Kind, KINDS } from '../event/kinds.ts'
import { type HookRecorder, MAX_RUN_CPUS } from './hook-recorder.ts'

/** What a call works on, as half-open range of addresses; null: it has none. */
export type HookRange = { readonly va: bigint; readonly end: bigint } | null

/** Fields that say something only where they are given. */
const MAY_LACK: ReadonlySet<string> = new Set(['action', 'ignored', 'api', 'scale', 'num'])

/**
 * The hooks of the engine for people: addresses and descriptors as bigint, levels by name. Each method appends the
 * event of docs/events.md that it is called for; {@link words} is the form for hot paths, which allocates nothing.
 *
 * Throws InputError, naming the event, for a value of more than 64 bits or that is not a bigint, a name that is not one
 * of those the event knows, and an end whose begin is not what is open on its CPU.
 */
export class RunHooks {
  /** The same run, 64-bit values as two unsigned words, low word first: the engine's own `Hooks`. */
  readonly words: HookRecorder

  /** @internal */
  constructor(words: HookRecorder) {
    this.words = words
  }

  /** The CPU that the following hooks speak of; 0 until it is set. */
  cpu(cpu: number): void {
    if (!Number.isInteger(cpu) || cpu < 0 || cpu >= MAX_RUN_CPUS) {
      throw new InputError(`cpu: ${String(cpu)} is not a CPU, 0 … ${MAX_RUN_CPUS - 1}`)
    }
    this.words.cpu(cpu)
  }

  opBegin(fn: string, range: HookRange, args: CallArgs = {}): void {
    this.#put('op_begin', { fn, ...range, args: JSON.parse(toJson(args)) as Json })
  }

  opEnd(fn: string, ret: number): void {
    this.#put('op_end', { fn, ret })
  }

  walkBegin(fn: string, va: bigint, end: bigint): void {
    this.#put('walk_begin', { fn, va, end })
  }

  walkEnd(fn: string, ret: number): void {
    this.#put('walk_end', { fn, ret })
  }

  /** A kernel function that is neither walker nor callback, below a call. */
  spanBegin(fn: string, va: bigint, end: bigint): void {
    this.#put('span_begin', { fn, va, end })
  }

  spanEnd(fn: string, ret: number): void {
    this.#put('span_end', { fn, ret })
  }

  cbEnter(level: LevelName, fn: string, va: bigint, end: bigint): void {
    this.#put('cb_enter', { level, fn, va, end })
  }

  cbExit(
    level: LevelName,
    fn: string,
    va: bigint,
    ret: number,
    action: WalkAction | null = null,
  ): void {
    this.#put('cb_exit', { level, fn, va, ret, action })
  }

  hole(level: LevelName, va: bigint, end: bigint): void {
    const depth = LEVEL_NAMES.indexOf(level)
    if (depth < 0) throw new InputError(`hole.level: ${String(level)} is not a page-table level`)
    this.#put('hole', { level: depth, va, end })
  }

  /** A store to an entry: `va` is the base of what it translates, `before` and `after` the whole descriptors. */
  descWrite(level: LevelName, va: bigint, before: bigint, after: bigint): void {
    this.#put('desc_write', { level, va, old: before, new: after })
  }

  descRead(level: LevelName, va: bigint, value: bigint): void {
    this.#put('desc_read', { level, va, val: value })
  }

  tableAlloc(level: LevelName, va: bigint, pa: bigint): void {
    this.#put('table_alloc', { level, va, pa })
  }

  tableAllocFail(level: LevelName, va: bigint): void {
    this.#put('table_alloc_fail', { level, va })
  }

  tableFree(level: LevelName, va: bigint, pa: bigint): void {
    this.#put('table_free', { level, va, pa })
  }

  split(level: LevelName, va: bigint): void {
    this.#put('split', { level, va })
  }

  /** `depth` is the depth after it; `ignored`: in interrupt or paused, nothing happened. */
  lazyMmuEnter(depth: number, ignored = false, api: 'pause' | 'resume' | null = null): void {
    this.#put('lazy_mmu_enter', { depth, ignored: ignored || null, api })
  }

  lazyMmuLeave(depth: number, ignored = false, api: 'pause' | 'resume' | null = null): void {
    this.#put('lazy_mmu_leave', { depth, ignored: ignored || null, api })
  }

  barrierQueue(): void {
    this.#put('barrier_queue')
  }

  /** dsb(ishst) and isb() outside a flush. */
  barrier(): void {
    this.#put('barrier')
  }

  dsb(scope: BarrierScope): void {
    this.#put('dsb', { scope })
  }

  dmb(scope: BarrierScope): void {
    this.#put('dmb', { scope })
  }

  isb(): void {
    this.#put('isb')
  }

  /** A flush function was called; null: of everything. */
  tlbFlush(fn: string, over: HookRange): void {
    this.#put('tlb_flush', { fn, ...over })
  }

  /** One TLBI instruction; null: of no address (vmalle1is). `scale` and `num` are those of a range instruction. */
  tlbi(
    insn: string,
    over: { readonly va: bigint; readonly pages: number } | null,
    scale: number | null = null,
    num: number | null = null,
  ): void {
    this.#put('tlbi', { insn, ...over, scale, num })
  }

  lock(fn: string, mode: LockMode): void {
    this.#put('lock', { fn, mode })
  }

  unlock(fn: string, mode: LockMode): void {
    this.#put('unlock', { fn, mode })
  }

  warn(fn: string, once = false, fired = true): void {
    this.#put('warn', { fn, once, fired })
  }

  badEntry(level: LevelName, value: bigint): void {
    this.#put('bad_entry', { level, desc: value })
  }

  context(context: Context): void {
    // Its column holds any name.
    const known = KINDS.sleep_in_atomic.fields.context.values
    if (!known.includes(context)) {
      throw new InputError(`context: ${String(context)} is not one of ${known.join(', ')}`)
    }
    this.#put('context', { fn: context })
  }

  sleepInAtomic(fn: string, context: Context): void {
    this.#put('sleep_in_atomic', { fn, context })
  }

  access(
    mode: 'read' | 'write' | 'exec',
    va: bigint,
    outcome: 'ok' | 'fault' | 'conflict',
    stale = false,
  ): void {
    this.#put('access', { mode, va, outcome, stale })
  }

  tlbFill(level: LevelName, va: bigint, end: bigint, value: bigint): void {
    this.#put('tlb_fill', { level, va, end, desc: value })
  }

  tlbEvict(va: bigint): void {
    this.#put('tlb_evict', { va })
  }

  /** The call ends here without returning: BUG_ON at `fn`. */
  bug(fn: string): void {
    this.#put('bug', { fn })
  }

  /** `end` may be 0, which stands for 2^64. */
  #put(kind: Kind, fields: Readonly<Record<string, FieldValue>> = {}): void {
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined && (value !== null || MAY_LACK.has(name))) continue
      throw new InputError(`${kind}.${name}: ${String(value)} is not a value`)
    }
    const { fn, insn, va, end } = fields
    if (fn === '' || insn === '') throw new InputError(`${kind}: its function has no name`)
    if (typeof va === 'bigint' && typeof end === 'bigint' && end !== 0n && end < va)
      throw new InputError(`${kind}: end ${hexOf(end)} is below va ${hexOf(va)}`)
    this.words.append(kind, fields)
  }
}
