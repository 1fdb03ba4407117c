/**
 * What the TLBs of all CPUs may hold, as a model that is shown everything and never guesses: nothing is cached unless
 * an access or a {@link TlbModel.fill} puts it there, and what a fill may see is chosen by the caller. So every
 * legitimate history is a sequence of calls, and a run is exact.
 *
 * - A walk reads what is in memory or, until the writer's dsb, what was there before (`see: 'old'`).
 * - Only a valid descriptor of a legal type with the access flag is cached; a fault never is.
 * - A block is cached as one entry; a contiguous span as one entry built from any one member (`via`).
 * - Tables walked through are cached too (walk cache) and used by later walks, until an instruction that reaches them.
 * - A TLBI strikes each CPU at some moment between its issue and the dsb(ish) of its CPU that completes it, and removes
 *   what it covers, whatever its size. A walk that reads an entry as it was comes after that moment unless the caller
 *   says otherwise (`struck`): what it caches stays. So without a dsb before the TLBI an old entry can outlive it.
 * - A dmb orders: once its CPU stores again, what it stored before is visible.
 * - Weak walkers (`weak`): what is left open is not said but chosen, by {@link TlbModel.accessWeakly}: for each entry
 *   whether a walk sees the old value or the new, whether a TLBI has struck yet, which of several translations
 *   answers. A fault is not cached, but a CPU may still take one that a walk has decided since its last isb.
 * - Entries of different size over one address are a conflict without BBML2; with it any of them may answer (`pick`).
 */
