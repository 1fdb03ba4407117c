/**
 * Judges every edge of a search. It hears what a recorder would hear, so that what it says of a schedule is what
 * `check` says of the run that is recorded of it. What it remembers goes back with the edge.
 */
import {
  bigintOf,
  type CallArgs,
  EAGAIN,
  LEVEL_NAMES,
  type Machine,
  type ScheduledCpu,
  type SearchMachine,
  SilentHooks,
  type Watch,
} from '@pagetrail/engine'
import { leadsToTable } from '../descriptor/bits.ts'
import type { Json, TraceEvent } from '../event/kinds.ts'
import { type Kept, KeptPromises } from '../observers/kept-promises.ts'
import { changeOf } from '../observers/masks.ts'
import { promisesFlush } from '../observers/promises.ts'
import { endPageOf, pageOf } from '../observers/page-numbers.ts'
import { frameOf } from '../observers/descriptor-words.ts'
import { undoesChange } from '../observers/undone.ts'
import { allows, leafAt, tornSpans, translates } from './machine-leaves.ts'
import { accessEvent, type Never, readEvent, writeEvent } from './never.ts'
import { Outcomes, type SavedOutcomes } from './outcomes.ts'
import { Owners } from './owners.ts'
import { bitOf, BROKEN, GAVE_UP, LOST_AT_END, WAITED, withBroken } from './properties.ts'

const LOST_UPDATE = bitOf('lost-update')
const LOST = (1 << LOST_UPDATE) | (1 << LOST_AT_END)
const LOST_TABLE = bitOf('lost-table')
const TORN_SPAN = bitOf('torn-span')
const STALE_ACCESS = bitOf('stale-access')
const TLB_CONFLICT = bitOf('tlb-conflict')
const SPURIOUS_FAULT = bitOf('spurious-fault')
const FREED_IN_USE = bitOf('table-freed-in-use')
const SLEEP_IN_ATOMIC = bitOf('sleep-in-atomic')
const OVERLAPPING = bitOf('overlapping-owners')
const WILD_WALK = bitOf('wild-walk')
const STALE_AT_RETURN = bitOf('stale-at-return')
const PROPERTY = bitOf('property')
const NEVER = bitOf('never')
const LIVELOCK = bitOf('livelock')

export interface WatchOptions {
  /** Of a user's module: what is wrong with how a schedule ended; null: nothing. */
  readonly property?: ((machine: Machine) => string | null) | undefined
  /** What must not happen. */
  readonly never?: Never | undefined
  /** Schedules that reach the bound of a retry loop are counted apart from the others. */
  readonly canGiveUp?: boolean
}

/** Two locks, one taken while the other was held. */
export interface LockOrder {
  readonly held: string
  readonly taken: string
}

export class ScenarioWatch extends SilentHooks implements Watch {
  flags = 0
  readonly hooks = this
  /** By `held taken`: every order of two locks that was met. */
  readonly orders = new Map<string, LockOrder>()
  readonly outcomes = new Outcomes()
  #search: SearchMachine | null = null
  readonly #options: WatchOptions
  #cpu = 0
  #live = 0
  #op = 0
  readonly #open = new Map<number, number[]>()
  readonly #kept = new KeptPromises()
  /** Those that have returned and are to hold from then on. */
  readonly #held: Kept[] = []
  /** Calls that promise that on their return nobody uses what was before. */
  readonly #flushing = new Set<number>()
  readonly #owners = new Owners()
  readonly #freed = new Set<number>()
  /** Broken on this path, where it is only known at its end whether the path counts. */
  #broken = 0

  constructor(options: WatchOptions = {}) {
    super()
    this.#options = options
  }

  /** What it has seen on all paths, for a search that goes on another time. */
  get remembered(): { readonly orders: readonly LockOrder[]; readonly outcomes: SavedOutcomes } {
    return { orders: [...this.orders.values()], outcomes: this.outcomes.save() }
  }

