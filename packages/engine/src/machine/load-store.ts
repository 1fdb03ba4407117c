/**
 * The only place that loads or stores an entry: in a plain run a direct access behind one null check, in a scheduled
 * run a step of the CPU's {@link Stepper}.
 */
import type { Cpu } from './cpu.ts'
import { PTE, type Level } from '../arch/level.ts'
import { hiOf, loOf, type Words } from '../arch/u64.ts'
import type { Slot } from './memory.ts'

/** READ_ONCE() of an entry: the low word. One step; its high word is what {@link loadHi} then gives. */
export function loadLo(cpu: Cpu, slot: Slot): number {
  const { stepper } = cpu
  return stepper === null ? (cpu.memory.words[slot] as number) : stepper.load(slot)
}

/** The high word of the entry just loaded with {@link loadLo}; no step of its own. */
export function loadHi(cpu: Cpu, slot: Slot): number {
  const { stepper } = cpu
  return stepper === null ? (cpu.memory.words[slot + 1] as number) : stepper.loadedHi
}

/** WRITE_ONCE() of an entry: one 64-bit store, reported, without any barrier. `level` is the setter's. */
export function store(cpu: Cpu, level: Level, slot: Slot, lo: number, hi: number): void {
  const { stepper } = cpu
  if (level !== PTE) cpu.memory.relinked()
  if (stepper === null && cpu.hooks === null) {
    const { words } = cpu.memory
    words[slot] = lo
    words[slot + 1] = hi
  } else if (stepper === null || stepper.store(slot)) {
    storeReported(cpu, level, slot, lo, hi)
  }
}

/**
 * cmpxchg() of an entry: stores and returns true if the entry still is `old`. One step. Not what any modelled
 * kernel path uses on kernel entries; for implementations that do.
 */
export function compareExchange(
  cpu: Cpu,
  level: Level,
  slot: Slot,
  old: Words,
  lo: number,
  hi: number,
): boolean {
  const { stepper } = cpu
  if (stepper !== null) {
    const replayed = stepper.atomic(slot)
    if (replayed !== null) return replayed
  }
  const { words } = cpu.memory
  const same = words[slot] === old.lo && words[slot + 1] === old.hi
  if (same) storeReported(cpu, level, slot, lo, hi)
  stepper?.atomicDone(same)
  return same
}

/** An atomic read-modify-write of an entry, (old & ~clear) | set in one step: what a fetch-and or fetch-or does. */
export function atomicChange(cpu: Cpu, level: Level, slot: Slot, set: Words, clear: Words): void {
  const { stepper } = cpu
  if (stepper !== null && stepper.atomic(slot) !== null) return
  const { words } = cpu.memory
  const lo = ((words[slot] as number) & ~clear.lo) | set.lo
  const hi = ((words[slot + 1] as number) & ~clear.hi) | set.hi
  storeReported(cpu, level, slot, lo, hi)
  stepper?.atomicDone(true)
}

/** xchg() of an entry: what it held. One step. */
export function exchange(cpu: Cpu, level: Level, slot: Slot, lo: number, hi: number): Words {
  const { stepper, memory } = cpu
  const replays = stepper !== null && stepper.atomic(slot) !== null
  const old = { lo: memory.words[slot] as number, hi: memory.words[slot + 1] as number }
  if (!replays) {
    storeReported(cpu, level, slot, lo, hi)
    stepper?.atomicDone(true)
  }
  if (stepper === null) return old
  return { lo: stepper.shared(() => old.lo), hi: stepper.shared(() => old.hi) }
}

function storeReported(cpu: Cpu, level: Level, slot: Slot, lo: number, hi: number): void {
  if (level !== PTE) cpu.memory.relinked()
  const { memory } = cpu
  const { words } = memory
  const oldLo = words[slot] as number
  const oldHi = words[slot + 1] as number
  cpu.system.journal?.stored(slot, oldLo, oldHi)
  words[slot] = lo
  words[slot + 1] = hi
  cpu.system.tlb?.stored(cpu.id, slot, oldLo, oldHi)
  if (cpu.hooks === null) return
  const va = memory.slotVa(slot)
  cpu.hooks.descWrite(level, loOf(va), hiOf(va), oldLo, oldHi, lo >>> 0, hi >>> 0)
}
