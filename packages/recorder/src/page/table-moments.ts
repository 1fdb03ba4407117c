import { fromVa, LEVEL_NAMES, type LevelName } from '@pagetrail/engine'

import { descriptorParts, type DescriptorForm } from '../descriptor/text.ts'
import { type EventSource, pageShiftOf } from '../event/run.ts'
import { signedVa } from '../event/words.ts'
import { entrySize } from '../tables/descriptor-runs.ts'
import { levelNumber, PageState } from '../tables/page-state.ts'

/** One page table: the level of its entries, and the addresses that it translates. */
export interface TableRef {
  readonly level: LevelName
  readonly va: bigint
  /** First address after it; 2^64 wraps to 0. */
  readonly end: bigint
}

/** Entries of one table that follow each other and are alike but for where they lead. */
export interface CellRun {
  /** Index in the table of the first. */
  readonly at: number
  readonly count: number
  /** `unseen`: the run does not show what the entry holds. */
  readonly form: DescriptorForm | 'unseen'
  /** EL1 permissions of a leaf, `rw-`; empty where it has none. */
  readonly access: string
  /** Of a contiguous span. */
  readonly cont: boolean
}

/** A table as it stood after an event. */
export interface TableMoment {
  /** -1: before the first event. */
  readonly seq: number
  readonly cells: readonly CellRun[]
  /** The entry above leads to no table: what it is, and its level; null: it leads to this one, or was never seen. */
  readonly above: {
    readonly level: LevelName
    readonly form: string
    readonly access: string
  } | null
}

/** A table and how many stores to its entries there were. */
export interface StoredTable extends TableRef {
  readonly entries: number
  readonly stores: number
  /** seq of the first and the last of them. */
  readonly first: number
  readonly last: number
}

/** Counts the stores to each table of a run. */
export class TableStores {
  readonly #pageShift: number
  readonly #found = new Map<string, { -readonly [K in keyof StoredTable]: StoredTable[K] }>()

  constructor(pageShift: number) {
    this.#pageShift = pageShift
  }

  add(level: LevelName, va: bigint, seq: number): void {
    const number = levelNumber(level)
    const entries = 2 ** (this.#pageShift - 3)
    const span = entrySize(this.#pageShift, number) * entries
    const base = Math.floor(signedVa(va) / span) * span
    const key = `${number} ${base}`
    const known = this.#found.get(key)
    if (known) {
      known.stores++
      known.last = seq
      return
    }
    const name = LEVEL_NAMES[number] ?? 'pte'
    const [from, end] = [fromVa(base), fromVa(base + span)]
    const table = { level: name, va: from, end, entries, stores: 1, first: seq, last: seq }
    this.#found.set(key, table)
  }

  /** The most stored to first, and how many there are. */
  tables(limit: number): { readonly items: readonly StoredTable[]; readonly total: number } {
    const all = [...this.#found.values()].toSorted(
      (a, b) => b.stores - a.stores || a.first - b.first,
    )
    return { items: all.slice(0, limit), total: all.length }
  }
}

/** Stores of the calls, or of one of them, by table. */
export function storedTables(
  source: EventSource,
  first = 0,
  last?: number,
  op?: number,
): TableStores {
  const stores = new TableStores(pageShiftOf(source.run))
  for (const e of source.events(first, last, ['desc_write'])) {
    if (e.kind !== 'desc_write' || e.level === null || e.va === null) continue
    if (op === undefined || e.op === op) stores.add(e.level, e.va, e.seq)
  }
  return stores
}

/** The tables at the moments asked for, in the order of asking: one pass over the run up to the last of them. */
export function momentsOf(
  source: EventSource,
  wanted: readonly { readonly table: TableRef; readonly seq: number }[],
): TableMoment[] {
  const moments: TableMoment[] = []
  const order = [...wanted.keys()].toSorted((a, b) => wanted[a]!.seq - wanted[b]!.seq)
  if (order.length === 0) return moments
  const state = PageState.of(source.run)
  let next = 0
  const take = (before: number): void => {
    for (; next < order.length && wanted[order[next]!]!.seq < before; next++) {
      const { table, seq } = wanted[order[next]!]!
      moments[order[next]!] = momentOf(state, table, seq)
    }
  }
  for (const e of source.events(0, Math.max(0, wanted[order.at(-1)!]!.seq))) {
    take(e.seq)
    state.apply(e)
  }
  take(Number.POSITIVE_INFINITY)
  return moments
}

function momentOf(state: PageState, { level, va }: TableRef, seq: number): TableMoment {
  const number = levelNumber(level)
  const size = BigInt(state.entrySize(number))
  const cells: { -readonly [K in keyof CellRun]: CellRun[K] }[] = []
  for (let at = 0; at < 2 ** (state.pageShift - 3); at++) {
    const cell = cellOf(state, level, BigInt.asUintN(64, va + BigInt(at) * size))
    const last = cells.at(-1)
    const alike =
      last && last.form === cell.form && last.access === cell.access && last.cont === cell.cont
    if (alike) last.count++
    else cells.push({ at, count: 1, ...cell })
  }
  return { seq, cells, above: aboveOf(state, number, va) }
}

function cellOf(state: PageState, level: LevelName, va: bigint): Omit<CellRun, 'at' | 'count'> {
  const entry = state.entry(level, va)
  if (entry === null) return { form: state.complete ? 'none' : 'unseen', access: '', cont: false }
  const { form, access, bits } = descriptorParts(entry.desc, level, state.geometry)
  return { form, access, cont: bits.includes('CONT') }
}

/** The lowest entry above a table that is known and leads to no table. */
function aboveOf(state: PageState, number: number, va: bigint): TableMoment['above'] {
  for (let upper = number - 1; upper >= 0; upper--) {
    const level = LEVEL_NAMES[upper]!
    const entry = state.entry(level, va)
    if (entry === null) continue
    const { form, access } = descriptorParts(entry.desc, level, state.geometry)
    return form === 'table' ? null : { level, form, access }
  }
  return null
}