import { HI, LO, physOf } from '../arch/descriptor.ts'
import type { Geometry } from '../arch/geometry.ts'
import { PMD, PTE, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import type { Memory, Slot } from './memory.ts'
import { isCont, isSect, isTable, isValid } from '../arch/predicates.ts'
import { alignDown } from '../arch/u64.ts'
import type { Pa, Va } from '../arch/u64.ts'
import { copyOf, covers, deepest, strike, textOf } from './tlb-state.ts'
import type { Before, CachedTable, SavedTlbs, Seen, TlbEntry, TlbState } from './tlb-state.ts'

export type AccessMode = 'read' | 'write' | 'exec'
export type AccessOutcome = 'ok' | 'fault' | 'conflict'

/** What the architecture leaves open, decided by the caller. */
export interface FillChoice {
  /** Read entries as they were before stores that no dsb has followed yet. Default `new`. */
  readonly see?: 'new' | 'old'
  /** TLBIs that are issued and not complete have struck this CPU before the walk. Default: where it sees `old`. */
  readonly struck?: boolean
  /** Address in the member of the contiguous span that the entry is built from. Default: the accessed one. */
  readonly via?: Va
}

export interface AccessChoice extends FillChoice {
  /** Which of several entries answers, under BBML2. Default `oldest`. */
  readonly pick?: 'oldest' | 'newest'
}

export interface AccessResult {
  readonly outcome: AccessOutcome
  /** The entry that answered translates or permits otherwise than the tables do now. */
  readonly stale: boolean
}

const FAULT: AccessResult = { outcome: 'fault', stale: false }

/** The TLBs of all CPUs; `bbml`: several entries for one address are not a conflict. Follows the architecture. */
export class TlbModel {
  readonly #g: Geometry
  readonly #memory: Memory
  /** BBML2 without conflict aborts, or BBML3. */
  readonly #bbml: boolean
  readonly #cpus: TlbState[]
  /** By CPU: somebody has saved its state, which is copied before it changes. */
  readonly #isSaved: boolean[]
  /** Entries that a CPU has room for. */
  room = Infinity
  /** Walkers are weak: accesses choose what the architecture leaves open. */
  weak = false
  /**
   * What entries held before stores that no dsb has followed is kept. A search in which nobody looks at it (walkers are
   * not weak, and no access sees `old`) has fewer states without.
   */
  keepsOld = true
  /** FEAT_ETS2: a dsb is enough for a CPU not to fault on what it has stored. */
  ets2 = false

  constructor(g: Geometry, memory: Memory, bbml: boolean, cpus: number) {
    this.#g = g
    this.#memory = memory
    this.#bbml = bbml
    this.#cpus = Array.from({ length: cpus }, () => ({
      entries: [],
      tables: [],
      pending: [],
      unseen: new Map(),
      ordered: new Set<Slot>(),
      recent: new Map(),
      text: null,
    }))
    this.#isSaved = this.#cpus.map(() => false)
  }

  /** For {@link restore}. */
  save(): SavedTlbs {
    this.#isSaved.fill(true)
    return [...this.#cpus]
  }

  restore(saved: SavedTlbs): void {
    for (const [cpu, state] of saved.entries()) this.#cpus[cpu] = state
    this.#isSaved.fill(true)
  }

  /** Equal texts, equal TLBs of a CPU: the order of what is held counts, that of walk-cache entries does not. */
  textOf(cpu: number): string {
    const state = this.#cpu(cpu)
    return (state.text ??= textOf(state))
  }

  /** The state of a CPU, to be changed. */
  #own(id: number): TlbState {
    let state = this.#cpu(id)
    if (this.#isSaved[id] === true) {
      this.#cpus[id] = state = copyOf(state)
      this.#isSaved[id] = false
    }
    state.text = null
    return state
  }

  /** What a CPU holds, oldest first. */
  entriesOf(cpu: number): readonly TlbEntry[] {
    return this.#cpu(cpu).entries
  }

  /** A CPU stored to an entry that held old: walkers may go on seeing that until {@link dsb}. */
  stored(cpu: number, slot: Slot, oldLo: number, oldHi: number): void {
    if (!this.keepsOld) return
    this.storedElsewhere(cpu)
    const before = { lo: oldLo, hi: oldHi }
    if (!this.#cpu(cpu).unseen.has(slot)) this.#own(cpu).unseen.set(slot, before)
    if (!this.weak) return
    for (const [id, { recent }] of this.#cpus.entries()) {
      if (!recent.has(slot)) this.#own(id).recent.set(slot, before)
    }
  }

  /** A CPU stored to something that is not an entry: what its dmb has put before that is visible. */
  storedElsewhere(cpu: number): void {
    if (this.#cpu(cpu).ordered.size === 0) return
    const { unseen, ordered } = this.#own(cpu)
    for (const before of ordered) unseen.delete(before)
    ordered.clear()
  }

  /** isb: the CPU takes no fault that was decided before. Of what is not visible yet a new walk may make one. */
  isb(cpu: number): void {
    if (this.#cpu(cpu).recent.size === 0) return
    const { recent } = this.#own(cpu)
    for (const slot of recent.keys()) if (!this.#isUnseen(slot)) recent.delete(slot)
  }

  #isUnseen(slot: Slot): boolean {
    return this.#cpus.some(({ unseen }) => unseen.has(slot))
  }

  /** dmb of stores: none of the CPU's later ones is visible before those that it has made. */
  dmb(cpu: number): void {
    if (this.#cpu(cpu).unseen.size === 0) return
    const { unseen, ordered } = this.#own(cpu)
    for (const slot of unseen.keys()) ordered.add(slot)
  }

  /** dsb(ishst) or stronger: the CPU's stores are visible to every walker. */
  dsb(cpu: number): void {
    if (this.#cpu(cpu).unseen.size > 0) {
      const { unseen, ordered } = this.#own(cpu)
      unseen.clear()
      ordered.clear()
    }
    if (this.ets2) this.isb(cpu)
  }

  /**
   * A TLBI. `pages` −1: everything. The walk cache goes only with what is not last-level (`vaae`, `vmall`). Without
   * `is` or `os` at its end it is for the CPU's own TLB.
   */
  tlbi(cpu: number, insn: string, va: Va, pages: number): void {
    const all = pages === -1
    const start = all ? -Infinity : va
    const end = all ? Infinity : va + pages * this.#g.pageSize
    const isLocal = !/[io]s$/.test(insn)
    const struck = isLocal ? this.#cpus.map((_, id) => id).filter((id) => id !== cpu) : []
    this.#own(cpu).pending.push({ va: start, end, tables: all || !insn.includes('l'), struck })
  }

  /** dsb(ish): what the CPU's TLBIs had not struck before is struck now, and its stores are visible. */
  complete(cpu: number): void {
    const { pending } = this.#cpu(cpu)
    for (const tlbi of pending) {
      for (const id of this.#cpus.keys()) if (!tlbi.struck.includes(id)) strike(this.#own(id), tlbi)
    }
    if (pending.length > 0) this.#own(cpu).pending = []
    this.dsb(cpu)
  }

  /** All that is issued and not complete strikes this CPU now. */
  #struck(cpu: number): void {
    for (const [id, issuer] of this.#cpus.entries()) {
      if (issuer.pending.length === 0) continue
      this.#own(id).pending = issuer.pending.map((tlbi) => {
        if (tlbi.struck.includes(cpu)) return tlbi
        strike(this.#own(cpu), tlbi)
        const { va, end, tables } = tlbi
        return { va, end, tables, struck: [...tlbi.struck, cpu] }
      })
    }
  }

  /** Whether a CPU's access to this address needs no walk. */
  holds(cpu: number, va: Va): boolean {
    return this.#cpu(cpu).entries.some((entry) => covers(entry, va))
  }

  /** A CPU that holds more than there is room for drops its oldest entry; null: there is room. */
  overflow(cpu: number): TlbEntry | null {
    if (this.#cpu(cpu).entries.length <= this.room) return null
    return this.#own(cpu).entries.shift() ?? null
  }

  /** An entry may be evicted at any time. True: there was one. */
  evict(cpu: number, va: Va): boolean {
    const mine = this.#own(cpu)
    const before = mine.entries.length
    mine.entries = mine.entries.filter((entry) => !covers(entry, va))
    return mine.entries.length < before
  }

  /**
   * A speculative fill: happens even where an entry is held already, and replaces one of the same range. Null: the
   * walk faulted, which is not cached.
   */
  fill(cpu: number, va: Va, choice: FillChoice = {}): TlbEntry | null {
    if (choice.struck ?? choice.see === 'old') this.#struck(cpu)
    const entry = this.#walk(cpu, va, choice)
    if (entry === null) return null
    const mine = this.#own(cpu)
    mine.entries = mine.entries.filter((held) => held.va !== entry.va || held.size !== entry.size)
    mine.entries.push(entry)
    return entry
  }

  /** A load, store or fetch at EL1: through what is cached, else through a fill. */
  access(cpu: number, va: Va, mode: AccessMode, choice: AccessChoice = {}): AccessResult {
    const held = this.#cpu(cpu).entries.filter((entry) => covers(entry, va))
    if (held.length > 1 && !this.#bbml) return { outcome: 'conflict', stale: true }
    const cached = choice.pick === 'newest' ? held.at(-1) : held[0]
    const entry = cached ?? this.fill(cpu, va, choice)
    if (entry === null) return FAULT
    const outcome = permits(entry, mode) ? 'ok' : 'fault'
    return { outcome, stale: this.#isStale(entry, va) }
  }

  /**
   * An access by weak walkers: through any translation that is held or a walk makes now, or a fault that was decided
   * before; `choose` decides among so many alternatives. `filled`: what the walk has put into the TLB.
   */
  accessWeakly(
    cpu: number,
    va: Va,
    mode: AccessMode,
    choose: (alternatives: number) => number,
  ): AccessResult & { readonly filled: TlbEntry | null } {
    if (this.#mayStillFault(cpu, va) && choose(2) === 1) return { ...FAULT, filled: null }
    const held = this.#cpu(cpu).entries.filter((entry) => covers(entry, va))
    const picked = choose(held.length + 1)
    const cached = held[picked]
    const filled = cached === undefined ? this.fillWeakly(cpu, va, choose) : null
    const entry = cached ?? filled
    if (entry === null) return { ...FAULT, filled }
    const outcome = permits(entry, mode) ? 'ok' : 'fault'
    return { outcome, stale: this.#isStale(entry, va), filled }
  }

  /** A walk by weak walkers: of each entry whose store is not visible yet it sees the old value or the new. */
  fillWeakly(cpu: number, va: Va, choose: (alternatives: number) => number): TlbEntry | null {
    if (this.#pendingFor(cpu, va) && choose(2) === 1) this.#struck(cpu)
    const mine = this.#own(cpu)
    // Only of what the walk meets.
    const get = (slot: Slot): Before | undefined => {
      const befores = this.#cpus.flatMap(({ unseen }) => unseen.get(slot) ?? [])
      return befores[choose(befores.length + 1) - 1]
    }
    const entry = this.#leaf(va, [{ get }], mine.tables)
    if (entry === null) return null
    // The same translation twice is one.
    const isSame = (held: TlbEntry): boolean =>
      held.va === entry.va &&
      held.size === entry.size &&
      held.lo === entry.lo &&
      held.hi === entry.hi
    if (!mine.entries.some(isSame)) mine.entries.push(entry)
    return entry
  }

  /** A TLBI that covers the address has been issued, and may have struck this CPU or not. */
  #pendingFor(cpu: number, va: Va): boolean {
    return this.#cpus.some(({ pending }) =>
      pending.some((tlbi) => va >= tlbi.va && va < tlbi.end && !tlbi.struck.includes(cpu)),
    )
  }

  #mayStillFault(cpu: number, va: Va): boolean {
    const { recent } = this.#cpu(cpu)
    return recent.size > 0 && this.#leaf(va, [recent], []) === null
  }

  /** Whether a walk that sees every store would translate or permit otherwise. CONT and size alone do not matter. */
  #isStale(entry: TlbEntry, va: Va): boolean {
    const now = this.#leaf(va, null, [])
    if (now === null) return true
    return (
      this.#outputOf(now, va) !== this.#outputOf(entry, va) ||
      attributesLo(this.#g, now) !== attributesLo(this.#g, entry) ||
      attributesHi(now) !== attributesHi(entry)
    )
  }

  #outputOf(entry: TlbEntry, va: Va): Pa {
    const size = this.#g.size[entry.level] as number
    return alignDown(physOf(this.#g, entry.lo, entry.hi), size) + (va - entry.from)
  }

  /** The entry a walk of this CPU makes, its tables cached on the way. */
  #walk(cpu: number, va: Va, choice: FillChoice): TlbEntry | null {
    const mine = this.#own(cpu)
    if (choice.see === 'old' && !this.keepsOld) throw new TypeError('what was before is not kept')
    const unseen = choice.see === 'old' ? this.#cpus.map((each) => each.unseen) : null
    const leaf = this.#leaf(va, unseen, mine.tables)
    if (leaf === null || !isCont(leaf.hi)) return leaf
    const span = leaf.level === PTE ? this.#g.contPteSize : this.#g.contPmdSize
    const start = alignDown(va, span)
    const via = choice.via ?? va
    const built = via === va ? leaf : this.#leaf(via, unseen, mine.tables)
    // A member that is not contiguous itself, or elsewhere, cannot make an entry of the span.
    if (built === null || !isCont(built.hi) || alignDown(built.from, span) !== start) return leaf
    return { ...built, va: start, size: span }
  }

  /**
   * Walks to the leaf of an address; null if the walk faults. Table entries met are added to `cache` and used from it.
   */
  #leaf(va: Va, unseen: readonly Seen[] | null, cache: CachedTable[]): TlbEntry | null {
    const g = this.#g
    const known = deepest(cache, va)
    let level = known?.level ?? g.top
    let table = known?.table ?? 0
    for (;;) {
      const size = g.size[level] as number
      const count = table === 0 ? g.topEntries : g.entries
      const slot = this.#memory.firstSlot(table) + 2 * (Math.floor(va / size) & (count - 1))
      const { lo, hi } = this.#read(slot, unseen)
      if (!isValid(lo)) return null
      const from = alignDown(va, size)
      if (level === PTE) {
        return isTable(lo) && (lo & LO.AF) !== 0 ? { va: from, size, level, lo, hi, from } : null
      }
      if (!isTable(lo)) {
        const block = isSect(lo) && (lo & LO.AF) !== 0 && (level === PMD || level === PUD)
        return block ? { va: from, size, level, lo, hi, from } : null
      }
      table = this.#memory.tableAt(physOf(g, lo, hi))
      if (table === -1) return null
      level = (level + 1) as Level
      cache.push({ va: from, size, level, table })
    }
  }

  #read(slot: Slot, unseen: readonly Seen[] | null): { lo: number; hi: number } {
    for (const stores of unseen ?? []) {
      const before = stores.get(slot)
      if (before !== undefined) return before
    }
    const { words } = this.#memory
    return { lo: words[slot] as number, hi: words[slot + 1] as number }
  }

  #cpu(id: number): TlbState {
    const cpu = this.#cpus[id]
    if (cpu === undefined) throw new RangeError(`no CPU ${id} among ${this.#cpus.length}`)
    return cpu
  }
}

/** EL1: valid suffices to read; RDONLY forbids writing, PXN executing. */
function permits(entry: TlbEntry, mode: AccessMode): boolean {
  if (mode === 'write') return (entry.lo & LO.RDONLY) === 0
  return mode === 'read' || (entry.hi & HI.PXN) === 0
}

/** What a translation permits: attributes without output address and type, and without CONT and software bits. */
const attributesLo = (g: Geometry, entry: TlbEntry): number =>
  entry.lo & 0xffc & (g.lpa2Active ? ~LO.SHARED : -1)
const attributesHi = (entry: TlbEntry): number => entry.hi & 0xfffc_0000 & ~HI.CONT & ~HI.SWBITS
