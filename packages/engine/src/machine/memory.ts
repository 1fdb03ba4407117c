/**
 * Page tables in one Uint32Array.
 *
 * A table is one page of words; a *slot* is the word index of an entry's low word, the pointer of the kernel's code:
 * slot + 2 is the next entry. Table 0 is swapper_pg_dir. Its entries are loaded and stored in `load-store.ts`.
 */
import { indexOf } from '../arch/geometry.ts'
import type { Geometry } from '../arch/geometry.ts'
import { InputError } from '../arch/input-error.ts'
import { PMD, PTE } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import { alignDown } from '../arch/u64.ts'
import type { Pa, Va } from '../arch/u64.ts'

/** Word index of an entry: the engine's `pte_t *`. */
export type Slot = number

const FIRST_TABLES = 64

/** Words of all tables together, 1 GiB: where an allocation at run time fails, as when memory runs out. */
const MAX_WORDS = 2 ** 28

/** Tables that are remembered, a power of two: those of 4 GiB of 4K pages. */
const REACHED = 2048

/** Of a table that nothing points to. */
const NO_PA = -1

/** All tables of a machine. */
export class Memory {
  /** Replaced when it grows: read it anew after anything that may allocate. */
  words: Uint32Array
  /** log2 of the words of a table. */
  readonly tableShift: number
  readonly #g: Geometry
  readonly #levels: Level[] = []
  readonly #vas: Va[] = []
  readonly #pas: Pa[] = []
  readonly #initBase: Pa
  readonly #poolBase: Pa
  /** Table numbers by page frame, counted from the two bases. */
  readonly #initFrames: number[] = []
  readonly #poolFrames: number[] = []

  /** PTE tables that walks from the top have come to, by the last bits of {@link Memory.#regionOf} their addresses. */
  readonly #reachedTables = new Int32Array(REACHED)
  readonly #reachedRegions = new Float64Array(REACHED)
  /** What {@link Memory.#relinks} was then: none is known any more once an entry above PTEs has changed. */
  readonly #reachedSince = new Int32Array(REACHED)
  #relinks = 1
  /** Bytes that a table of PTEs translates. */
  readonly #region: number

  /** The fixmap PTE of FIX_PGD. Its table hangs under no entry: no walk meets it. */
  readonly fixPgdSlot: Slot

  constructor(g: Geometry, swapperPa: Pa, poolPa: Pa, fixPgdVa: Va) {
    this.#g = g
    this.#region = g.entries * g.pageSize
    this.#initBase = swapperPa
    this.#poolBase = poolPa
    this.tableShift = g.pageShift - 2
    this.words = new Uint32Array(FIRST_TABLES << this.tableShift)
    this.addInitTable(g.top, g.topVa)
    const fixmap = this.#add(PTE, alignDown(fixPgdVa, g.size[PMD] as number), NO_PA)
    this.fixPgdSlot = this.firstSlot(fixmap) + 2 * indexOf(g, PTE, fixPgdVa)
  }

  /** A table of the start state. Its physical address follows the ones before. @throws InputError if there is none. */
  addInitTable(level: Level, va: Va): number {
    const pa = this.#initBase + this.#initFrames.length * this.#g.pageSize
    if (this.isFull || (this.#initBase < this.#poolBase && pa >= this.#poolBase)) {
      throw InputError.of('init', 'needs more tables than fit below TABLE_POOL_PA')
    }
    const table = this.#add(level, va, pa)
    this.#initFrames.push(table)
    return table
  }

  /** A table allocated at run time. */
  addPoolTable(level: Level, va: Va): number {
    const table = this.#add(level, va, this.nextPoolPa())
    this.#poolFrames.push(table)
    return table
  }

  /** Takes back the last {@link addPoolTable}, whose entries hold what they held before it. */
  removePoolTable(): void {
    this.#poolFrames.pop()
    this.#levels.pop()
    this.#vas.pop()
    this.#pas.pop()
  }

  nextPoolPa(): Pa {
    return this.#poolBase + this.#poolFrames.length * this.#g.pageSize
  }

  #add(level: Level, va: Va, pa: Pa): number {
    const table = this.#levels.length
    this.#levels.push(level)
    this.#vas.push(va)
    this.#pas.push(pa)
    const needed = (table + 1) << this.tableShift
    if (needed > this.words.length) {
      const grown = new Uint32Array(Math.min(this.words.length * 2, MAX_WORDS))
      grown.set(this.words)
      this.words = grown
    }
    return table
  }

  /** No table can be added. */
  get isFull(): boolean {
    return (this.tables + 1) << this.tableShift > MAX_WORDS
  }

  /** Number of the table in this page, -1 if there is none. */
  tableAt(pa: Pa): number {
    const pool = Math.floor((pa - this.#poolBase) / this.#g.pageSize)
    if (pool >= 0 && pool < this.#poolFrames.length) return this.#poolFrames[pool] as number
    const init = Math.floor((pa - this.#initBase) / this.#g.pageSize)
    if (init >= 0 && init < this.#initFrames.length) return this.#initFrames[init] as number
    return -1
  }

  get tables(): number {
    return this.#levels.length
  }

  /** Slot of a table's first entry. */
  firstSlot(table: number): Slot {
    return table << this.tableShift
  }

  tableOf(slot: Slot): number {
    return slot >> this.tableShift
  }

  /** Level of the table's entries, by the lowest name folded onto it. */
  tableLevel(table: number): Level {
    return this.#levels[table] as Level
  }

  /** Start of the range the table translates. */
  tableVa(table: number): Va {
    return this.#vas[table] as Va
  }

  tablePa(table: number): Pa {
    return this.#pas[table] as Pa
  }

  /** A walk of swapper_pg_dir for an address came to this table of PTEs. */
  reached(table: number, addr: Va): void {
    const region = this.#regionOf(addr)
    const at = region & (REACHED - 1)
    this.#reachedRegions[at] = region
    this.#reachedTables[at] = table
    this.#reachedSince[at] = this.#relinks
  }

  /** An entry above PTEs changes: where walks come to is to be found anew. */
  relinked(): void {
    this.#relinks++
  }

  /**
   * The slot of a PTE if a walk to it would come to the same table as one before, and [addr, end) lies in it; else -1.
   */
  nearSlot(addr: Va, end: Va): Slot {
    const region = this.#regionOf(addr)
    const at = region & (REACHED - 1)
    if (this.#reachedRegions[at] !== region || this.#reachedSince[at] !== this.#relinks) return -1
    const start = region * this.#region
    if (end > start + this.#region) return -1
    const table = this.#reachedTables[at] as number
    return this.firstSlot(table) + 2 * Math.floor((addr - start) / this.#g.pageSize)
  }

  /** Which of the ranges that a table of PTEs translates an address is in. */
  #regionOf(addr: Va): number {
    return Math.floor(addr / this.#region)
  }

  /** First address translated by the entry: its table's start plus its index. */
  slotVa(slot: Slot): Va {
    const table = slot >> this.tableShift
    const index = (slot - (table << this.tableShift)) >> 1
    return this.tableVa(table) + index * (this.#g.size[this.tableLevel(table)] as number)
  }
}
