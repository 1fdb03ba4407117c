import { describe, expect, test } from 'vitest'
import * as fc from 'fast-check'

import {
  EAGAIN,
  EINVAL,
  LO,
  createMachine,
  isCont,
  runScenario,
  runSchedule,
} from '@pagetrail/engine'
import { setMemoryValid, splitAndProtect, toVa } from '@pagetrail/engine'
import type { ChangeVariant, Cpu, LeafRun, Machine, Program, SplitVariant } from '@pagetrail/engine'

import scenarios from '../../../../packages/engine/scenarios/split-race.json' with { type: 'json' }
import { everySchedule } from '../../../support/programs/every-schedule.ts'

const BASE = 0xffff800080000000n
const RW_CONT = 0xf8000500000703n
const PAGE = 4096

function span(entries: number): Machine {
  const machine = createMachine({
    flavour: '7.3',
    geometry: { page_shift: 12, va_bits: 48 },
    cpus: 2,
  })
  machine.map({ va: BASE, level: 'pte', desc: RW_CONT, count: entries, paStep: 0x1000n })
  return machine
}

/** Entries as they stand: whether read-only, whether contiguous. */
const entriesOf = (leaves: Iterable<LeafRun>): { ro: boolean; cont: boolean }[] =>
  [...leaves].flatMap(({ desc, count }) =>
    Array.from({ length: count }, () => ({
      ro: (Number(desc & 0xffffffffn) & LO.RDONLY) !== 0,
      cont: isCont(Number(desc >> 32n)),
    })),
  )

interface Counts {
  readonly schedules: number
  readonly lost: number
  readonly span: number
}

/** Counts as the table of hazard H7 does: schedules in which a CPU gave up waiting are none of them. */
function search(split: SplitVariant, change: ChangeVariant, entries = 2): Counts {
  const own = [0, entries - 1]
  let lost = 0
  let torn = 0
  let gaveUp = 0
  const build = () => ({
    machine: span(entries),
    programs: own.map(
      (page) => (cpu: Cpu) =>
        splitAndProtect(cpu, toVa(BASE) + page * PAGE, entries, split, change),
    ),
  })
  const schedules = everySchedule(build, ({ machine }, { results }) => {
    if (results.includes(EAGAIN)) {
      gaveUp++
      return
    }
    const found = entriesOf(machine.leaves())
    if (own.some((page, cpu) => results[cpu] === 0 && !found[page]?.ro)) lost++
    if (found.some(({ cont }) => cont)) torn++
  })
  return { schedules: schedules - gaveUp, lost, span: torn }
}

describe('two CPUs on a span of two', () => {
  test.each<[SplitVariant, ChangeVariant, Counts]>([
    ['first-plain', 'plain', { schedules: 2842, lost: 189, span: 9 }],
    ['rewrite-plain', 'plain', { schedules: 924, lost: 62, span: 0 }],
    ['lock', 'plain', { schedules: 42, lost: 0, span: 0 }],
    ['first-atomic', 'atomic', { schedules: 52, lost: 0, span: 0 }],
    ['first-atomic', 'plain', { schedules: 180, lost: 0, span: 3 }],
    ['tested-plain', 'plain', { schedules: 630, lost: 20, span: 0 }],
    ['tested-atomic', 'plain', { schedules: 630, lost: 0, span: 0 }],
    ['first-plain', 'retry', { schedules: 3081, lost: 186, span: 0 }],
  ])('split %s, change %s', (split, change, counts) => {
    expect(search(split, change)).toEqual(counts)
  })
})

describe('two CPUs on a span of four', () => {
  test.each<[SplitVariant, ChangeVariant]>([
    ['lock', 'plain'],
    ['first-atomic', 'atomic'],
  ])('split %s, change %s: nothing is lost either', (split, change) => {
    expect(search(split, change, 4)).toMatchObject({ lost: 0, span: 0 })
  })

  test('an atomic clear after a look at the first PTE alone still tears the span', () => {
    const { lost, span: torn } = search('first-atomic', 'plain', 4)
    expect(lost).toBe(0)
    expect(torn).toBeGreaterThan(0)
  })
})

describe('a page that is not there', () => {
  test('is refused before anything is read', () => {
    const machine = span(2)
    expect(splitAndProtect(machine.cpu(0), toVa(BASE) + 2 ** 30, 2, 'lock', 'plain')).toBe(EINVAL)
  })
})

const buildReal = (flavour: string): { machine: Machine; programs: Program[] } => {
  const machine = createMachine({
    flavour,
    geometry: { page_shift: 12, va_bits: 48 },
    features: { bbml: true, cpu_bbml: true },
    cpus: 2,
  })
  machine.map({ va: BASE, level: 'pte', desc: RW_CONT, count: 16, paStep: 0x1000n })
  const programs = [3, 4].map(
    (page) => (cpu: Cpu) => setMemoryValid(cpu, toVa(BASE) + page * PAGE, 1, false),
  )
  return { machine, programs }
}

describe('the real split under its lock, and the real change outside it', () => {
  test.each(['6.18', '7.3'])('%s: no chance schedule loses a change', (flavour) => {
    const inTurn = buildReal(flavour)
    expect(runSchedule(inTurn.machine, inTurn.programs, '').results).toEqual([0, 0])
    const expected = [...inTurn.machine.leaves()]
    const property = fc.property(
      fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 250 }),
      (s) => {
        const { machine, programs } = buildReal(flavour)
        expect(runSchedule(machine, programs, s).results).toEqual([0, 0])
        expect([...machine.leaves()]).toEqual(expected)
      },
    )
    fc.assert(property, { numRuns: 150, seed: 7 })
  })
})

const named = (name: string): string[] => {
  const scenario = scenarios.find((each) => each.name === name)
  const choice = { flavour: '6.18', geometry: { page_shift: 12, va_bits: 48 } }
  const { results, final } = runScenario(scenario, choice)
  expect(results).toEqual([0, 0])
  return entriesOf(final).map(({ ro, cont }) => `${ro ? 'RO' : 'RW'},${cont ? 'c' : 'n'}`)
}

describe('the schedules of the review, as scenarios', () => {
  test.each([
    ['split-race-lost', ['RO,n', 'RW,n']],
    ['split-race-lost-locked', ['RO,n', 'RO,n']],
    ['split-race-resurrected', ['RO,n', 'RO,c']],
    ['split-race-resurrected-locked', ['RO,n', 'RO,n']],
    ['split-race-tested-plain', ['RO,n', 'RW,n']],
    ['split-race-tested-atomic', ['RO,n', 'RO,n']],
    ['split-race-first-atomic', ['RO,n', 'RO,c']],
  ])('%s ends as %j', (name, entries) => {
    expect(named(name)).toEqual(entries)
  })

  test('and there is no other', () => {
    expect(scenarios).toHaveLength(7)
  })
})
