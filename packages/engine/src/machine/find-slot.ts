import type { Cpu } from './cpu.ts'
import { physOf } from '../arch/descriptor.ts'
import { PTE } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import type { Slot } from './memory.ts'
import { isTable } from '../arch/predicates.ts'
import type { Va } from '../arch/u64.ts'

export const NO_SLOT = -1

/**
 * The slot at `level` that translates an address, or {@link NO_SLOT} where a table above it is missing: what a caller
 * of the kernel's setters knows already. `top`: the number of the top table. No event and no step.
 */
export function findSlot(cpu: Cpu, level: Level, addr: Va, top = 0): Slot {
  const find = (): Slot => descend(cpu, level, addr, top)
  return cpu.stepper === null ? find() : cpu.stepper.shared(find)
}

function descend(cpu: Cpu, wanted: Level, addr: Va, top: number): Slot {
  const { geometry: g, memory } = cpu
  let table = top
  for (let level = g.top; ; level = (level + 1) as Level) {
    const count = table === top ? g.topEntries : g.entries
    const index = Math.floor(addr / (g.size[level] as number)) & (count - 1)
    const slot = memory.firstSlot(table) + 2 * index
    if (level >= wanted || level === PTE) return slot
    const lo = memory.words[slot] as number
    if (!isTable(lo)) return NO_SLOT
    table = memory.tableAt(physOf(g, lo, memory.words[slot + 1] as number))
    if (table === -1) return NO_SLOT
  }
}
