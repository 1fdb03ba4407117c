import { EAGAIN, createMachine, splitAndProtect, toVa } from '@pagetrail/engine'
import type { ChangeVariant, Cpu, SearchSetup, SplitVariant, Watch } from '@pagetrail/engine'

/** Bits of what a schedule may come to. */
export const LOST = 0
export const TORN = 1
export const GAVE_UP = 2

const BASE = 0xffff800080000000n
const RW_CONT = 0xf8000500000703n
const RDONLY = 0x80
const CONT_HI = 0x10_0000

/** What the judgement needs of a search or of a run. */
interface Ended {
  readonly cpus: readonly { readonly result: number | null }[]
}

interface SpanWatch extends Watch {
  end(ended: Ended): number
}

export interface SpanRace {
  readonly entries: number
  readonly cpus?: number
}

/** Hazard H7 as its table in the specification counts it: a change missing at the end, a contiguous bit left. */
export function spanRace(
  split: SplitVariant,
  change: ChangeVariant,
  { entries, cpus = 2 }: SpanRace,
): SearchSetup & { readonly watch: SpanWatch } {
  const geometry = entries > 16 ? { page_shift: 14, va_bits: 47 } : { page_shift: 12, va_bits: 48 }
  const machine = createMachine({ flavour: '7.3', geometry, cpus })
  const { pageSize } = machine.geometry
  machine.map({ va: BASE, level: 'pte', desc: RW_CONT, count: entries, paStep: BigInt(pageSize) })
  const own = [0, entries - 1, 1].slice(0, cpus)
  const { memory } = machine.system
  const first = memory.firstSlot(memory.tables - 1)
  const programs = own.map(
    (page) => (cpu: Cpu) =>
      splitAndProtect(cpu, toVa(BASE) + page * pageSize, entries, split, change),
  )
  const end = ({ cpus: scheduled }: Ended): number => {
    if (scheduled.some(({ result }) => result === EAGAIN)) return 1 << GAVE_UP
    const { words } = memory
    const isLost = own.some((page) => ((words[first + 2 * page] as number) & RDONLY) === 0)
    const isTorn = Array.from({ length: entries }, (_, i) => words[first + 2 * i + 1] as number)
    return (isLost ? 1 << LOST : 0) | (isTorn.some((hi) => (hi & CONT_HI) !== 0) ? 1 << TORN : 0)
  }
  return { machine, programs, watch: { hooks: null, flags: 0, key: 0, end } }
}

/** The rows of the table: schedules, those that lose a change, those that leave a torn span, classes of schedules. */
export const ROWS: readonly (readonly [
  SplitVariant,
  ChangeVariant,
  bigint,
  bigint,
  bigint,
  number,
])[] = [
  ['first-plain', 'plain', 2842n, 189n, 9n, 47],
  ['rewrite-plain', 'plain', 924n, 62n, 0n, 41],
  ['lock', 'plain', 42n, 0n, 0n, 3],
  ['first-atomic', 'atomic', 52n, 0n, 0n, 11],
  ['first-atomic', 'plain', 180n, 0n, 3n, 15],
  ['tested-plain', 'plain', 630n, 20n, 0n, 31],
  ['tested-atomic', 'plain', 630n, 0n, 0n, 31],
  ['first-plain', 'retry', 3081n, 186n, 0n, 51],
]
