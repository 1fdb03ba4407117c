import { LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import { outputAddress, roleMask, withoutAddress } from '../descriptor/bits.ts'
import type { PageState } from '../tables/page-state.ts'
import type { EventOf, Kind, TraceEvent } from '../event/kinds.ts'
import { contextRank, isPassing } from '../event/flush-group.ts'
import { coveredBy, dsbOf } from './flushes.ts'
import { PAGE_LIMIT, vaOf } from './page-numbers.ts'

/** A translation of [va, end) that a CPU holds. */
export interface HeldEntry {
  readonly cpu: number
  readonly level: LevelName | null
  readonly va: bigint
  readonly end: bigint
  /** The descriptor it was built from. */
  readonly desc: bigint
  /** seq of its fill. */
  readonly seq: number
}

/** A TLBI that its CPU's dsb(ish) has not completed: what it covers is still used. */
export interface PendingTlbi {
  readonly cpu: number
  readonly seq: number
  readonly insn: string | null
  /** null: everything. */
  readonly va: bigint | null
  readonly end: bigint
  /** On all CPUs, not only on its own. */
  readonly broadcast: boolean
}

/** A {@link TlbFold} as it is saved. */
export interface SavedTlb {
  readonly entries: readonly HeldEntry[]
  readonly pending: readonly PendingTlbi[]
  readonly isModelled: boolean
  readonly flushing: ReadonlySet<number>
  readonly interrupted: ReadonlySet<number>
}

const endsFlush = (kind: Kind): boolean => kind !== 'tlbi' && !isPassing(kind)

const covers = (held: HeldEntry, cpu: number, va: bigint): boolean =>
  held.cpu === cpu && held.va <= va && va < held.end

/**
 * What the TLBs of the model hold, from the events of a run: fills, evictions, and what TLBIs remove once a dsb(ish)
 * of their CPU completes them. The same rules as the engine's TlbModel, without its walks.
 */
export class TlbFold {
  readonly #pagesOfGranule: number
  /** CPUs in a flush function, whose own barriers have no events: what comes after it shows that they are over. */
  readonly #flushing = new Set<number>()
  /** CPUs with an interrupt in such a function: it goes on when that is over. */
  readonly #interrupted = new Set<number>()
  #entries: HeldEntry[] = []
  #pending: PendingTlbi[] = []
  #modelled = false

  constructor(pageShift: number) {
    this.#pagesOfGranule = 2 ** (pageShift - 12)
  }

  /** The run says what its TLBs hold. */
  get isModelled(): boolean {
    return this.#modelled
  }

  /** Oldest first. */
  get entries(): readonly HeldEntry[] {
    return this.#entries
  }

  get pending(): readonly PendingTlbi[] {
    return this.#pending
  }

  /** The translations of an address that a CPU holds, oldest first. */
  heldAt(cpu: number, va: bigint): readonly HeldEntry[] {
    return this.#entries.filter((entry) => covers(entry, cpu, va))
  }

  save(): SavedTlb {
    const { entries, pending, isModelled } = this
    const [flushing, interrupted] = [this.#flushing, this.#interrupted]
    return { entries, pending, isModelled, flushing, interrupted }
  }

  load({ entries, pending, isModelled, flushing, interrupted }: SavedTlb): void {
    this.#entries = [...entries]
    this.#pending = [...pending]
    this.#modelled = isModelled
    this.#flushing.clear()
    for (const cpu of flushing) this.#flushing.add(cpu)
    this.#interrupted.clear()
    for (const cpu of interrupted) this.#interrupted.add(cpu)
  }

  apply(e: TraceEvent): void {
    if (this.#flushing.has(e.cpu) && endsFlush(e.kind)) this.#complete(e.cpu)
    if (e.kind === 'tlb_fill') this.#fill(e)
    else if (e.kind === 'tlb_evict' && e.va !== null) this.#evict(e.cpu, e.va)
    else if (e.kind === 'tlb_flush') this.#flushing.add(e.cpu)
    else if (e.kind === 'context') this.#context(e)
    else if (e.kind === 'tlbi') this.#invalidate(e)
    else if (e.kind === 'dsb' && dsbOf(e.scope).all) this.#complete(e.cpu)
  }

  #context({ cpu, fn }: EventOf<'context'>): void {
    const [from, to] =
      contextRank(fn) > 0
        ? [this.#flushing, this.#interrupted]
        : [this.#interrupted, this.#flushing]
    if (from.delete(cpu)) to.add(cpu)
  }

  #fill({ cpu, level, va, end, desc, seq }: EventOf<'tlb_fill'>): void {
    this.#modelled = true
    if (va === null || end === null || desc === null) return
    // One entry of the same range is replaced; those of other sizes stay beside it.
    this.#entries = this.#entries.filter((x) => x.cpu !== cpu || x.va !== va || x.end !== end)
    this.#entries.push({ cpu, level, va, end, desc, seq })
  }

  #evict(cpu: number, va: bigint): void {
    this.#entries = this.#entries.filter((x) => !covers(x, cpu, va))
  }

  #invalidate(e: EventOf<'tlbi'>): void {
    const covered = coveredBy(e, this.#pagesOfGranule)
    if (covered === null) return
    const { cpu, seq, insn } = e
    const { start, end, broadcast } = covered
    const va = start === 0 && end === PAGE_LIMIT ? null : vaOf(start)
    this.#pending.push({ cpu, seq, insn, va, end: vaOf(end), broadcast })
  }

  /** dsb(ish): what this CPU invalidated is gone. */
  #complete(cpu: number): void {
    for (const gone of this.#pending) {
      if (gone.cpu !== cpu) continue
      const { va, end, broadcast } = gone
      const spares = (x: HeldEntry): boolean =>
        (!broadcast && x.cpu !== cpu) || (va !== null && (x.va >= end || x.end <= va))
      this.#entries = this.#entries.filter(spares)
    }
    this.#flushing.delete(cpu)
    this.#pending = this.#pending.filter((x) => x.cpu !== cpu)
  }
}

/** Bits that say how an entry is built, or what software keeps there: entries that differ in them translate alike. */
const UNSEEN = roleMask('shape', null) | roleMask('software', null)

/**
 * Whether what a TLB holds says of its first address what the tables say, by value: where it leads and what it allows.
 * Size and contiguity do not matter. Null: the tables were not seen there.
 */
export function saysTheSame({ va, end, desc }: HeldEntry, state: PageState): boolean | null {
  const now = state.lookup(va)
  if (now.found === 'unknown') return null
  if (now.found === 'empty' || (now.desc & 1n) === 0n) return false
  const { geometry } = state
  const held = outputAddress(desc, geometry) & -(end - va)
  const size = BigInt(state.entrySize(LEVEL_NAMES.indexOf(now.level)))
  const leads = (outputAddress(now.desc, geometry) & -size) + (va - now.va)
  const attributes = withoutAddress(desc, geometry) ^ withoutAddress(now.desc, geometry)
  return held === leads && (attributes & ~UNSEEN) === 0n
}
