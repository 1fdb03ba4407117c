/** The walk of page tables (mm/pagewalk.c), with a VMA and without, with the differences of its versions. */
import { clearBad, isBad } from './bad-entry.ts'
import { mapsPteTable, splitHugePmd } from './huge-pmd.ts'
import { isUnwatched } from '../machine/cpu.ts'
import type { Cpu } from '../machine/cpu.ts'
import { addrEnd } from '../arch/geometry.ts'
import { P4D, PGD, PMD, PTE, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import { lock, unlock } from '../machine/locks.ts'
import type { Slot } from '../machine/memory.ts'
import { p4dOffset, pgdOffset, pmdOffset, pteOffset, pudOffset } from '../machine/offsets.ts'
import { isPresent, pmdLeaf, pudLeaf, pudPresent } from '../arch/predicates.ts'
import { KernelStop } from '../machine/stop.ts'
import { slotIsNone } from './table-alloc.ts'
import { hiOf, isBelow, loOf } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'
import { ACTION_AGAIN, ACTION_CONTINUE, ACTION_NAMES, ACTION_SUBTREE } from './walk-ops.ts'
import type { EntryFn, Walk } from './walk-ops.ts'
import { loadLo } from '../machine/load-store.ts'

/** How often one slot is tried before its walk is called a livelock. The kernel has no bound. */
export const WALK_RETRIES = 8

/** walk_pgd_range(). */
export function walkPgdRange<P>(walk: Walk<P>, start: Va, end: Va): number {
  const { cpu, ops } = walk
  let addr = start
  let slot = pgdOffset(cpu, addr, walk.table)
  do {
    const next = addrEnd(cpu.geometry, PGD, addr, end)
    let err: number
    if (noneOrClearBad(cpu, PGD, slot)) {
      err = hole(walk, PGD, addr, next)
    } else {
      err = call(walk, PGD, slot, addr, next)
      if (err === 0 && ops.handlesBelow[PGD]) err = walkP4dRange(walk, slot, addr, next)
    }
    if (err !== 0) return err
    slot += 2
    addr = next
  } while (addr !== end)
  return 0
}

/** walk_p4d_range(). */
function walkP4dRange<P>(walk: Walk<P>, pgd: Slot, start: Va, end: Va): number {
  const { cpu, ops } = walk
  let addr = start
  let slot = p4dOffset(cpu, pgd, addr)
  do {
    const next = addrEnd(cpu.geometry, P4D, addr, end)
    let err: number
    if (noneOrClearBad(cpu, P4D, slot)) {
      err = hole(walk, P4D, addr, next)
    } else {
      err = call(walk, P4D, slot, addr, next)
      if (err === 0 && ops.handlesBelow[P4D]) err = walkPudRange(walk, slot, addr, next)
    }
    if (err !== 0) return err
    slot += 2
    addr = next
  } while (addr !== end)
  return 0
}

/** walk_pud_range(). */
function walkPudRange<P>(walk: Walk<P>, p4d: Slot, start: Va, end: Va): number {
  const { cpu, ops } = walk
  const { geometry: g } = cpu
  const rules = cpu.flavour.walk
  let addr = start
  let slot = pudOffset(cpu, p4d, addr)
  do {
    const next = addrEnd(g, PUD, addr, end)
    let err = 0
    for (let tries = 0; ; tries++) {
      if (rules.resetsActionFirst) resetAction(walk)
      if (slotIsNone(cpu, PUD, slot)) {
        err = hole(walk, PUD, addr, next)
        break
      }
      resetAction(walk)
      if (tries === WALK_RETRIES) livelock(walk, PUD, addr)
      err = call(walk, PUD, slot, addr, next)
      if (err !== 0) break
      if (asksAgain(walk)) continue
      if (walk.action === ACTION_CONTINUE || !ops.handlesBelow[PUD]) break
      // With a VMA split_huge_pud() comes here: on arm64, where no PUD is a huge page of a VMA, it does nothing.
      if (walk.vma === null) {
        const lo = loadLo(cpu, slot)
        if (pudLeaf(g, lo) || !pudPresent(g, lo)) break
      }
      if (rules.retriesNonePud && slotIsNone(cpu, PUD, slot)) continue
      err = walkPmdRange(walk, slot, addr, next)
      if (err !== 0 || !rules.pmdRechecksPud || !asksAgain(walk)) break
    }
    if (err !== 0) return err
    slot += 2
    addr = next
  } while (addr !== end)
  return 0
}

/** walk_pmd_range(). */
function walkPmdRange<P>(walk: Walk<P>, pud: Slot, start: Va, end: Va): number {
  const { cpu, ops } = walk
  const { geometry: g } = cpu
  const rules = cpu.flavour.walk
  if (rules.pmdRechecksPud) {
    const lo = loadLo(cpu, pud)
    if (!pudPresent(g, lo) || pudLeaf(g, lo)) {
      walk.action = ACTION_AGAIN
      return 0
    }
  }
  let addr = start
  let slot = pmdOffset(cpu, pud, addr)
  do {
    const next = addrEnd(g, PMD, addr, end)
    let err = 0
    for (let tries = 0; ; tries++) {
      if (rules.resetsActionFirst) resetAction(walk)
      if (slotIsNone(cpu, PMD, slot)) {
        err = hole(walk, PMD, addr, next)
        break
      }
      resetAction(walk)
      if (tries === WALK_RETRIES) livelock(walk, PMD, addr)
      err = call(walk, PMD, slot, addr, next)
      if (err !== 0) break
      if (asksAgain(walk)) continue
      if (walk.action === ACTION_CONTINUE || !ops.handlesBelow[PMD]) break
      if (walk.vma === null) {
        const lo = loadLo(cpu, slot)
        if (pmdLeaf(lo) || !isPresent(lo)) break
      } else {
        splitHugePmd(walk, slot)
      }
      err = walkPteRange(walk, slot, addr, next)
      if (err !== 0 || !asksAgain(walk)) break
    }
    if (err !== 0) return err
    slot += 2
    addr = next
  } while (addr !== end)
  return 0
}

/**
 * walk_pte_range(): with a VMA under the lock of the table, which is looked for anew (pte_offset_map_lock()): where
 * there is none any more the PMD is tried again. Without one there is no lock (pte_offset_kernel(); another mm
 * takes pte_offset_map(), which finds the same where nobody frees tables).
 */
function walkPteRange<P>(walk: Walk<P>, pmd: Slot, start: Va, end: Va): number {
  const { cpu, mm } = walk
  if (walk.vma === null || mm === null) return walkPtes(walk, pmd, start, end)
  if (!mapsPteTable(cpu, pmd)) {
    walk.action = ACTION_AGAIN
    return 0
  }
  lock(cpu, mm.pteLock, 'spin')
  const err = walkPtes(walk, pmd, start, end)
  unlock(cpu, mm.pteLock, 'spin')
  return err
}

/** walk_pte_range_inner(): no lazy MMU mode, empty entries too. */
function walkPtes<P>(walk: Walk<P>, pmd: Slot, start: Va, end: Va): number {
  const { cpu, ops } = walk
  const { pageSize } = cpu.geometry
  const entry = ops.entries[PTE] as EntryFn<P>
  const last = end - pageSize
  let addr = start
  let slot = pteOffset(cpu, pmd, addr)
  if (ops.pteRun !== undefined && cpu.stepper === null) {
    if (walk.table === 0) cpu.memory.reached(cpu.memory.tableOf(slot), addr)
    ops.pteRun(slot, addr, Math.ceil((end - addr) / pageSize), walk)
    return 0
  }
  const mark = cpu.stepper?.mark() ?? 0
  for (;;) {
    const next = addr + pageSize
    const err = isUnwatched(cpu)
      ? entry(slot, addr, next, walk)
      : reported(walk, entry, PTE, slot, addr, next)
    if (err !== 0) return err
    if (ops.settles === true) cpu.stepper?.settled(mark, addr)
    if (!isBelow(addr, last)) return 0
    addr = next
    slot += 2
  }
}

const asksAgain = <P>(walk: Walk<P>): boolean => walk.action === ACTION_AGAIN

function resetAction<P>(walk: Walk<P>): void {
  walk.action = ACTION_SUBTREE
}

/** p?d_none_or_clear_bad() at PGD and P4D: a bad entry is complained about, cleared where it can be, and a hole. */
function noneOrClearBad(cpu: Cpu, level: Level, slot: Slot): boolean {
  if (slotIsNone(cpu, level, slot)) return true
  if (!isBad(cpu, level, loadLo(cpu, slot))) return false
  clearBad(cpu, level, slot)
  return true
}

/** pte_hole() for what no table translates, or, `level` −1, no VMA; 0 where the caller has none. */
export function hole<P>(walk: Walk<P>, level: Level | -1, addr: Va, next: Va): number {
  const { cpu, ops } = walk
  if (ops.pteHole === undefined) return 0
  const depth = level === -1 ? -1 : (cpu.geometry.depth[level] as Level)
  cpu.hooks?.hole(depth, loOf(addr), hiOf(addr), loOf(next), hiOf(next))
  return ops.pteHole(addr, next, depth, walk)
}

function call<P>(walk: Walk<P>, level: Level, slot: Slot, addr: Va, next: Va): number {
  const entry = walk.ops.entries[level] as EntryFn<P> | null
  if (entry === null) return 0
  if (isUnwatched(walk.cpu)) return entry(slot, addr, next, walk)
  return reported(walk, entry, level, slot, addr, next)
}

function reported<P>(
  walk: Walk<P>,
  entry: EntryFn<P>,
  level: Level,
  slot: Slot,
  addr: Va,
  next: Va,
): number {
  const { cpu } = walk
  const name = walk.ops.names[level] as string
  const lo = loOf(addr)
  const hi = hiOf(addr)
  cpu.hooks?.cbEnter(level, name, lo, hi, loOf(next), hiOf(next))
  const err = entry(slot, addr, next, walk)
  const heeded = level === PUD || level === PMD
  const action = heeded ? (ACTION_NAMES[walk.action] ?? null) : null
  cpu.hooks?.cbExit(level, name, lo, hi, err, action)
  return err
}

/** The slot has been tried {@link WALK_RETRIES} times and its callback asks again: the call ends here. */
function livelock<P>(walk: Walk<P>, level: Level, addr: Va): never {
  const at = walk.ops.entries[level] === null ? PTE : level
  const name = walk.ops.names[at] as string
  walk.cpu.hooks?.livelock(at, name, loOf(addr), hiOf(addr), WALK_RETRIES)
  throw new KernelStop(`${name} keeps asking for another try`)
}
