/**
 * What a search of interleavings costs: CPU time of every schedule counted, states, edges and bytes a state; schedules
 * by chance a second; and that states, classes and plain enumeration agree on 10,000 small programs, or on PROGRAMS.
 * Run: node bench/explore.ts [PROGRAMS]. Exits 1 above a limit; limits hold on a machine with nothing else to do.
 */
import {
  Chance,
  DEADLOCK,
  SearchMachine,
  StateSearch,
  createMachine,
  sampleSchedules,
  searchClasses,
  setMemoryValid,
  toVa,
} from '@pagetrail/engine'
import type { Cpu, SearchSetup } from '@pagetrail/engine'

import { endText, enumeratePlainly } from '../test/support/programs/plain-model.ts'
import type { Enumerated } from '../test/support/programs/plain-model.ts'
import { buildSmall, smallPrograms } from '../test/support/programs/small-programs.ts'
import type { SmallPrograms } from '../test/support/programs/small-programs.ts'
import { spanRace } from '../test/support/programs/span-race.ts'

const PROGRAMS = Number(process.argv[2] ?? 10_000)
const BASE = 0xffff8000c0000000n

function realCode(flavour: string, pages: readonly number[]): SearchSetup {
  const geometry = { page_shift: 12, va_bits: 48 }
  const machine = createMachine({
    flavour,
    geometry,
    features: { bbml: true, cpu_bbml: true },
    cpus: pages.length,
  })
  machine.map({ va: BASE, level: 'pte', desc: 0xf8000500040703n, count: 16, paStep: 0x1000n })
  const programs = pages.map(
    (page) => (cpu: Cpu) => setMemoryValid(cpu, toVa(BASE) + page * 4096, 1, false),
  )
  return { machine, programs }
}

/** Name, what is searched, seconds of CPU time it may take; the prototype took 20 ms and up. */
const SEARCHES: readonly (readonly [string, () => SearchSetup, number])[] = [
  ['7.3, 2 CPUs, 16 entries', () => realCode('7.3', [3, 9]), 0.2],
  ['6.18, 3 CPUs, 16 entries', () => realCode('6.18', [3, 9, 12]), 3],
  ['H7 first-plain, 2 CPUs, 16', () => spanRace('first-plain', 'plain', { entries: 16 }), 0.1],
  [
    'H7 tested-atomic, 3 CPUs, 16',
    () => spanRace('tested-atomic', 'plain', { entries: 16, cpus: 3 }),
    1,
  ],
  ['H7 tested-atomic, 2 CPUs, 128', () => spanRace('tested-atomic', 'plain', { entries: 128 }), 3],
]
const BYTES_A_STATE = 250
const RUNS_A_SECOND = 50_000

const cpuSeconds = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

function searchAll(setup: SearchSetup) {
  const search = new SearchMachine(setup)
  const counts = new StateSearch(search).run()
  search.close()
  return counts
}

let failed = false
const judge = (ok: boolean): string => {
  if (!ok) failed = true
  return ok ? '' : '  above the limit'
}

console.log(
  'search                          schedules   states    edges   CPU s   limit  µs/edge  bytes/state',
)
for (const [name, setup, limit] of SEARCHES) {
  // Twice: the first warms the code up, as a search that takes a while does by itself.
  searchAll(setup())
  const built = setup()
  const began = process.cpuUsage()
  const { schedules, states, edges, bytes } = searchAll(built)
  const took = cpuSeconds(began)
  const digits = String(schedules)
  const many =
    digits.length > 9 ? `${digits[0]}.${digits.slice(1, 3)}e${digits.length - 1}` : digits
  const perState = bytes / states
  console.log(
    name.padEnd(30),
    many.padStart(10),
    String(states).padStart(8),
    String(edges).padStart(8),
    took.toFixed(3).padStart(7),
    String(limit).padStart(7),
    ((took * 1e6) / edges).toFixed(1).padStart(8),
    perState.toFixed(0).padStart(12) + judge(took <= limit && perState <= BYTES_A_STATE),
  )
}

const runs = 100_000
const chance = new SearchMachine({
  ...spanRace('first-plain', 'plain', { entries: 2 }),
  numbered: false,
})
const began = process.cpuUsage()
sampleSchedules(chance, { sampling: 'cpus', runs, seed: 1 })
const perSecond = runs / cpuSeconds(began)
chance.close()
console.log(
  `schedules by chance, H7 on 2 entries: ${Math.round(perSecond)} a second of CPU time${judge(perSecond >= RUNS_A_SECOND)}`,
)

/** What a search of states comes to; the machine is afterwards the one before, bit for bit. */
function statesOf(small: SmallPrograms, settles: boolean): Enumerated {
  const { machine, programs } = buildSmall(small, settles)
  const before = machine.system.memory.words.slice()
  const ends = new Set<string>()
  const end = (search: SearchMachine): number => {
    ends.add(wordsAtEnd(search))
    return 0
  }
  const setup = { machine, programs, watch: { hooks: null, flags: 0, key: 0, end } }
  const { schedules, rules } = searchAll(setup)
  if (machine.system.memory.words.some((word, i) => word !== before[i])) {
    throw new Error('a search has changed its machine')
  }
  const deadlocks = Number(rules.get(DEADLOCK)?.failing ?? 0n)
  return { schedules: Number(schedules), deadlocks, ends }
}

function wordsAtEnd({ machine, cpus }: SearchMachine): string {
  const { memory } = machine.system
  const first = memory.firstSlot(memory.tables - 1)
  const words = [first, first + 2].map((slot) => memory.words[slot] as number)
  return endText(
    words,
    cpus.map(({ result }) => result),
  )
}

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((each) => b.has(each))

/** Whether the searches of one small program agree with each other, and with a model that has nothing of the engine. */
function agree(seed: Chance): boolean {
  const small = smallPrograms(seed)
  const plain = enumeratePlainly(small)
  const { machine, programs } = buildSmall(small)
  const search = new SearchMachine({ machine, programs, numbered: false })
  const ends = new Set<string>()
  const { failing } = searchClasses(search, {}, () => ends.add(wordsAtEnd(search)))
  search.close()
  const areSame = (one: Enumerated): boolean =>
    one.schedules === plain.schedules &&
    one.deadlocks === plain.deadlocks &&
    sameSet(one.ends, plain.ends)
  return (
    areSame(statesOf(small, false)) &&
    areSame(statesOf(small, true)) &&
    sameSet(ends, plain.ends) &&
    failing.has(DEADLOCK) === plain.deadlocks > 0
  )
}

const seed = new Chance(19)
let disagreements = 0
for (let i = 0; i < PROGRAMS; i++) if (!agree(seed)) disagreements++
console.log(
  `small programs on which states, classes and plain enumeration disagree: ${disagreements} of ${PROGRAMS}${judge(disagreements === 0)}`,
)
process.exitCode = failed ? 1 : 0
