/**
 * What a search of interleavings costs: CPU time of every schedule counted, states, edges and bytes a state; schedules
 * by chance a second; and that states, classes and trying all agree on small programs. Run: node bench/explore.ts
 * [PROGRAMS]. Exits 1 above a limit; limits hold on a machine with nothing else to do.
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

import { buildSmall, endOf, smallPrograms } from '../test/support/programs/small-programs.ts'
import { spanRace } from '../test/support/programs/span-race.ts'

const PROGRAMS = Number(process.argv[2] ?? 2000)
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
/** Where a state is a vector of more than 128 elements. */
const BYTES_A_LONG_STATE = 400
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
  const room = name.endsWith('128') ? BYTES_A_LONG_STATE : BYTES_A_STATE
  console.log(
    name.padEnd(30),
    many.padStart(10),
    String(states).padStart(8),
    String(edges).padStart(8),
    took.toFixed(3).padStart(7),
    String(limit).padStart(7),
    ((took * 1e6) / edges).toFixed(1).padStart(8),
    perState.toFixed(0).padStart(12) + judge(took <= limit && perState <= room),
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

/** Whether the searches of one small program agree on its ends and deadlocks. */
function agree(seed: Chance): boolean {
  const small = smallPrograms(seed)
  const ends = [new Set<string>(), new Set<string>()] as const
  const stuck: boolean[] = []
  for (const [i, settles] of [false, true].entries()) {
    const { machine, programs } = buildSmall(small, settles)
    const end = ({ cpus }: SearchMachine): number => {
      ends[0].add(
        endOf(
          machine,
          cpus.map(({ result }) => result),
        ),
      )
      return 0
    }
    const { rules } = searchAll({
      machine,
      programs,
      watch: { hooks: null, flags: 0, key: 0, end },
    })
    stuck[i] = rules.has(DEADLOCK)
  }
  const { machine, programs } = buildSmall(small)
  const search = new SearchMachine({ machine, programs, numbered: false })
  const { failing } = searchClasses(search, {}, () => {
    ends[1].add(
      endOf(
        machine,
        search.cpus.map(({ result }) => result),
      ),
    )
  })
  search.close()
  const same = ends[0].size === ends[1].size && [...ends[0]].every((each) => ends[1].has(each))
  return same && stuck[0] === stuck[1] && stuck[0] === failing.has(DEADLOCK)
}

const seed = new Chance(19)
let disagreements = 0
for (let i = 0; i < PROGRAMS; i++) if (!agree(seed)) disagreements++
console.log(
  `small programs on which states and classes disagree: ${disagreements} of ${PROGRAMS}${judge(disagreements === 0)}`,
)
process.exitCode = failed ? 1 : 0
