import type { Cpu } from '../machine/cpu.ts'
import { mightSleep } from '../machine/context.ts'
import { P4D, PGD, PMD, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import { lock, unlock } from '../machine/locks.ts'
import type { Slot } from '../machine/memory.ts'
import { isNone } from '../arch/predicates.ts'
import { populate } from './set-table.ts'
import { hiOf, loOf } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'
import { loadHi, loadLo } from '../machine/load-store.ts'

/** Whether an allocation may sleep: GFP_KERNEL, GFP_ATOMIC. */
export type Gfp = 'kernel' | 'atomic'

/**
 * alloc_pages() for a zeroed table for entries of `level`; `va` is the start of what it will translate. Returns its
 * number, or -1 where the scenario lets the allocation fail, or memory has no room for another.
 */
export function allocTable(cpu: Cpu, level: Level, va: Va, gfp: Gfp = 'kernel'): number {
  if (gfp === 'kernel') mightSleep(cpu, 'alloc_pages')
  cpu.allocations++
  const { memory } = cpu
  const add = (): number => {
    if (memory.isFull) return -1
    cpu.system.journal?.changed(() => memory.removePoolTable())
    return memory.addPoolTable(level, va)
  }
  const fails = cpu.allocations === cpu.failingAllocation
  const table = fails ? -1 : cpu.stepper === null ? add() : cpu.stepper.shared(add)
  if (table === -1) {
    cpu.hooks?.tableAllocFail(level, loOf(va), hiOf(va))
    return -1
  }
  const pa = memory.tablePa(table)
  cpu.hooks?.tableAlloc(level, loOf(va), hiOf(va), loOf(pa), hiOf(pa))
  return table
}

/**
 * `p?d_alloc()`: gives the slot at `level` a table if it is none (__p4d_alloc() … __pte_alloc_kernel() of
 * mm/memory.c). False: out of memory. A folded or run-time folded level is never none.
 */
export function allocIfNone(cpu: Cpu, level: Level, slot: Slot): boolean {
  if (!slotIsNone(cpu, level, slot)) return true
  const table = allocTable(cpu, (level + 1) as Level, cpu.memory.slotVa(slot))
  if (table === -1) return false
  const { pageTable } = cpu.system.locks
  lock(cpu, pageTable, 'spin')
  // Another CPU may have populated it meanwhile: then its table stays and ours is freed.
  const lost = cpu.stepper !== null && !slotIsNone(cpu, level, slot)
  if (!lost) populate(cpu, level, slot, cpu.memory.tablePa(table), false)
  unlock(cpu, pageTable, 'spin')
  if (lost) freeTable(cpu, table)
  return true
}

/** The event alone: tables are numbered in the order of their allocation and never given out again. */
export function freeTable(cpu: Cpu, table: number): void {
  const { memory } = cpu
  const va = memory.tableVa(table)
  const pa = memory.tablePa(table)
  cpu.hooks?.tableFree(memory.tableLevel(table), loOf(va), hiOf(va), loOf(pa), hiOf(pa))
}

/** `p?d_none()` of a slot in memory, by level PGD … PMD; what is folded is not looked at. */
export function slotIsNone(cpu: Cpu, level: Level, slot: Slot): boolean {
  const { geometry: g } = cpu
  if (level === PGD && !g.l5Enabled) return false
  if (level === P4D && !g.l4Enabled) return false
  if (level === PUD && g.folded[PMD]) return false
  return isNone(loadLo(cpu, slot), loadHi(cpu, slot))
}
