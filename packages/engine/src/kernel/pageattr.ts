/** arch/arm64/mm/pageattr.c: the callbacks of each version and the paths above them. */
import { applyToPageRange } from './apply.ts'
import type { PteFn } from './apply.ts'
import { mightSleep } from '../machine/context.ts'
import type { Area, Cpu } from '../machine/cpu.ts'
import { LO, equals } from '../arch/descriptor.ts'
import { EINVAL } from '../arch/errno.ts'
import type { PageattrRules } from '../machine/flavour.ts'
import { lazyMmuEnter, lazyMmuLeave } from './lazy-mmu.ts'
import { LEVEL_NAMES, P4D, PGD, PMD, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import { lock, unlock } from '../machine/locks.ts'
import { isSect, pmdLeaf, pudLeaf, pudSect } from '../arch/predicates.ts'
import { masksFor } from './pageattr-masks.ts'
import type { PageattrMasks } from './pageattr-masks.ts'
import { changePtes } from './pte-run.ts'
import { setPte } from './set-pte.ts'
import { SET_ENTRY } from './set-table.ts'
import type { SetEntry } from './set-table.ts'
import { splitKernelLeafMapping } from './split.ts'
import { flushTlbKernelRange } from './tlb.ts'
import { alignDown, isAligned, isBelow } from '../arch/u64.ts'
import type { Pa, Va } from '../arch/u64.ts'
import { walkKernelPageTableRangeLockless } from './walk-api.ts'
import { ACTION_CONTINUE, walkOps } from './walk-ops.ts'
import type { EntryFn, WalkMembers, WalkOps } from './walk-ops.ts'
import { warnOnOnce, wildDeref } from '../machine/warn.ts'
import { loadHi, loadLo } from '../machine/load-store.ts'

/** change_page_range() (6.12, 6.17): clear, then set, whatever the PTE is. */
export const CHANGE_PAGE_RANGE: PteFn<PageattrMasks> = {
  name: 'change_page_range',
  run: (cpu, slot, _addr, masks) => {
    const lo = (loadLo(cpu, slot) & ~masks.clear.lo) | masks.set.lo
    setPte(cpu, slot, lo, (loadHi(cpu, slot) & ~masks.clear.hi) | masks.set.hi)
    return 0
  },
  runMany: (cpu, slot, addr, count, masks) =>
    changePtes(cpu, 'change_page_range', slot, addr, count, masks),
}

/** pageattr_pte_entry() (seed-v1 and later): the same. */
const pteEntry: EntryFn<PageattrMasks> = (slot, _addr, _next, walk) => {
  const { cpu, private: masks } = walk
  const lo = (loadLo(cpu, slot) & ~masks.clear.lo) | masks.set.lo
  setPte(cpu, slot, lo, (loadHi(cpu, slot) & ~masks.clear.hi) | masks.set.hi)
  return 0
}

const pteRun: WalkMembers<PageattrMasks>['pteRun'] = (slot, addr, count, walk) =>
  changePtes(walk.cpu, 'pageattr_pte_entry', slot, addr, count, walk.private)

/** pageattr_pgd_entry() … pageattr_pmd_entry(): a block is changed whole, or refused before anything is written. */
function blockEntry(level: Level, rules: PageattrRules): EntryFn<PageattrMasks> {
  const fn = `pageattr_${LEVEL_NAMES[level]}_entry`
  const set = SET_ENTRY[level] as SetEntry
  return (slot, addr, next, walk) => {
    const { cpu, private: masks } = walk
    const lo = loadLo(cpu, slot)
    if (!isBlock(cpu, level, rules.block, lo)) return 0
    if (next - addr !== cpu.geometry.size[level]) {
      warnOnOnce(cpu, fn, 'size')
      return EINVAL
    }
    const hi = (loadHi(cpu, slot) & ~masks.clear.hi) | masks.set.hi
    set(cpu, slot, ((lo & ~masks.clear.lo) | masks.set.lo) >>> 0, hi >>> 0)
    walk.action = ACTION_CONTINUE
    return 0
  }
}

/** pXd_sect() or pXd_leaf(); there are no leaves above PUD. */
function isBlock(cpu: Cpu, level: Level, test: PageattrRules['block'], lo: number): boolean {
  if (level === PMD) return test === 'sect' ? isSect(lo) : pmdLeaf(lo)
  if (level !== PUD) return false
  return test === 'sect' ? pudSect(cpu.geometry, lo) : pudLeaf(cpu.geometry, lo)
}

const OPS = new Map<PageattrRules, WalkOps<PageattrMasks>>()

/** pageattr_ops of a version. */
export function pageattrOps(rules: PageattrRules): WalkOps<PageattrMasks> {
  const known = OPS.get(rules)
  if (known !== undefined) return known
  const at = (level: Level): EntryFn<PageattrMasks> | undefined =>
    rules.levels.includes(level) ? blockEntry(level, rules) : undefined
  const members: WalkMembers<PageattrMasks> = {
    pteEntry,
    pteRun,
    settles: true,
    passesTables: true,
  }
  const blocks = { pgdEntry: at(PGD), p4dEntry: at(P4D), pudEntry: at(PUD), pmdEntry: at(PMD) }
  const present = Object.entries(blocks).filter(([, entry]) => entry !== undefined)
  const ops = walkOps('pageattr', { ...Object.fromEntries(present), ...members })
  OPS.set(rules, ops)
  return ops
}

/**
 * The change of [start, start + size) in bytes without its flush. 0, -EINVAL (empty range, part of a block), -ENOMEM,
 * 7.3 -EBUSY. It is apply_to_page_range() (6.12, 6.17), ___change_memory_common() (seed-v1),
 * update_range_prot() (6.18, 7.3: after splitting, whose failure is a WARN and the result).
 */
export function updateRange(cpu: Cpu, start: Va, size: number, masks: PageattrMasks): number {
  const { pageattr: rules } = cpu.flavour
  if (rules.walker === 'apply') return applyToPageRange(cpu, start, size, CHANGE_PAGE_RANGE, masks)
  if (cpu.flavour.split !== null) {
    const err = splitKernelLeafMapping(cpu, start, start + size)
    if (err !== 0) {
      warnOnOnce(cpu, 'update_range_prot', 'split')
      return err
    }
  }
  lazyMmuEnter(cpu)
  const ops = pageattrOps(rules)
  const err = walkKernelPageTableRangeLockless(cpu, start, start + size, ops, masks)
  lazyMmuLeave(cpu)
  return err
}

/**
 * __change_memory_common(), all versions: the change of [start, start + size) in bytes and its flush, which a failure
 * does not prevent, and which is left out only where {@link PageattrMasks.flushElided} says so. Errors: updateRange().
 */
export function changeMemory(cpu: Cpu, start: Va, size: number, masks: PageattrMasks): number {
  const { cpa } = cpu.system.locks
  if (cpu.features.cpa_lock) lock(cpu, cpa, 'spin')
  const err = updateRange(cpu, start, size, masks)
  if (!masks.flushElided) flushTlbKernelRange(cpu, start, start + size)
  if (cpu.features.cpa_lock) unlock(cpu, cpa, 'spin')
  return err
}

/** change_memory_common(): the checks of set_memory_{ro,rw,nx,x}() and the linear alias. */
function changeMemoryCommon(cpu: Cpu, addr: Va, numpages: number, masks: PageattrMasks): number {
  const { geometry: g, features } = cpu
  const size = g.pageSize * numpages
  const start = alignDown(addr, g.pageSize)
  const end = start + size
  if (!isAligned(addr, g.pageSize)) warnOnOnce(cpu, 'change_memory_common', 'unaligned')
  const area = findVmArea(cpu, addr)
  if (area === undefined || isBelow(area.start + area.size, end)) return EINVAL
  if (!acceptsFlags(cpu, area)) return EINVAL
  if (numpages === 0) return 0
  if (features.rodata_full && (equals(masks.set, RDONLY) || equals(masks.clear, RDONLY))) {
    const err = changeLinearAlias(cpu, area, start, numpages, masks)
    if (err !== 0) return err
  }
  // vm_unmap_aliases() takes vmap_purge_lock; what it may flush besides is not modelled.
  mightSleep(cpu, 'vm_unmap_aliases')
  return changeMemory(cpu, start, size, masks)
}

const RDONLY = { lo: LO.RDONLY, hi: 0 }
const VM_ALLOC = 0x2
const VM_ALLOW_HUGE_VMAP = 0x400

/** find_vm_area(), all versions: the vm area whose [start, start + size) has the address. */
export const findVmArea = (cpu: Cpu, addr: Va): Area | undefined =>
  cpu.system.areas.find((a) => !isBelow(addr, a.start) && isBelow(addr, a.start + a.size))

const acceptsFlags = (cpu: Cpu, area: Area): boolean =>
  (area.flags & VM_ALLOC) !== 0 &&
  !(cpu.flavour.pageattr.refusesHugeVmap && (area.flags & VM_ALLOW_HUGE_VMAP) !== 0)

/**
 * The linear alias, one page and one flush at a time, before the area itself. To 6.18 all pages of the area; 7.3
 * those asked for, and past the end of area->pages[] if the range includes the guard page.
 */
function changeLinearAlias(
  cpu: Cpu,
  area: Area,
  start: Va,
  numpages: number,
  masks: PageattrMasks,
): number {
  const { pageSize } = cpu.geometry
  const { alias } = cpu.flavour.pageattr
  const first = alias === 'range' ? Math.floor((start - area.start) / pageSize) : 0
  const count = alias === 'range' ? numpages : area.nrPages
  let { run, at } = frameAt(area, first)
  // A negative number of pages counts down through zero: the loop ends behind the array.
  for (let i = 0; i !== count; i++) {
    const frames = area.pages[run]
    if (frames === undefined) return wildDeref(cpu, 'page_address', 0)
    const err = changeMemory(cpu, linearAddress(cpu, frames.pa + at * pageSize), pageSize, masks)
    if (err !== 0 && alias !== 'area-ignoring-errors') return err
    if (++at === frames.count) ({ run, at } = frameAt(area, 0, run + 1))
  }
  return 0
}

/** Where area->pages[index] is: the number of its run, from run `from` on, and its place there. */
function frameAt(area: Area, index: number, from = 0): { run: number; at: number } {
  let at = index
  for (let run = from; run < area.pages.length; run++) {
    const { count } = area.pages[run] as Area['pages'][number]
    if (at < count) return { run, at }
    at -= count
  }
  return { run: area.pages.length, at }
}

/** page_address(area->pages[index]): the linear alias of a page. Past the end of pages[] the call stops. */
export function pageAddress(cpu: Cpu, area: Area, index: number): Va {
  const { run, at } = frameAt(area, index)
  const frames = area.pages[run]
  if (frames === undefined) return wildDeref(cpu, 'page_address', 0)
  return linearAddress(cpu, frames.pa + at * cpu.geometry.pageSize)
}

/** __phys_to_virt(): where the linear map has a physical address. */
export const linearAddress = (cpu: Cpu, pa: Pa): Va =>
  pa - cpu.system.constants.PHYS_OFFSET + cpu.system.constants.PAGE_OFFSET

/**
 * set_memory_ro(), all versions: numpages pages from addr on, inside one vm area of VM_ALLOC (from 6.17 without huge
 * mappings). With rodata_full the linear alias too: of the whole area, 7.3 of these pages. 0, -EINVAL (no such area,
 * part of a block), -ENOMEM, 7.3 -EBUSY. May sleep.
 */
export const setMemoryRo = (cpu: Cpu, addr: Va, numpages: number): number =>
  changeMemoryCommon(cpu, addr, numpages, masksFor(cpu, 'ro'))

/** set_memory_rw(), all versions: as setMemoryRo(). */
export const setMemoryRw = (cpu: Cpu, addr: Va, numpages: number): number =>
  changeMemoryCommon(cpu, addr, numpages, masksFor(cpu, 'rw'))

/** set_memory_nx(), all versions: as setMemoryRo(), without the linear alias. */
export const setMemoryNx = (cpu: Cpu, addr: Va, numpages: number): number =>
  changeMemoryCommon(cpu, addr, numpages, masksFor(cpu, 'nx'))

/** set_memory_x(), all versions: as setMemoryNx(). */
export const setMemoryX = (cpu: Cpu, addr: Va, numpages: number): number =>
  changeMemoryCommon(cpu, addr, numpages, masksFor(cpu, 'x'))

/** set_memory_rox() (include/linux/set_memory.h, all versions): ro, then x unless that failed. Their errors. */
export function setMemoryRox(cpu: Cpu, addr: Va, numpages: number): number {
  const err = setMemoryRo(cpu, addr, numpages)
  return err === 0 ? setMemoryX(cpu, addr, numpages) : err
}

/**
 * set_memory_valid(), all versions: numpages pages from any kernel address on, unchecked. Flushes unless it only
 * enables (from 6.17). 0, -EINVAL, -ENOMEM, 7.3 -EBUSY.
 */
export const setMemoryValid = (cpu: Cpu, addr: Va, numpages: number, enable: boolean): number =>
  changeMemory(
    cpu,
    addr,
    cpu.geometry.pageSize * numpages,
    masksFor(cpu, enable ? 'valid' : 'invalid'),
  )
