/**
 * What the walkers cost: set_memory_ro() and set_memory_rw() on 1,000,000 pages, against a bare loop that does the
 * same read-modify-write on the same words. Run: node bench/walk.ts [--json]. Exits 1 above a limit.
 *
 * Where the time goes. Without hooks it is the loop of pte-run.ts: the same loads and stores, and a test per entry
 * whether the store needs a barrier; walking 1,954 tables is noise. With counting hooks it is four events a page
 * (callback entered, entry stored, barrier queued, callback left), of which the counting itself, four increments in
 * memory, is nearly all. The linear alias is a walk, a lazy section and a
 * flush of its own for each page, as in the kernel; unwatched, a walk that comes to a table that one before has come
 * to goes there at once: 50 to 90 ns a page, frames in order or scattered, where the descent from the top table takes
 * 350.
 */
import { createMachine, setMemoryRo, setMemoryRw, toVa } from '@pagetrail/engine'
import type { Cpu, Hooks, Machine } from '@pagetrail/engine'

const PAGES = 1_000_000
const ROUNDS = 15
const BASE = 0xffff800080000000n
const LINEAR_PA = 0x500000000n

const FLAVOURS_MEASURED = ['6.17', '6.18', '7.3'] as const

/** Ratios to the bare loop that must be kept. */
const LIMITS = { none: 3, counting: 5 } as const
/** ns a page of set_memory_ro() with its linear alias, on a machine with nothing else to do. */
const ALIAS_LIMIT_NS = 150

const RDONLY = 0x80
const WRITE_HI = 1 << 19

/** Counts what comes per page by kind, and the rest together; what a recorder does before it stores anything. */
class CountingHooks implements Hooks {
  entered = 0
  stored = 0
  queued = 0
  left = 0
  other = 0
  cpu(): void {}
  opBegin(): void {
    this.other++
  }
  opEnd(): void {
    this.other++
  }
  walkBegin(): void {
    this.other++
  }
  walkEnd(): void {
    this.other++
  }
  cbEnter(): void {
    this.entered++
  }
  cbExit(): void {
    this.left++
  }
  hole(): void {
    this.other++
  }
  descWrite(): void {
    this.stored++
  }
  tableAlloc(): void {
    this.other++
  }
  tableAllocFail(): void {
    this.other++
  }
  tableFree(): void {
    this.other++
  }
  lazyMmuEnter(): void {
    this.other++
  }
  lazyMmuLeave(): void {
    this.other++
  }
  barrierQueue(): void {
    this.queued++
  }
  barrier(): void {
    this.other++
  }
  dsb(): void {
    this.other++
  }
  tlbFlush(): void {
    this.other++
  }
  tlbi(): void {
    this.other++
  }
  lock(): void {
    this.other++
  }
  unlock(): void {
    this.other++
  }
  split(): void {
    this.other++
  }
  warn(): void {
    this.other++
  }
  badEntry(): void {
    this.other++
  }
  context(): void {
    this.other++
  }
  sleepInAtomic(): void {
    this.other++
  }
  access(): void {
    this.other++
  }
  livelock(): void {
    this.other++
  }
  wildDeref(): void {
    this.other++
  }
  bug(): void {
    this.other++
  }
  tooManyEvents(): void {
    this.other++
  }
}

/** Where the frames of the area are: in order, or each in another table of the linear map than the last. */
type Frames = 'in order' | 'scattered'
const STRIDE = 7919

const framesOf = (frames: Frames): readonly { readonly pa: number; readonly count: number }[] =>
  frames === 'in order'
    ? [{ pa: Number(LINEAR_PA), count: PAGES }]
    : Array.from({ length: PAGES }, (_, i) => ({
        pa: Number(LINEAR_PA) + ((i * STRIDE) % PAGES) * 4096,
        count: 1,
      }))

function build(
  flavour: string,
  rodataFull: boolean,
  hooks: Hooks | null,
  frames: Frames = 'in order',
): Machine {
  const machine = createMachine({
    flavour,
    geometry: { page_shift: 12, va_bits: 48 },
    features: { rodata_full: rodataFull },
    hooks,
  })
  const prot = 0xe8000000000703n
  const run = { level: 'pte', count: PAGES, paStep: 0x1000n, desc: LINEAR_PA | prot } as const
  machine.map({ ...run, va: BASE })
  if (rodataFull) machine.map({ ...run, va: 0xffff000000000000n + LINEAR_PA - 0x400000000n })
  machine.addArea({
    start: toVa(BASE),
    size: (PAGES + 1) * 4096,
    flags: 2,
    nrPages: PAGES,
    pages: framesOf(frames),
  })
  return machine
}