  remember({ orders, outcomes }: ScenarioWatch['remembered']): void {
    for (const order of orders) this.orders.set(`${order.held} ${order.taken}`, order)
    this.outcomes.restore(outcomes)
  }

  get key(): string {
    return `${this.#broken} ${[...this.#freed].toSorted((a, b) => a - b).join()}`
  }

  override cpu(cpu: number): void {
    this.#cpu = cpu
  }

  #breaks(rule: number): void {
    this.flags |= 1 << rule
  }

  #changes(undo: () => void): void {
    this.#search?.changed(undo)
  }

  /** To be called once, before the search. */
  attach(search: SearchMachine): void {
    this.#search = search
  }

  override opBegin(
    fn: string,
    hasRange: boolean,
    vaLo: number,
    vaHi: number,
    endLo: number,
    endHi: number,
    args: CallArgs,
  ): void {
    const op = this.#op++
    const start = hasRange ? pageOf(bigintOf(vaLo, vaHi)) : 0
    const end = hasRange ? endPageOf(bigintOf(endLo, endHi)) : 0
    const open = this.#open.get(this.#cpu) ?? []
    this.#open.set(this.#cpu, open)
    open.push(op)
    this.#live++
    const call = { op, cpu: this.#cpu, seq: op, fn, start, end }
    const isKept = this.#kept.begin(call, jsonOf(args))
    // A race reduced to what matters is nobody's ownership of a range: check does not say so either.
    if (isKept && changeOf(fn, jsonOf(args)) !== null) this.#owners.begin(op, start, end)
    if (promisesFlush(fn) && args['flush'] !== 'none') this.#flushing.add(op)
    const overtaken = isKept ? this.#overtake(start, end) : []
    this.#changes(() => {
      this.#op--
      this.#flushing.delete(op)
      open.pop()
      this.#live--
      this.#held.push(...overtaken)
      if (!isKept) return
      this.#kept.calls.pop()
      this.#owners.end(op)
    })
  }

  /** What an earlier call has made of these pages holds no longer. */
  #overtake(start: number, end: number): Kept[] {
    const over = this.#held.filter((kept) => kept.start < end && start < kept.end)
    for (const kept of over) this.#held.splice(this.#held.indexOf(kept), 1)
    return over
  }

  override opEnd(fn: string, ret: number): void {
    const cpu = this.#cpu
    const op = this.#open.get(cpu)?.pop()
    if (op === undefined) return
    this.#live--
    const kept = this.#kept.calls.find((call) => call.op === op)
    const owner = this.#owners.end(op)
    this.#kept.end(op, ret)
    this.outcomes.returns(cpu, fn, ret)
    const isHeld = kept?.returned === true && this.#flushing.has(op)
    if (isHeld) this.#held.push(kept)
    const gone = this.#live === 0 ? this.#judge() : []
    this.#changes(() => {
      if (gone.length > 0) this.#kept.calls.push(...gone)
      if (isHeld) this.#held.splice(this.#held.indexOf(kept), 1)
      if (kept !== undefined) kept.returned = false
      if (owner !== undefined) this.#owners.restore(op, owner)
      this.outcomes.takeBack(cpu)
      this.#open.get(cpu)?.push(op)
      this.#live++
    })
    if (fn === 'h7_change' && ret === EAGAIN) this.#breaks(GAVE_UP)
  }

  /** All calls have returned. What they made is judged, and given back for the way back. */
  #judge(): Kept[] {
    const search = this.#search
    const calls = [...this.#kept.calls]
    if (search === null) return calls
    const { system } = search.machine
    const broken =
      calls.length > 1 ? this.#kept.broken((page) => leafAt(system, page)).next() : null
    if (broken?.done === false) this.flags |= LOST
    if (tornSpans(system, search.stored)) this.#breaks(TORN_SPAN)
    this.#kept.clear()
    return calls
  }

  override descWrite(
    ...[level, vaLo, vaHi, oldLo, oldHi, newLo, newHi]: Parameters<SilentHooks['descWrite']>
  ): void {
    const search = this.#search
    const thread = search?.stepping ?? null
    if (search === null || thread === null) return
    const name = LEVEL_NAMES[level] ?? 'pte'
    const old = { lo: oldLo, hi: oldHi }
    const stored = { lo: newLo, hi: newHi }
    this.#meets(writeEvent, [level, vaLo, vaHi, oldLo, oldHi, newLo, newHi])
    const read = this.#readBy(search, thread)
    if (read !== null && undoesChange(name, read, old, stored)) this.#breaks(LOST_UPDATE)
    if (replacesTable(search.machine, name, old, stored)) this.#breaks(LOST_TABLE)
    const op = this.#open.get(this.#cpu)?.at(-1) ?? -1
    const page = pageOf(bigintOf(vaLo, vaHi))
    if (this.#kept.stored(op, page, newLo, newHi)) this.#changes(() => this.#kept.unmade(op, page))
    this.#acts()
  }

  /** What the CPU that stores last read from the entry; an atomic operation reads it itself. */
  #readBy(search: SearchMachine, thread: ScheduledCpu): { lo: number; hi: number } | null {
    const at = thread.length - 1
    if (thread.kindAt(at) !== 'store' || thread.slotAt(at) !== search.slot) return null
    const read = search.lastRead(thread, search.slot, at)
    return read === -1 ? null : { lo: thread.loAt(read), hi: thread.hiAt(read) }
  }

  /** An event that --never may forbid. */
  #meets<A>(event: (cpu: number, op: number | null, args: A) => TraceEvent, args: A): void {
    const { never } = this.#options
    if (never === undefined) return
    const op = this.#open.get(this.#cpu)?.at(-1) ?? null
    if (never(event(this.#cpu, op, args))) this.#breaks(NEVER)
  }

  override descRead(...load: Parameters<SilentHooks['descRead']>): void {
    this.#meets(readEvent, load)
    const search = this.#search
    if (search !== null && this.#freed.has(search.machine.system.memory.tableOf(search.slot))) {
      this.#breaks(FREED_IN_USE)
    }
    this.#acts()
  }

  override lock(_fn: string): void {
    this.#acts()
  }

  override walkBegin(...[, vaLo, vaHi, endLo, endHi]: Parameters<SilentHooks['walkBegin']>): void {
    const op = this.#open.get(this.#cpu)?.at(-1)
    const end = endPageOf(bigintOf(endLo, endHi))
    if (op === undefined || !this.#owners.widen(op, pageOf(bigintOf(vaLo, vaHi)), end)) return
    this.#changes(() => this.#owners.narrow(op))
    if (this.#owners.clashes(op)) this.#breaks(OVERLAPPING)
  }

  /** The call on this CPU has touched something shared: until then it may as well not have begun. */
  #acts(): void {
    const op = this.#open.get(this.#cpu)?.at(-1)
    if (op === undefined || !this.#owners.acts(op)) return
    this.#changes(() => this.#owners.rests(op))
    if (this.#owners.clashes(op)) this.#breaks(OVERLAPPING)
  }

  override tableFree(...[, , , paLo, paHi]: Parameters<SilentHooks['tableFree']>): void {
    const table = this.#search?.machine.system.memory.tableAt(Number(bigintOf(paLo, paHi))) ?? -1
    if (table === -1 || this.#freed.has(table)) return
    this.#freed.add(table)
    this.#changes(() => this.#freed.delete(table))
  }

  override sleepInAtomic(): void {
    this.#breaks(SLEEP_IN_ATOMIC)
  }

  override wildDeref(): void {
    this.#breaks(WILD_WALK)
  }

  override livelock(): void {
    this.#breaks(LIVELOCK)
  }

  override access(...[mode, vaLo, vaHi, outcome, stale]: Parameters<SilentHooks['access']>): void {
    this.#meets(accessEvent, { mode, va: bigintOf(vaLo, vaHi), outcome, stale })
    if (outcome === 'conflict') this.#breaks(TLB_CONFLICT)
    else if (stale) this.#breaks(STALE_ACCESS)
    else if (outcome === 'fault' && this.#search !== null) {
      const leaf = leafAt(this.#search.machine.system, pageOf(bigintOf(vaLo, vaHi)))
      if (leaf !== undefined && allows(leaf, mode)) this.#breaks(SPURIOUS_FAULT)
    }
  }

  edge(search: SearchMachine): void {
    if (
      search.cpus.some(
        (cpu) => !cpu.finished && !cpu.runnable && cpu.kindAt(cpu.length) === 'acquire',
      )
    ) {
      this.#breaks(WAITED)
    }
    this.#noteOrder(search)
    if (this.#isStaleAfterReturn(search)) this.#breaks(STALE_AT_RETURN)
    this.flags = withBroken(this.flags)
    if (this.#options.canGiveUp === true) this.#remember()
  }

  /** Which of the schedules count is only known at their end. */
  #remember(): void {
    const before = this.#broken
    const after = before | this.flags
    this.flags = 0
    if (after === before) return
    this.#broken = after
    this.#changes(() => {
      this.#broken = before
    })
  }

  #noteOrder({ acquired, stepping, machine }: SearchMachine): void {
    if (acquired === null || stepping === null) return
    const id = stepping.cpu.id
    const { ptdumpKey } = machine.system.locks
    for (const held of Object.values(machine.system.locks)) {
      // A static key excludes nobody.
      if (
        held === ptdumpKey ||
        acquired === ptdumpKey ||
        held === acquired ||
        !held.isHeldBy(id) ||
        !acquired.isHeldBy(id)
      )
        continue
      const order = { held: held.name, taken: acquired.name }
      this.orders.set(`${order.held} ${order.taken}`, order)
    }
  }

  #isStaleAfterReturn({ machine }: SearchMachine): boolean {
    const { tlb } = machine.system
    if (tlb === null || this.#held.length === 0) return false
    return this.#held.some((kept) =>
      machine.cpus.some((cpu) =>
        tlb.entriesOf(cpu.id).some((entry) => translates(entry, kept) && exceeds(entry, kept)),
      ),
    )
  }

  /** Of calls that never return, what the others made is judged all the same. */
  #unjudged(search: SearchMachine): number {
    if (this.#live === 0) return 0
    const { system } = search.machine
    const isLost = this.#kept.broken((page) => leafAt(system, page)).next().done === false
    const isTorn = tornSpans(system, search.stored)
    return (isLost ? LOST : 0) | (isTorn ? 1 << TORN_SPAN : 0)
  }

  end(search: SearchMachine): number {
    let broken = this.#broken | this.#unjudged(search)
    if (this.#options.property?.(search.machine) != null) broken |= 1 << PROPERTY
    // A schedule that is cut off at a bound says nothing of the others.
    if ((broken & (1 << GAVE_UP)) !== 0) return 1 << GAVE_UP
    this.outcomes.end(search)
    return search.cpus.every((cpu) => cpu.finished) ? withBroken(broken) : broken | (1 << BROKEN)
  }
}

/** 64-bit arguments as the log has them. */
const jsonOf = (args: CallArgs): Json =>
  Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
    ]),
  )

/** It allows what the call has forbidden. */
function exceeds(entry: { readonly lo: number; readonly hi: number }, { change }: Kept): boolean {
  const forbids =
    (change.clearLo & 1) !== 0 || change.asked.includes('only') || change.asked.startsWith('not')
  if (!forbids) return false
  const lo = (change.setLo & ~entry.lo) | (change.clearLo & entry.lo)
  const hi = (change.setHi & ~entry.hi) | (change.clearHi & entry.hi)
  return (lo | hi) !== 0
}

function replacesTable(
  { geometry }: Machine,
  level: (typeof LEVEL_NAMES)[number],
  old: { readonly lo: number; readonly hi: number },
  stored: { readonly lo: number; readonly hi: number },
): boolean {
  if (!leadsToTable(level, old.lo) || !leadsToTable(level, stored.lo)) return false
  return frameOf(geometry, old.lo, old.hi) !== frameOf(geometry, stored.lo, stored.hi)
}
