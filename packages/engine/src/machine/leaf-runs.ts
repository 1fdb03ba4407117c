import type { Geometry } from '../arch/geometry.ts'
import { LEVEL_NAMES, PTE } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import type { InitRun } from './start-state.ts'
import type { Memory, Slot } from './memory.ts'
import { physOf } from '../arch/descriptor.ts'
import { isNone, isTable, isValid } from '../arch/predicates.ts'
import { bigintOf, fromVa } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'

/** Equal neighbours as one; `paStep` is the size of the level, or 0; 0 also if `count` is 1. */
export interface LeafRun extends InitRun {
  /** Bit 0 is clear. */
  readonly invalid: boolean
}

interface Open {
  va: Va
  level: Level
  lo: number
  hi: number
  count: number
  step: number
  lastLo: number
  lastHi: number
}

/** Every non-zero entry that is not a table, in ascending order, run-length coded: the `final` of a scenario. */
export function* leafRuns(g: Geometry, memory: Memory): Generator<LeafRun> {
  let open: Open | null = null
  for (const { slot, level, va } of entries(g, memory, 0, g.top, g.topVa, g.topEntries)) {
    const lo = memory.words[slot] as number
    const hi = memory.words[slot + 1] as number
    if (open !== null && continues(g, open, level, va, lo, hi)) continue
    if (open !== null) yield close(open)
    open = { va, level, lo, hi, count: 1, step: 0, lastLo: lo, lastHi: hi }
  }
  if (open !== null) yield close(open)
}

interface Entry {
  slot: Slot
  level: Level
  va: Va
}

function* entries(
  g: Geometry,
  memory: Memory,
  table: number,
  level: Level,
  base: Va,
  count: number,
): Generator<Entry> {
  const first = memory.firstSlot(table)
  const size = g.size[level] as number
  for (let i = 0; i < count; i++) {
    const slot = first + 2 * i
    const lo = memory.words[slot] as number
    const hi = memory.words[slot + 1] as number
    if (isNone(lo, hi)) continue
    const va = base + i * size
    const below = level !== PTE && isTable(lo) ? memory.tableAt(physOf(g, lo, hi)) : -1
    if (below === -1) yield { slot, level, va }
    else yield* entries(g, memory, below, (level + 1) as Level, va, g.entries)
  }
}

/** Appends the entry to the run if it goes on with it: the second entry of a run decides its step. */
function continues(g: Geometry, run: Open, level: Level, va: Va, lo: number, hi: number): boolean {
  const size = g.size[level] as number
  if (level !== run.level || va !== run.va + run.count * size) return false
  if (run.count === 1) {
    if (isSum(run, size, lo, hi)) run.step = size
    else if (!isSum(run, 0, lo, hi)) return false
  } else if (!isSum(run, run.step, lo, hi)) {
    return false
  }
  run.count++
  run.lastLo = lo
  run.lastHi = hi
  return true
}

/** Whether last + step is the value, in 64 bits. */
function isSum(run: Open, step: number, lo: number, hi: number): boolean {
  const low = run.lastLo + (step >>> 0)
  const carry = low >= 2 ** 32 ? 1 : 0
  return low >>> 0 === lo && (run.lastHi + Math.floor(step / 2 ** 32) + carry) >>> 0 === hi
}

const close = (run: Open): LeafRun => ({
  va: fromVa(run.va),
  level: LEVEL_NAMES[run.level],
  desc: bigintOf(run.lo, run.hi),
  count: run.count,
  paStep: BigInt(run.step),
  invalid: !isValid(run.lo),
})