/** The words of the PTE tables of the area, in order: [first word, last word) of each. */
function pteTables(machine: Machine): readonly (readonly [number, number])[] {
  const { memory } = machine.system
  const spans: [number, number][] = []
  let left = PAGES
  for (let table = 0; table < memory.tables && left > 0; table++) {
    if (memory.tableLevel(table) !== 4) continue
    const entries = Math.min(left, 512)
    const first = memory.firstSlot(table)
    spans.push([first, first + 2 * entries])
    left -= entries
  }
  return spans
}

function bareLoop(
  words: Uint32Array,
  spans: readonly (readonly [number, number])[],
  setLo: number,
  setHi: number,
  clearLo: number,
  clearHi: number,
): void {
  for (const [first, end] of spans) {
    for (let i = first; i < end; i += 2) {
      words[i] = ((words[i] as number) & ~clearLo) | setLo
      words[i + 1] = ((words[i + 1] as number) & ~clearHi) | setHi
    }
  }
}

/** The best of ROUNDS times of `run(round)` after a warm-up, in ns per page: others on the machine only add. */
function measure(run: (round: number) => void): number {
  const times: number[] = []
  for (let round = -5; round < ROUNDS; round++) {
    const start = performance.now()
    run(round)
    if (round >= 0) times.push(performance.now() - start)
  }
  return (Math.min(...times) * 1e6) / PAGES
}

function measureBare(machine: Machine): number {
  const spans = pteTables(machine)
  const { words } = machine.system.memory
  return measure((round) => {
    if (round & 1) bareLoop(words, spans, 0, WRITE_HI, RDONLY, 0)
    else bareLoop(words, spans, RDONLY, 0, 0, WRITE_HI)
  })
}

function measureCalls(cpu: Cpu): number {
  const start = toVa(BASE)
  return measure((round) => {
    const err = round & 1 ? setMemoryRw(cpu, start, PAGES) : setMemoryRo(cpu, start, PAGES)
    if (err !== 0) throw new Error(`returned ${err}`)
  })
}

/** One page of the linear map is walked and flushed for each page. */
function measureAlias(flavour: string, frames: Frames): number {
  return measureCalls(build(flavour, true, null, frames).cpu(0))
}

const ALIAS = 'linear alias'

interface Row {
  readonly flavour: string
  readonly way: string
  readonly nsPerPage: number
  readonly ratio: number
  readonly limit: number | null
}

function measureFlavour(flavour: string): Row[] {
  const quiet = build(flavour, false, null)
  const bare = measureBare(quiet)
  const rows: Row[] = []
  const add = (way: string, ns: number, limit: number | null): void => {
    rows.push({ flavour, way, nsPerPage: ns, ratio: ns / bare, limit })
  }
  add('bare loop', bare, null)
  add('no hooks', measureCalls(quiet.cpu(0)), LIMITS.none)
  add(
    'counting hooks',
    measureCalls(build(flavour, false, new CountingHooks()).cpu(0)),
    LIMITS.counting,
  )
  add(ALIAS, measureAlias(flavour, 'in order'), null)
  add(`${ALIAS}, scattered`, measureAlias(flavour, 'scattered'), null)
  return rows
}

function print(rows: readonly Row[]): void {
  console.log(`set_memory_ro() and set_memory_rw() on ${PAGES.toLocaleString('en')} pages, 4k-48`)
  console.log('flavour  way                      ns/page   ratio   limit')
  for (const { flavour, way, nsPerPage, ratio, limit } of rows) {
    const cells = [flavour.padEnd(8), way.padEnd(22), nsPerPage.toFixed(2).padStart(9)]
    console.log(...cells, ratio.toFixed(2).padStart(7), (limit?.toFixed(0) ?? '').padStart(7))
  }
}

const rows = FLAVOURS_MEASURED.flatMap(measureFlavour)
if (process.argv.includes('--json')) console.log(JSON.stringify(rows))
else print(rows)
const isSlow = ({ way, nsPerPage, ratio, limit }: Row): boolean =>
  limit === null ? way.startsWith(ALIAS) && nsPerPage > ALIAS_LIMIT_NS : ratio > limit
process.exitCode = rows.some(isSlow) ? 1 : 0
