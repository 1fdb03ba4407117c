/**
 * The race of hazard H7, reduced to what matters: each CPU splits a contiguous span of PTEs (clears CONT on all of
 * them) and then makes its own page read-only. Split and change come in the variants that the review of the first
 * patch weighed against each other. One load, store, atomic, lock or unlock is one step, and there are no others.
 */
import type { Cpu } from '../../machine/cpu.ts'
import { HI, bits } from '../../arch/descriptor.ts'
import { EAGAIN, EINVAL } from '../../arch/errno.ts'
import { PTE } from '../../arch/level.ts'
import { lock, unlock } from '../../machine/locks.ts'
import type { Slot } from '../../machine/memory.ts'
import { NO_SLOT, findSlot } from '../../machine/find-slot.ts'
import { isCont } from '../../arch/predicates.ts'
import { setPteNosync } from '../set-pte.ts'
import { alignDown } from '../../arch/u64.ts'
import type { Va, Words } from '../../arch/u64.ts'
import { atomicChange, loadHi, loadLo } from '../../machine/load-store.ts'

/**
 * How the span is split. `lock`: under pgtable_split_lock, looking at the first PTE only (remedy 1, adopted).
 * `first-plain`: the same without the lock (the split patch under review). `rewrite-plain`: every PTE stored, whatever
 * it is. `tested-plain`: each PTE tested and stored if CONT is set (remedy 3 as worded). `first-atomic`,
 * `tested-atomic`: CONT cleared by an atomic operation. `none`: the own page is changed at once.
 */
export const SPLIT_VARIANTS = [
  'lock',
  'first-plain',
  'rewrite-plain',
  'tested-plain',
  'first-atomic',
  'tested-atomic',
  'none',
] as const
export type SplitVariant = (typeof SPLIT_VARIANTS)[number]

/**
 * How the own PTE is changed: by load and store, by one atomic operation, (remedy 4) plainly once CONT is seen clear,
 * or not at all.
 */
export const CHANGE_VARIANTS = ['plain', 'atomic', 'retry', 'none'] as const
export type ChangeVariant = (typeof CHANGE_VARIANTS)[number]

/** Loads of the own PTE by the `retry` variant before it gives up: the bound of the table of H7. */
export const RETRIES = 8

/** What the own PTE becomes: read-only, or not executable. */
export const CHANGED_BITS = ['ro', 'nx'] as const
export type ChangedBits = (typeof CHANGED_BITS)[number]

const NOTHING = bits()
const CONT = bits('CONT')
const MASKS = {
  ro: { set: bits('RDONLY'), clear: bits('DBM') },
  nx: { set: bits('PXN'), clear: NOTHING },
} as const satisfies Record<ChangedBits, { set: Words; clear: Words }>

/**
 * Splits the span of `entries` PTEs around `addr` and makes the page of `addr` read-only, or what `changed` says,
 * without flush. 0; -EINVAL if `addr` has no PTE; -EAGAIN if the `retry` variant found CONT set every time. Follows no
 * kernel function: the split is split_contpte()'s of 6.18 in variants, the change pageattr_pte_entry()'s.
 */
export function splitAndProtect(
  cpu: Cpu,
  addr: Va,
  entries: number,
  split: SplitVariant,
  change: ChangeVariant,
  changed: ChangedBits = 'ro',
): number {
  const { pageSize } = cpu.geometry
  // Found without steps: tables do not change in this race.
  const own = findSlot(cpu, PTE, addr)
  if (own === NO_SLOT) return EINVAL
  const start = alignDown(addr, entries * pageSize)
  const first = own - (2 * (addr - start)) / pageSize
  splitSpan(cpu, first, entries, split)
  return protect(cpu, own, change, changed)
}

function splitSpan(cpu: Cpu, first: Slot, entries: number, variant: SplitVariant): void {
  if (variant === 'none') return
  const { pgtableSplit } = cpu.system.locks
  if (variant === 'lock') lock(cpu, pgtableSplit, 'mutex')
  const looksAtFirst = variant === 'lock' || variant.startsWith('first')
  if (!looksAtFirst || hasCont(cpu, first)) {
    const mark = cpu.stepper?.mark() ?? 0
    for (let i = 0; i < entries; i++) {
      clear(cpu, first + 2 * i, variant)
      cpu.stepper?.settled(mark, i)
    }
  }
  if (variant === 'lock') unlock(cpu, pgtableSplit, 'mutex')
}

function hasCont(cpu: Cpu, slot: Slot): boolean {
  loadLo(cpu, slot)
  return isCont(loadHi(cpu, slot))
}

function clear(cpu: Cpu, slot: Slot, variant: SplitVariant): void {
  if (variant === 'first-atomic') {
    atomicChange(cpu, PTE, slot, NOTHING, CONT)
    return
  }
  const lo = loadLo(cpu, slot)
  const hi = loadHi(cpu, slot)
  if (variant.startsWith('tested') && !isCont(hi)) return
  if (variant === 'tested-atomic') atomicChange(cpu, PTE, slot, NOTHING, CONT)
  else setPteNosync(cpu, slot, lo, (hi & ~HI.CONT) >>> 0)
}

function protect(cpu: Cpu, slot: Slot, variant: ChangeVariant, changed: ChangedBits): number {
  if (variant === 'none') return 0
  const { set, clear } = MASKS[changed]
  if (variant === 'atomic') {
    atomicChange(cpu, PTE, slot, set, clear)
    return 0
  }
  let lo = loadLo(cpu, slot)
  let hi = loadHi(cpu, slot)
  if (variant === 'retry') {
    for (let tries = 1; isCont(hi); tries++) {
      if (tries === RETRIES) return EAGAIN
      lo = loadLo(cpu, slot)
      hi = loadHi(cpu, slot)
    }
  }
  setPteNosync(cpu, slot, ((lo & ~clear.lo) | set.lo) >>> 0, ((hi & ~clear.hi) | set.hi) >>> 0)
  return 0
}
