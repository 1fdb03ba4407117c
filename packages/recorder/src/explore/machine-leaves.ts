import {
  LEVEL_NAMES,
  type Level,
  PMD,
  PTE,
  type Slot,
  type System,
  type TlbEntry,
  fromVa,
  physOf,
  toVa,
} from '@pagetrail/engine'
import { leadsToTable } from '../descriptor/bits.ts'
import { isWritable, PXN_HI } from '../observers/descriptor-words.ts'
import { pageOf, vaOf } from '../observers/page-numbers.ts'
import { tearOf } from '../observers/torn.ts'
import { isHeld } from '../observers/translation.ts'

export interface MachineLeaf {
  readonly level: Level
  readonly lo: number
  readonly hi: number
}

/** What translates a page, as the tables of a machine stand; undefined: nothing does. */
export function leafAt({ geometry: g, memory }: System, page: number): MachineLeaf | undefined {
  const va = toVa(vaOf(page))
  let table = 0
  for (let level = g.top; ; level = (level + 1) as Level) {
    const count = table === 0 ? g.topEntries : g.entries
    const index = Math.floor(va / (g.size[level] as number)) & (count - 1)
    const slot = memory.firstSlot(table) + 2 * index
    const lo = memory.words[slot] as number
    const hi = memory.words[slot + 1] as number
    if (level === PTE || !leadsToTable(LEVEL_NAMES[level]!, lo)) {
      return (lo | hi) === 0 ? undefined : { level, lo, hi }
    }
    table = memory.tableAt(physOf(g, lo, hi))
    if (table === -1) return undefined
  }
}

/** Whether an access that faulted should not have, by what the tables say. */
export function allows({ level, lo, hi }: MachineLeaf, mode: 'read' | 'write' | 'exec'): boolean {
  if (!isHeld(LEVEL_NAMES[level]!, lo)) return false
  if (mode === 'write') return isWritable(lo, hi)
  return mode === 'read' || (hi & PXN_HI) === 0
}

/** Whether a TLB entry translates one of these pages. */
export function translates(
  { va, size }: TlbEntry,
  { start, end }: { readonly start: number; readonly end: number },
): boolean {
  const first = pageOf(fromVa(va))
  return first < end && start < first + size / 4096
}

/** Whether a contiguous span disagrees with itself, of those of which an entry was stored to. */
export function tornSpans(system: System, stored: ReadonlySet<Slot>): boolean {
  const { geometry: g, memory } = system
  const judged = new Set<Slot>()
  for (const slot of stored) {
    const level = memory.tableLevel(memory.tableOf(slot))
    const entries = level === PTE ? g.contPtes : level === PMD ? g.contPmds : 0
    if (entries === 0) continue
    const first = slot - (slot % (2 * entries))
    if (judged.has(first)) continue
    judged.add(first)
    // An entry that the scenario does not speak of is not known, as in the run of it.
    const at = (i: number) => {
      const lo = memory.words[first + 2 * i] as number
      const hi = memory.words[first + 2 * i + 1] as number
      return (lo | hi) === 0 && !stored.has(first + 2 * i) ? undefined : { lo, hi }
    }
    const pages = (g.size[level] as number) / 4096
    if (tearOf(g, pages, entries, at) !== null) return true
  }
  return false
}
