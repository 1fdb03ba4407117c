import {
  createMachine,
  type Machine,
  parseScenario,
  printEntries,
  runChosen,
  type Scenario,
  scenarioWorks,
} from '@pagetrail/engine'
import { scenarioEvents, INTERLEAVINGS, SCENARIOS, scenarioNamed } from '@pagetrail/recorder'

import { roleMask, withoutAddress } from '../../packages/recorder/src/descriptor/bits.ts'
import { Observers } from '../../packages/recorder/src/observers/observers.ts'
import {
  type HeldVersion,
  heldVersions,
} from '../../packages/recorder/src/observers/held-versions.ts'
import { isHarm } from '../../packages/recorder/src/observers/translation.ts'
import { runRow } from './played-runs.ts'

/*
 * The other half of machine.test.ts: what the fold of the events still calls harmful when a schedule is over, some
 * choice of fills has really left in a TLB. For every step of a schedule two CPUs do nothing but fill, at that
 * moment, from each address that the fold names: one sees what is in memory, one what was there before.
 */
/** Every scenario with CPUs that run at the same time. */
export const INTERLEAVED: readonly string[] = [...SCENARIOS, ...INTERLEAVINGS]
  .filter(({ json }) => (json as { readonly cpus?: unknown }).cpus !== undefined)
  .map(({ name }) => name)

function scenarioOf(name: string, flavour: string, schedule = ''): Scenario {
  const { json, geometry } = scenarioNamed(name)
  const given = json as { readonly features?: object }
  const features = { ...given.features, tlb_model: true }
  const exact = schedule !== ''
  return parseScenario({ ...given, features, schedule }, { flavour, geometry, schedule, exact })
}

/** Numbers that look random, the same each time. */
function* numbers(seed: number): Generator<number, never> {
  for (let x = seed * 7919 + 1; ;) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    yield x >>> 8
  }
}

/** Runs a schedule, with as many CPUs besides as `extra`; `before` each step. */
function play(
  scenario: Scenario,
  seed: number,
  extra: number,
  before: (machine: Machine, step: number) => void,
): { machine: Machine; schedule: string; steps: number } {
  const { flavour, geometry, features, constants, interleaved } = scenario
  const own = interleaved?.programs.length ?? 1
  const cpus = own + extra
  const machine = createMachine({ flavour, geometry, features, constants, cpus, tlb: true })
  for (const run of scenario.init) machine.map(run)
  for (const area of scenario.areas) machine.addArea(area)
  const random = numbers(seed)
  const works = scenarioWorks(scenario, (cpu, call) => machine.call(call, cpu))
  let steps = 0
  const { entries } = runChosen(machine, works, (runnable) => {
    before(machine, steps++)
    return runnable[random.next().value % runnable.length]!
  })
  return { machine, schedule: printEntries(entries), steps }
}

/** What the fold calls harmful when all is over. */
function harmful(name: string, flavour: string, schedule: string): HeldVersion[] {
  const scenario = scenarioOf(name, flavour, schedule)
  const observers = new Observers(runRow(scenario))
  scenarioEvents(scenario, (e) => {
    observers.apply(e)
    if (e.kind === 'table_free') observers.freed(e)
  })
  observers.finish()
  return heldVersions(observers).filter((v) => isHarm(v.relation) && !isTableVersion(v))
}

const isTableVersion = ({ level, lo }: HeldVersion): boolean => level !== 'pte' && (lo & 3) === 3

const UNSEEN = roleMask('shape', null) | roleMask('software', null)

/** What an entry allows, without where it leads. */
const allows = (lo: number, hi: number): bigint =>
  withoutAddress((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0), null) & ~UNSEEN
const signed = (va: bigint): number => Number(BigInt.asIntN(64, va))

/** Versions that no CPU holds whose fills were chosen best. */
export function unreached(
  name: string,
  flavour: string,
  seed: number,
): { harms: number; missed: string[] } {
  const scenario = scenarioOf(name, flavour)
  const { schedule, steps } = play(scenario, seed, 0, () => {})
  const harms = harmful(name, flavour, schedule)
  if (harms.length === 0) return { harms: 0, missed: [] }
  const own = scenario.interleaved?.programs.length ?? 1
  const places = harms.map(({ va }) => signed(va))
  const { machine } = play(scenario, seed, 2 * steps, ({ system: { tlb } }, step) => {
    for (const va of places) {
      tlb!.fill(own + 2 * step, va)
      tlb!.fill(own + 2 * step + 1, va, { see: 'old' })
    }
  })
  const held = Array.from({ length: own + 2 * steps }, (_, cpu) =>
    machine.system.tlb!.entriesOf(cpu),
  )
  const missed = harms.filter(
    ({ va, lo, hi }) =>
      !held.flat().some((entry) => {
        const isThere = entry.va <= signed(va) && signed(va) < entry.va + entry.size
        return isThere && allows(entry.lo, entry.hi) === allows(lo, hi)
      }),
  )
  const text = ({ level, va, seq }: HeldVersion): string =>
    `${schedule}: ${level} ${va.toString(16)}, overwritten at ${seq}`
  return { harms: harms.length, missed: missed.map(text) }
}
