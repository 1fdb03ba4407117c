/** Lays down a machine's start state: runs of entries, with the tables above them. No events. */
import type { Cpu } from './cpu.ts'
import { HI, LO, physHi, physLo, physOf } from '../arch/descriptor.ts'
import { InputError } from '../arch/input-error.ts'
import { LEVEL_NAMES, PTE } from '../arch/level.ts'
import type { Level, LevelName } from '../arch/level.ts'
import type { Slot } from './memory.ts'
import { isNone, isTable } from '../arch/predicates.ts'
import { alignDown, fromVa, hexOf, toVa, wordsOf } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'

/** Entry i of a run: va + i·size(level), descriptor desc + i·paStep (64-bit sum). */
export interface InitRun {
  readonly va: bigint
  /** Names of levels that are folded mean the level they are folded onto. */
  readonly level: LevelName
  readonly desc: bigint
  readonly count: number
  readonly paStep: bigint
}

/** A top table, and what the entries have that point to its tables below. */
export interface Top {
  readonly table: number
  /** Bits 63:32: UXNTable where the kernel runs, PXNTable in a process. */
  readonly tableHi: number
}

const SWAPPER: Top = { table: 0, tableHi: HI.UXN_TABLE }

/** @throws InputError if the run lies under something that is not a table. `path` is that of the run. */
export function mapRun(cpu: Cpu, run: InitRun, path: string, top: Top = SWAPPER): void {
  const { geometry: g, memory } = cpu
  memory.relinked()
  const level = levelOf(cpu, run.level, path)
  const size = g.size[level] as number
  const start = toVa(run.va)
  const step = wordsOf(run.paStep)
  let { lo, hi } = wordsOf(run.desc)
  let slot = -1
  for (let i = 0; i < run.count; i++) {
    const va = start + i * size
    // Neighbours share a table until its end.
    const next = slot + 2
    slot =
      slot !== -1 && memory.tableOf(slot) === memory.tableOf(next)
        ? next
        : slotFor(cpu, level, va, path, top)
    memory.words[slot] = lo
    memory.words[slot + 1] = hi
    const sum = lo + step.lo
    lo = sum >>> 0
    hi = (hi + step.hi + (sum > lo ? 1 : 0)) >>> 0
  }
}

function levelOf(cpu: Cpu, name: LevelName, path: string): Level {
  const named = LEVEL_NAMES.indexOf(name)
  if (named > PTE || named === -1) {
    throw InputError.of(`${path}.level`, `"${name}" should be pgd, p4d, pud, pmd or pte`)
  }
  return Math.max(named, cpu.geometry.top) as Level
}

/** The slot of an address at a level, with every table above it made if missing. */
function slotFor(cpu: Cpu, level: Level, va: Va, path: string, top: Top): Slot {
  const { geometry: g, memory } = cpu
  let { table } = top
  let at = g.top
  let slot = memory.firstSlot(table) + 2 * indexIn(va, g.size[at] as number, g.topEntries)
  while (at < level) {
    const lo = memory.words[slot] as number
    const hi = memory.words[slot + 1] as number
    const span = g.size[at] as number
    const below = (at + 1) as Level
    table = isTable(lo) ? memory.tableAt(physOf(g, lo, hi)) : -1
    if (table === -1) {
      if (!isNone(lo, hi)) {
        const where = hexOf(fromVa(va))
        throw InputError.of(path, `${where} is already mapped by a ${LEVEL_NAMES[at]} entry`)
      }
      table = memory.addInitTable(below, alignDown(va, span))
      const pa = memory.tablePa(table)
      const af = cpu.flavour.tableAf ? LO.AF : 0
      memory.words[slot] = LO.TYPE_TABLE | af | physLo(g, pa)
      memory.words[slot + 1] = top.tableHi | physHi(g, pa)
    }
    at = below
    slot = memory.firstSlot(table) + 2 * indexIn(va, g.size[at] as number, g.entries)
  }
  return slot
}

const indexIn = (va: Va, size: number, entries: number): number =>
  Math.floor(va / size) & (entries - 1)
