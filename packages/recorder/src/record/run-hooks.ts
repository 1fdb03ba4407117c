import {
  BARRIER_SCOPES,
  type CallArgs,
  InputError,
  LEVEL_NAMES,
  type LevelName,
  type Words,
  wordsOf,
} from '@pagetrail/engine'
import type { BarrierScope, Context, Level, LockMode, WalkAction } from '@pagetrail/engine'
import { type Kind, KINDS } from '../event/kinds.ts'
import { didYouMean } from '../event/nearest.ts'
import { type HookRecorder, MAX_RUN_CPUS } from './hook-recorder.ts'

/** What a call works on, as half-open range of addresses; null: it has none. */
export type HookRange = { readonly va: bigint; readonly end: bigint } | null

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
      throw new InputError(`cpu: ${shown(cpu)} is not a CPU, 0 … ${MAX_RUN_CPUS - 1}`)
    }
    this.words.cpu(cpu)
  }

  opBegin(fn: string, range: HookRange, args: CallArgs = {}): void {
    const at = word('op_begin', 'va', range?.va ?? 0n)
    const end = word('op_begin', 'end', range?.end ?? 0n)
    this.words.opBegin(text('op_begin', fn), range !== null, at.lo, at.hi, end.lo, end.hi, args)
  }

  opEnd(fn: string, ret: number): void {
    this.words.opEnd(text('op_end', fn), integer('op_end', 'ret', ret))
  }

  walkBegin(fn: string, va: bigint, end: bigint): void {
    const [a, b] = range('walk_begin', va, end)
    this.words.walkBegin(text('walk_begin', fn), a.lo, a.hi, b.lo, b.hi)
  }

  walkEnd(fn: string, ret: number): void {
    this.words.walkEnd(text('walk_end', fn), integer('walk_end', 'ret', ret))
  }

  /** A kernel function that is neither walker nor callback, below a call. */
  spanBegin(fn: string, va: bigint, end: bigint): void {
    const [a, b] = range('span_begin', va, end)
    this.words.spanBegin(text('span_begin', fn), a.lo, a.hi, b.lo, b.hi)
  }

  spanEnd(fn: string, ret: number): void {
    this.words.spanEnd(text('span_end', fn), integer('span_end', 'ret', ret))
  }

  cbEnter(level: LevelName, fn: string, va: bigint, end: bigint): void {
    const [a, b] = range('cb_enter', va, end)
    this.words.cbEnter(levelOf('cb_enter', level), text('cb_enter', fn), a.lo, a.hi, b.lo, b.hi)
  }

  cbExit(
    level: LevelName,
    fn: string,
    va: bigint,
    ret: number,
    action: WalkAction | null = null,
  ): void {
    const a = word('cb_exit', 'va', va)
    const known =
      action === null
        ? null
        : oneOf('cb_exit', 'action', action, KINDS.cb_exit.fields.action.values)
    const code = integer('cb_exit', 'ret', ret)
    this.words.cbExit(levelOf('cb_exit', level), text('cb_exit', fn), a.lo, a.hi, code, known)
  }

  hole(level: LevelName, va: bigint, end: bigint): void {
    const [a, b] = range('hole', va, end)
    this.words.hole(levelOf('hole', level), a.lo, a.hi, b.lo, b.hi)
  }

  /** A store to an entry: `va` is the base of what it translates, `before` and `after` the whole descriptors. */
  descWrite(level: LevelName, va: bigint, before: bigint, after: bigint): void {
    const a = word('desc_write', 'va', va)
    const o = word('desc_write', 'old', before)
    const n = word('desc_write', 'new', after)
    this.words.descWrite(levelOf('desc_write', level), a.lo, a.hi, o.lo, o.hi, n.lo, n.hi)
  }

  descRead(level: LevelName, va: bigint, value: bigint): void {
    const a = word('desc_read', 'va', va)
    const v = word('desc_read', 'old', value)
    this.words.descRead(levelOf('desc_read', level), a.lo, a.hi, v.lo, v.hi)
  }

  tableAlloc(level: LevelName, va: bigint, pa: bigint): void {
    const a = word('table_alloc', 'va', va)
    const p = word('table_alloc', 'pa', pa)
    this.words.tableAlloc(levelOf('table_alloc', level), a.lo, a.hi, p.lo, p.hi)
  }

  tableAllocFail(level: LevelName, va: bigint): void {
    const a = word('table_alloc_fail', 'va', va)
    this.words.tableAllocFail(levelOf('table_alloc_fail', level), a.lo, a.hi)
  }

  tableFree(level: LevelName, va: bigint, pa: bigint): void {
    const a = word('table_free', 'va', va)
    const p = word('table_free', 'pa', pa)
    this.words.tableFree(levelOf('table_free', level), a.lo, a.hi, p.lo, p.hi)
  }

  split(level: LevelName, va: bigint): void {
    const a = word('split', 'va', va)
    this.words.split(levelOf('split', level), a.lo, a.hi)
  }

  /** `depth` is the depth after it; `ignored`: in interrupt or paused, nothing happened. */
  lazyMmuEnter(depth: number, ignored = false, api: 'pause' | 'resume' | null = null): void {
    this.words.lazyMmuEnter(
      integer('lazy_mmu_enter', 'depth', depth),
      ignored,
      lazyApi('lazy_mmu_enter', api),
    )
  }

  lazyMmuLeave(depth: number, ignored = false, api: 'pause' | 'resume' | null = null): void {
    this.words.lazyMmuLeave(
      integer('lazy_mmu_leave', 'depth', depth),
      ignored,
      lazyApi('lazy_mmu_leave', api),
    )
  }

  barrierQueue(): void {
    this.words.barrierQueue()
  }

  /** dsb(ishst) and isb() outside a flush. */
  barrier(): void {
    this.words.barrier()
  }

  dsb(scope: BarrierScope): void {
    this.words.dsb(oneOf('dsb', 'scope', scope, BARRIER_SCOPES))
  }

  dmb(scope: BarrierScope): void {
    this.words.dmb(oneOf('dmb', 'scope', scope, BARRIER_SCOPES))
  }

  isb(): void {
    this.words.isb()
  }

  /** A flush function was called; null: of everything. */
  tlbFlush(fn: string, over: HookRange): void {
    const a = word('tlb_flush', 'va', over?.va ?? 0n)
    const b = word('tlb_flush', 'end', over?.end ?? 0n)
    this.words.tlbFlush(text('tlb_flush', fn), over !== null, a.lo, a.hi, b.lo, b.hi)
  }

  /** One TLBI instruction; null: of no address (vmalle1is). `scale` and `num` are those of a range instruction. */
  tlbi(
    insn: string,
    over: { readonly va: bigint; readonly pages: number } | null,
    scale: number | null = null,
    num: number | null = null,
  ): void {
    const a = word('tlbi', 'va', over?.va ?? 0n)
    const pages = over === null ? -1 : integer('tlbi', 'pages', over.pages)
    const field = (name: string, value: number | null) =>
      value === null ? -1 : integer('tlbi', name, value)
    this.words.tlbi(text('tlbi', insn), a.lo, a.hi, pages, field('scale', scale), field('num', num))
  }

  lock(fn: string, mode: LockMode): void {
    this.words.lock(text('lock', fn), oneOf('lock', 'mode', mode, KINDS.lock.fields.mode.values))
  }

  unlock(fn: string, mode: LockMode): void {
    this.words.unlock(
      text('unlock', fn),
      oneOf('unlock', 'mode', mode, KINDS.unlock.fields.mode.values),
    )
  }

  warn(fn: string, once = false, fired = true): void {
    this.words.warn(text('warn', fn), once, fired)
  }

  badEntry(level: LevelName, value: bigint): void {
    const v = word('bad_entry', 'desc', value)
    this.words.badEntry(levelOf('bad_entry', level), v.lo, v.hi)
  }

  context(context: Context): void {
    this.words.context(
      oneOf('context', 'context', context, KINDS.sleep_in_atomic.fields.context.values),
    )
  }

  sleepInAtomic(fn: string, context: Context): void {
    const known = oneOf(
      'sleep_in_atomic',
      'context',
      context,
      KINDS.sleep_in_atomic.fields.context.values,
    )
    this.words.sleepInAtomic(text('sleep_in_atomic', fn), known)
  }

  access(
    mode: 'read' | 'write' | 'exec',
    va: bigint,
    outcome: 'ok' | 'fault' | 'conflict',
    stale = false,
  ): void {
    const a = word('access', 'va', va)
    const { fields } = KINDS.access
    const how = oneOf('access', 'mode', mode, fields.mode.values)
    this.words.access(
      how,
      a.lo,
      a.hi,
      oneOf('access', 'outcome', outcome, fields.outcome.values),
      stale,
    )
  }

  tlbFill(level: LevelName, va: bigint, end: bigint, value: bigint): void {
    const [a, b] = range('tlb_fill', va, end)
    const v = word('tlb_fill', 'desc', value)
    this.words.tlbFill(levelOf('tlb_fill', level), a.lo, a.hi, b.lo, b.hi, v.lo, v.hi)
  }

  tlbEvict(va: bigint): void {
    const a = word('tlb_evict', 'va', va)
    this.words.tlbEvict(a.lo, a.hi)
  }

  /** The call ends here without returning: BUG_ON at `fn`. */
  bug(fn: string): void {
    this.words.bug(text('bug', fn))
  }
}

