/** apply_to_page_range() and apply_to_existing_page_range() (mm/memory.c; the same in all versions). */
import { clearBad, isBad } from './bad-entry.ts'
import { isUnwatched } from '../machine/cpu.ts'
import type { Cpu } from '../machine/cpu.ts'
import { EINVAL, ENOMEM } from '../arch/errno.ts'
import { addrEnd } from '../arch/geometry.ts'
import { lazyMmuEnter, lazyMmuLeave } from './lazy-mmu.ts'
import { P4D, PGD, PMD, PTE, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import type { Slot } from '../machine/memory.ts'
import { p4dOffset, pgdOffset, pmdOffset, pteOffset, pudOffset } from '../machine/offsets.ts'
import { isNone, pmdLeaf, pudLeaf } from '../arch/predicates.ts'
import { allocIfNone, slotIsNone } from './table-alloc.ts'
import { hiOf, isBelow, loOf } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'
import { bug, warnOn, warnOnOnce, wildDeref } from '../machine/warn.ts'
import { loadHi, loadLo } from '../machine/load-store.ts'

/** pte_fn_t with the name its events carry. `run` returns 0 to go on; anything else ends the walk. */
export interface PteFn<P> {
  readonly name: string
  readonly run: (cpu: Cpu, slot: Slot, addr: Va, data: P) => number
  /**
   * The same on `count` neighbouring entries, events included (see pte-run.ts), never failing. Used instead of `run`
   * where nothing can come between two entries.
   */
  readonly runMany?: (cpu: Cpu, slot: Slot, addr: Va, count: number, data: P) => void
}

/** Calls `fn` on each PTE of [addr, addr + size); null: none. */
export type ApplyToRange = <P>(
  cpu: Cpu,
  addr: Va,
  size: number,
  fn: PteFn<P> | null,
  data: P,
) => number

interface Apply<P> {
  readonly cpu: Cpu
  readonly fn: PteFn<P> | null
  readonly data: P
  readonly create: boolean
}

const SITES: readonly string[] = [
  '__apply_to_page_range',
  'apply_to_p4d_range',
  'apply_to_pud_range',
  'apply_to_pmd_range',
]
const OFFSETS = [pgdOffset, p4dOffset, pudOffset, pmdOffset] as const

/**
 * apply_to_page_range() of init_mm, all versions: calls `fn` on every PTE of [addr, addr + size), empty ones too,
 * allocating the tables that are missing. 0, -EINVAL (empty range, with a WARN; a block in the range), -ENOMEM, or what
 * `fn` returned. `fn` null: only the tables.
 */
export const applyToPageRange: ApplyToRange = (cpu, addr, size, fn, data) =>
  apply('apply_to_page_range', { cpu, fn, data, create: true }, addr, size)

/**
 * apply_to_existing_page_range(), all versions: the same without allocating. Missing tables, bad entries and empty
 * PTEs are passed over; never -ENOMEM.
 */
export const applyToExistingPageRange: ApplyToRange = (cpu, addr, size, fn, data) =>
  apply('apply_to_existing_page_range', { cpu, fn, data, create: false }, addr, size)

function apply<P>(name: string, a: Apply<P>, addr: Va, size: number): number {
  const { hooks } = a.cpu
  const end = addr + size
  hooks?.walkBegin(name, loOf(addr), hiOf(addr), loOf(end), hiOf(end))
  let err = EINVAL
  const near = nearSlot(a, addr, end)
  if (near !== -1) err = applyNear(a, near, addr, end)
  else if (isBelow(addr, end)) err = applyToLevel(a, PGD, pgdOffset(a.cpu, addr), addr, end)
  else warnOn(a.cpu, '__apply_to_page_range')
  a.cpu.hooks?.walkEnd(name, err)
  return err
}

/** Unwatched, the descent to the table that the last walk came to only loads: its slot, or -1. */
function nearSlot<P>({ cpu, fn, create }: Apply<P>, addr: Va, end: Va): Slot {
  if (fn?.runMany === undefined || !create || !isUnwatched(cpu)) return -1
  return isBelow(addr, end) ? cpu.memory.nearSlot(addr, end) : -1
}

function applyNear<P>(a: Apply<P>, slot: Slot, start: Va, end: Va): number {
  lazyMmuEnter(a.cpu)
  const err = a.fn === null ? 0 : applyToPtes(a, a.fn, slot, start, end)
  lazyMmuLeave(a.cpu)
  return err
}

/** __apply_to_page_range(), apply_to_p4d_range(), apply_to_pud_range(), apply_to_pmd_range(). */
function applyToLevel<P>(a: Apply<P>, level: Level, first: Slot, start: Va, end: Va): number {
  const { cpu } = a
  let slot = first
  let addr = start
  do {
    const next = addrEnd(cpu.geometry, level, addr, end)
    const verdict = examine(a, level, slot)
    if (verdict < 0) return verdict
    if (verdict === DESCEND) {
      const err = descend(a, level, slot, addr, next)
      if (err !== 0) return err
    }
    slot += 2
    addr = next
  } while (addr !== end)
  return 0
}

const SKIP = 0
const DESCEND = 1

/** The tests on a slot, in the kernel's order: none, leaf, bad. DESCEND, SKIP or an error. */
function examine<P>(a: Apply<P>, level: Level, slot: Slot): number {
  const { cpu } = a
  const site = SITES[level] as string
  const none = slotIsNone(cpu, level, slot)
  if (none) return a.create ? DESCEND : SKIP
  const lo = loadLo(cpu, slot)
  if (isLeaf(cpu, level, lo)) {
    warnOnOnce(cpu, site, 'leaf')
    return EINVAL
  }
  if (isBad(cpu, level, lo)) {
    warnOnOnce(cpu, site, 'bad')
    if (!a.create) return SKIP
    clearBad(cpu, level, slot)
  }
  return DESCEND
}

function isLeaf(cpu: Cpu, level: Level, lo: number): boolean {
  if (level === PMD) return pmdLeaf(lo)
  return level === PUD && pudLeaf(cpu.geometry, lo)
}

function descend<P>(a: Apply<P>, level: Level, slot: Slot, addr: Va, end: Va): number {
  const { cpu } = a
  if (a.create && !allocIfNone(cpu, level, slot)) return ENOMEM
  if (level === PMD) return applyToPteRange(a, slot, addr, end)
  const below = level === PGD ? P4D : level === P4D ? PUD : PMD
  // BUG_ON(pud_leaf(*pud)): only another CPU can have put a block here since the slot was examined.
  if (below === PMD && pudLeaf(cpu.geometry, loadLo(cpu, slot))) bug(cpu, 'apply_to_pmd_range')
  return applyToLevel(a, below, OFFSETS[below](cpu, slot, addr), addr, end)
}

/** apply_to_pte_range() of init_mm: one lazy section per PTE table, also around an error. */
function applyToPteRange<P>(a: Apply<P>, pmd: Slot, start: Va, end: Va): number {
  const { cpu } = a
  const slot = pteOffset(cpu, pmd, start)
  if (cpu.stepper === null) cpu.memory.reached(cpu.memory.tableOf(slot), start)
  lazyMmuEnter(cpu)
  const err = a.fn === null ? 0 : applyToPtes(a, a.fn, slot, start, end)
  lazyMmuLeave(cpu)
  return err
}

function applyToPtes<P>(a: Apply<P>, fn: PteFn<P>, first: Slot, start: Va, end: Va): number {
  const { cpu, data, create } = a
  const { pageSize } = cpu.geometry
  const count = (end - start) / pageSize
  if (fn.runMany !== undefined && create && cpu.stepper === null && Number.isInteger(count)) {
    fn.runMany(cpu, first, start, count, data)
    return 0
  }
  const table = cpu.memory.tableOf(first)
  const tableEnd = cpu.memory.firstSlot(table + 1)
  let slot = first
  let addr = start
  do {
    // An unaligned start never meets the end of its table: the kernel would run on behind it.
    if (slot === tableEnd) {
      wildDeref(cpu, 'apply_to_pte_range', cpu.memory.tablePa(table) + pageSize)
    }
    if (create || !isNone(loadLo(cpu, slot), loadHi(cpu, slot))) {
      const err = isUnwatched(cpu)
        ? fn.run(cpu, slot, addr, data)
        : reported(cpu, fn, slot, addr, data)
      if (err !== 0) return err
    }
    slot += 2
    addr += pageSize
  } while (addr !== end)
  return 0
}

function reported<P>(cpu: Cpu, fn: PteFn<P>, slot: Slot, addr: Va, data: P): number {
  const lo = loOf(addr)
  const hi = hiOf(addr)
  const next = addr + cpu.geometry.pageSize
  cpu.hooks?.cbEnter(PTE, fn.name, lo, hi, loOf(next), hiOf(next))
  const err = fn.run(cpu, slot, addr, data)
  cpu.hooks?.cbExit(PTE, fn.name, lo, hi, err, null)
  return err
}
