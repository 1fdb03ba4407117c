/**
 * What pageattr.c's PTE callback does, on neighbouring entries at once: the loop in which set_memory_*() spends its
 * time. The same loads, stores and events in the same order as the callback called for each entry through setPte();
 * only without a call, an address and a test of the CPU's state for every one. Scheduled runs do not use it: there
 * each load and store is a step.
 */
import type { Cpu } from '../machine/cpu.ts'
import { HI, LO } from '../arch/descriptor.ts'
import type { Hooks } from '../machine/hooks.ts'
import { PTE } from '../arch/level.ts'
import type { Slot } from '../machine/memory.ts'
import type { PageattrMasks } from './pageattr-masks.ts'
import { hiOf, loOf } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'

// Own constants: an imported one is read from its module's cell on every use, which these loops would feel.
const { VALID } = LO
const VALID_USER = LO.VALID | LO.USER
const { UXN } = HI
const LEAF = PTE

/** `count` entries of one table from `slot` on; `addr` is where the callback would be entered first. */
export function changePtes(
  cpu: Cpu,
  callback: string,
  slot: Slot,
  addr: Va,
  count: number,
  masks: PageattrMasks,
): void {
  const queues = cpu.lazy.enabled && cpu.lazy.paused === 0 && cpu.context === 'task'
  const { hooks } = cpu
  const barriers =
    hooks === null
      ? changeQuietly(cpu.memory.words, slot, count, masks)
      : changeReported(cpu, hooks, callback, slot, addr, count, masks, queues)
  if (queues && barriers > 0) cpu.lazy.pending = true
}

/** Returns how many stores need a barrier. */
function changeQuietly(
  words: Uint32Array,
  slot: Slot,
  count: number,
  masks: PageattrMasks,
): number {
  // `| 0` once, or the words are numbers of unknown size that the loop converts each time.
  const setLo = masks.set.lo | 0
  const setHi = masks.set.hi | 0
  const keepLo = ~masks.clear.lo
  const keepHi = ~masks.clear.hi
  const end = slot + 2 * count
  let barriers = 0
  for (let at = slot; at < end; at += 2) {
    const lo = ((words[at] as number) & keepLo) | setLo
    const hi = ((words[at + 1] as number) & keepHi) | setHi
    words[at] = lo
    words[at + 1] = hi
    // pte_valid_not_user()
    if ((lo & VALID_USER) === VALID && (hi & UXN) !== 0) barriers++
  }
  return barriers
}

function changeReported(
  cpu: Cpu,
  hooks: Hooks,
  callback: string,
  slot: Slot,
  addr: Va,
  count: number,
  masks: PageattrMasks,
  queues: boolean,
): number {
  const { words } = cpu.memory
  const pageSize = cpu.geometry.pageSize | 0
  // `| 0` once, or the words are numbers of unknown size that the loop converts each time.
  const setLo = masks.set.lo | 0
  const setHi = masks.set.hi | 0
  const keepLo = ~masks.clear.lo
  const keepHi = ~masks.clear.hi
  // A PTE table spans less than 4G and is aligned to its span: only the end of its last page has another high word.
  const vaHi = hiOf(addr)
  const entryVa = cpu.memory.slotVa(slot)
  const entryHi = hiOf(entryVa)
  let vaLo = loOf(addr) | 0
  let entryLo = loOf(entryVa) | 0
  let barriers = 0
  for (let i = 0, at = slot; i < count; i++, at += 2) {
    const nextLo = (vaLo + pageSize) | 0
    const nextHi = nextLo >>> 0 < vaLo >>> 0 ? (vaHi + 1) >>> 0 : vaHi
    hooks.cbEnter(LEAF, callback, vaLo >>> 0, vaHi, nextLo >>> 0, nextHi)
    const oldLo = words[at] as number
    const oldHi = words[at + 1] as number
    const lo = (oldLo & keepLo) | setLo
    const hi = (oldHi & keepHi) | setHi
    words[at] = lo
    words[at + 1] = hi
    hooks.descWrite(LEAF, entryLo >>> 0, entryHi, oldLo, oldHi, lo >>> 0, hi >>> 0)
    if ((lo & VALID_USER) === VALID && (hi & UXN) !== 0) {
      barriers++
      if (queues) hooks.barrierQueue()
      else hooks.barrier()
    }
    hooks.cbExit(LEAF, callback, vaLo >>> 0, vaHi, 0, null)
    vaLo = nextLo
    entryLo = (entryLo + pageSize) | 0
  }
  return barriers
}