const BITS_64 = 2n ** 64n

/** A value as a message shows it: what a JavaScript caller passed may be anything. */
const shown = (value: unknown): string =>
  typeof value === 'string'
    ? `"${value.slice(0, 40)}"`
    : `${typeof value} ${String(value).slice(0, 40)}`

function word(kind: Kind, name: string, value: bigint): Words {
  if (typeof value !== 'bigint') {
    throw new InputError(
      `${kind}: ${name} is the ${shown(value)}; a 64-bit value is a bigint, such as 0x1000n`,
    )
  }
  if (value < 0n || value >= BITS_64)
    throw new InputError(`${kind}: ${name} ${value} is not in 0 … 2^64-1`)
  return wordsOf(value)
}

/** `end` may be 0, which stands for 2^64. */
function range(kind: Kind, va: bigint, end: bigint): readonly [Words, Words] {
  const words = [word(kind, 'va', va), word(kind, 'end', end)] as const
  if (end !== 0n && end < va)
    throw new InputError(`${kind}: end 0x${end.toString(16)} is below va 0x${va.toString(16)}`)
  return words
}

function text(kind: Kind, name: string): string {
  if (typeof name !== 'string' || name === '')
    throw new InputError(`${kind}: its function is the ${shown(name)}, not a name`)
  return name
}

function integer(kind: Kind, name: string, value: number): number {
  if (!Number.isSafeInteger(value))
    throw new InputError(`${kind}: ${name} is the ${shown(value)}, not a whole number`)
  return value
}

function oneOf<V extends string>(kind: Kind, name: string, value: V, known: readonly V[]): V {
  if (known.includes(value)) return value
  const near = typeof value === 'string' ? didYouMean(value, known) : ''
  throw new InputError(
    `${kind}: ${name} is the ${shown(value)}, not one of ${known.join(', ')}${near}`,
  )
}

function levelOf(kind: Kind, level: LevelName): Level {
  const index = LEVEL_NAMES.indexOf(oneOf(kind, 'level', level, LEVEL_NAMES))
  return index as Level
}

const lazyApi = (kind: 'lazy_mmu_enter' | 'lazy_mmu_leave', api: 'pause' | 'resume' | null) =>
  api === null ? null : oneOf(kind, 'api', api, KINDS[kind].fields.api.values)
