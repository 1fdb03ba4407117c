/** Splitting of leaf mappings (arch/arm64/mm/mmu.c, 6.18 and 7.3). No break-before-make, no TLB flush anywhere. */
import { isUnwatched } from '../machine/cpu.ts'
import type { Cpu } from '../machine/cpu.ts'
import { dsb } from './instructions.ts'
import { HI, LO, physHi, physLo, physOf } from '../arch/descriptor.ts'
import { EBUSY, EINVAL, ENOMEM } from '../arch/errno.ts'
import type { Features } from '../machine/features.ts'
import type { Geometry } from '../arch/geometry.ts'
import { lazyMmuEnter, lazyMmuLeave } from './lazy-mmu.ts'
import { CONT_PMD, CONT_PTE, P4D, PGD, PMD, PTE, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import { lock, unlock } from '../machine/locks.ts'
import type { Slot } from '../machine/memory.ts'
import { p4dOffset, pgdOffset, pmdOffset, pteOffset, pudOffset } from '../machine/offsets.ts'
import { isCont, isPresent, isValid, pmdLeaf, pudLeaf, pudPresent } from '../arch/predicates.ts'
import { setPte } from './set-pte.ts'
import { populate, setPmd } from './set-table.ts'
import { allocTable, slotIsNone } from './table-alloc.ts'
import type { Gfp } from './table-alloc.ts'
import { alignDown, hiOf, isAligned, loOf } from '../arch/u64.ts'
import type { Pa, Va } from '../arch/u64.ts'
import { walkKernelPageTableRangeLockless } from './walk-api.ts'
import { ACTION_CONTINUE, walkOps } from './walk-ops.ts'
import { warnOn } from '../machine/warn.ts'
import { loadHi, loadLo } from '../machine/load-store.ts'

/** force_pte_mapping(): the linear map is made of pages only. `bbml`: what the asking moment knows of BBML. */
export function forcePteMapping(
  features: Pick<Features, 'debug_pagealloc' | 'rodata_full' | 'kfence_direct_map' | 'realm'>,
  bbml: boolean,
): boolean {
  if (features.debug_pagealloc) return true
  if (bbml) return false
  return features.rodata_full || features.kfence_direct_map || features.realm
}

/**
 * split_kernel_leaf_mapping() (6.18, 7.3): makes start and end leaf boundaries. 0 also where nothing can or need be
 * split; -EINVAL unaligned, -ENOMEM, 7.3 also -EBUSY while secondary CPUs are up and their abilities unknown. May
 * sleep.
 */
export function splitKernelLeafMapping(cpu: Cpu, start: Va, end: Va): number {
  const { geometry: g, system, features } = cpu
  const refusal = mayNotSplit(cpu, start)
  if (refusal !== PROCEED) return refusal
  if (!isAligned(start, g.pageSize) || !isAligned(end, g.pageSize)) return EINVAL
  if (features.split_lock) lock(cpu, system.locks.pgtableSplit, 'mutex')
  lazyMmuEnter(cpu)
  let err: number
  if (end - start === g.pageSize) {
    // One of two neighbouring page numbers is odd: once that is a boundary, so is the other.
    const startIsOdd = (start / g.pageSize) % 2 !== 0
    err = splitAt(cpu, startIsOdd ? start : end)
  } else {
    err = splitAt(cpu, start)
    if (err === 0) err = splitAt(cpu, end)
  }
  lazyMmuLeave(cpu)
  if (features.split_lock) unlock(cpu, system.locks.pgtableSplit, 'mutex')
  return err
}

const PROCEED = 1

/** The early returns, before the lock and before any allocation: what keeps KFENCE and debug_pagealloc atomic. */
function mayNotSplit(cpu: Cpu, start: Va): number {
  const { features } = cpu
  if (cpu.flavour.split === 'bbml3') return mayNotSplitBbml3(cpu, start)
  if (!features.bbml) return 0
  const known = features.caps_finalized ? features.bbml : features.cpu_bbml
  if (forcePteMapping(features, known)) return 0
  return isKfenceAddress(cpu, start) ? 0 : PROCEED
}

function mayNotSplitBbml3(cpu: Cpu, start: Va): number {
  const { features } = cpu
  if (!cpu.system.linearMapRequiresBbml || isKfenceAddress(cpu, start)) return 0
  if (features.bbml) return PROCEED
  if (features.caps_finalized) return 0
  if (!features.page_alloc_available || features.online_cpus > 1) {
    warnOn(cpu, 'split_kernel_leaf_mapping')
    return EBUSY
  }
  return PROCEED
}

function isKfenceAddress(cpu: Cpu, addr: Va): boolean {
  const { kfence_start: start, kfence_size: size } = cpu.features
  return addr >= start && addr - start < size
}

/** split_kernel_leaf_mapping_locked(): the coarsest pieces that make addr a boundary. */
function splitAt(cpu: Cpu, addr: Va): number {
  const { geometry: g } = cpu
  // Unwatched, the descent to a table that a walk has come to only loads.
  const near = isUnwatched(cpu) ? cpu.memory.nearSlot(addr, addr) : -1
  if (near !== -1) return splitAtPte(cpu, near, addr)
  // At each level the alignment first: a boundary needs no look at the entry, which may be anything.
  if (isBoundary(g, PGD, addr)) return 0
  const pgd = pgdOffset(cpu, addr)
  if (slotIsNone(cpu, PGD, pgd) || isBoundary(g, P4D, addr)) return 0
  const p4d = p4dOffset(cpu, pgd, addr)
  if (slotIsNone(cpu, P4D, p4d) || isBoundary(g, PUD, addr)) return 0
  const pud = pudOffset(cpu, p4d, addr)
  if (!pudPresent(g, loadLo(cpu, pud))) return 0
  if (pudLeaf(g, loadLo(cpu, pud))) {
    const err = splitPud(cpu, pud, true, 'kernel')
    if (err !== 0) return err
  }
  if (isAligned(addr, g.contPmdSize)) return 0
  const pmd = pmdOffset(cpu, pud, addr)
  const lo = loadLo(cpu, pmd)
  const hi = loadHi(cpu, pmd)
  if (!isPresent(lo)) return 0
  if (pmdLeaf(lo)) {
    if (isCont(hi)) splitCont(cpu, PMD, pmd)
    if (isBoundary(g, PMD, addr)) return 0
    const err = splitPmd(cpu, pmd, lo, hi, true, 'kernel')
    if (err !== 0) return err
  }
  if (isAligned(addr, g.contPteSize)) return 0
  return splitAtPte(cpu, pteOffset(cpu, pmd, addr), addr)
}

/** In a table of PTEs nothing is left to split but a contiguous span. */
function splitAtPte(cpu: Cpu, pte: Slot, addr: Va): number {
  if (isAligned(addr, cpu.geometry.contPteSize)) return 0
  if (isPresent(loadLo(cpu, pte)) && isCont(loadHi(cpu, pte))) splitCont(cpu, PTE, pte)
  return 0
}

const isBoundary = (g: Geometry, level: Level, addr: Va): boolean =>
  isAligned(addr, g.size[level] as number)

/** split_pud(): a block becomes a table of PMD blocks. */
function splitPud(cpu: Cpu, slot: Slot, toCont: boolean, gfp: Gfp): number {
  const lo = loadLo(cpu, slot)
  const hi = loadHi(cpu, slot)
  return splitBlock(cpu, PUD, slot, lo, hi, toCont, gfp)
}

/** split_pmd(): a block becomes a table of pages. The value may be older than the entry, with CONT still set. */
const splitPmd = (
  cpu: Cpu,
  slot: Slot,
  lo: number,
  hi: number,
  toCont: boolean,
  gfp: Gfp,
): number => splitBlock(cpu, PMD, slot, lo, hi, toCont, gfp)

function splitBlock(
  cpu: Cpu,
  level: typeof PUD | typeof PMD,
  slot: Slot,
  lo: number,
  hi: number,
  toCont: boolean,
  gfp: Gfp,
): number {
  const { geometry: g, memory, hooks } = cpu
  const below = level === PUD ? PMD : PTE
  const va = memory.slotVa(slot)
  hooks?.split(level, loOf(va), hiOf(va))
  const table = allocTable(cpu, below, va, gfp)
  if (table === -1) return ENOMEM
  const pa = alignDown(physOf(g, lo, hi), g.size[level] as number)
  const protLo = pieceLo(cpu, (lo ^ physLo(g, pa)) >>> 0, below)
  const protHi = ((hi ^ physHi(g, pa)) & ~HI.CONT) | (toCont ? HI.CONT : 0)
  fill(cpu, below, memory.firstSlot(table), pa, protLo, protHi)
  // The new entries must be visible to walkers before the table is.
  dsb(cpu, 'ishst')
  populate(cpu, level, slot, memory.tablePa(table), (hi & HI.PXN) !== 0)
  return 0
}

/** Type bits of a piece. Pages set VALID with the type: 7.3 keeps a block that was not valid present-invalid. */
function pieceLo(cpu: Cpu, lo: number, below: typeof PMD | typeof PTE): number {
  const type = below === PMD ? LO.TYPE_BLOCK : LO.TYPE_TABLE
  const typed = (lo & ~LO.TYPE_MASK) | type
  if (!cpu.flavour.pageattr.presentInvalid || isValid(lo)) return typed
  return (typed & ~LO.VALID) | LO.NG
}

function fill(
  cpu: Cpu,
  level: typeof PMD | typeof PTE,
  first: Slot,
  start: Pa,
  lo: number,
  hi: number,
): void {
  const { geometry: g } = cpu
  const set = level === PMD ? setPmd : setPte
  const step = g.size[level] as number
  for (let i = 0; i < g.entries; i++) {
    const pa = start + i * step
    set(cpu, first + 2 * i, (physLo(g, pa) | lo) >>> 0, (physHi(g, pa) | hi) >>> 0)
  }
}

/** split_contpmd(), split_contpte(): clears CONT on the whole span, entry by entry with plain loads and stores. */
function splitCont(cpu: Cpu, level: typeof PMD | typeof PTE, slot: Slot): void {
  const { contPmds, contPtes } = cpu.geometry
  const entries = level === PMD ? contPmds : contPtes
  const first = spanStart(cpu, level === PMD ? CONT_PMD : CONT_PTE, slot, entries)
  const set = level === PMD ? setPmd : setPte
  const mark = cpu.stepper?.mark() ?? 0
  for (let i = 0; i < entries; i++) {
    const at = first + 2 * i
    const lo = loadLo(cpu, at)
    set(cpu, at, lo, (loadHi(cpu, at) & ~HI.CONT) >>> 0)
    cpu.stepper?.settled(mark, i)
  }
}

/** The slot pointer aligned down to its span; reports the split. Tables are span-aligned in memory. */
function spanStart(cpu: Cpu, level: Level, slot: Slot, entries: number): Slot {
  const first = alignDown(slot, 2 * entries)
  const va = cpu.memory.slotVa(first)
  cpu.hooks?.split(level, loOf(va), hiOf(va))
  return first
}

/** split_to_ptes_ops. A leaf that is partly outside of the range is split whole. */
const SPLIT_TO_PTES = walkOps<Gfp>('split_to_ptes', {
  pudEntry: (slot, _addr, _next, walk) =>
    pudLeaf(walk.cpu.geometry, loadLo(walk.cpu, slot))
      ? splitPud(walk.cpu, slot, false, walk.private)
      : 0,
  pmdEntry: (slot, _addr, _next, walk) => {
    const lo = loadLo(walk.cpu, slot)
    const hi = loadHi(walk.cpu, slot)
    if (!pmdLeaf(lo)) return 0
    if (isCont(hi)) splitCont(walk.cpu, PMD, slot)
    const err = splitPmd(walk.cpu, slot, lo, hi, false, walk.private)
    walk.action = ACTION_CONTINUE
    return err
  },
  pteEntry: (slot, _addr, _next, walk) => {
    loadLo(walk.cpu, slot)
    if (isCont(loadHi(walk.cpu, slot))) splitCont(walk.cpu, PTE, slot)
    return 0
  },
})

/**
 * range_split_to_ptes() (6.18, 7.3): every leaf that overlaps [start, end) becomes pages. 0, -ENOMEM, -EINVAL (empty
 * range).
 */
export function rangeSplitToPtes(cpu: Cpu, start: Va, end: Va, gfp: Gfp = 'kernel'): number {
  lazyMmuEnter(cpu)
  const err = walkKernelPageTableRangeLockless(cpu, start, end, SPLIT_TO_PTES, gfp)
  lazyMmuLeave(cpu)
  return err
}
