import { describe, expect, test } from 'vitest'

import {
  DEADLOCK,
  SearchMachine,
  StateSearch,
  buildMachine,
  parseEntries,
  parseScenario,
  printEntries,
  runScenario,
  scenarioWorks,
} from '@pagetrail/engine'
import type { StateCounts } from '@pagetrail/engine'

import scenarios from '../../../packages/engine/scenarios/interleavings.json' with { type: 'json' }

const geometry = { page_shift: 12, va_bits: 48 }

const scenarioOf = (name: string, flavour = '6.18') =>
  parseScenario(
    scenarios.find((each) => each.name === name),
    { flavour, geometry },
  )

function searchAll(name: string, flavour = '6.18'): StateCounts {
  const scenario = scenarioOf(name, flavour)
  const machine = buildMachine(scenario)
  const programs = scenarioWorks(scenario, (cpu, call) => machine.call(call, cpu))
  const search = new SearchMachine({ machine, programs })
  const counts = new StateSearch(search).run()
  search.close()
  return counts
}

describe('an interrupt arrives at any step boundary', () => {
  test.each([
    ['softirq-in-split-lockless', 10n, undefined],
    ['softirq-in-split-mutex', 10n, 6n],
    ['softirq-in-split-mutex-16', 38n, 34n],
  ])('%s: %d arrivals, %d deadlock', (name, schedules, deadlocks) => {
    const counts = searchAll(name)
    expect(counts.schedules).toBe(schedules)
    expect(counts.rules.get(DEADLOCK)?.failing).toBe(deadlocks)
  })

  test('a schedule says where, and the run does it again', () => {
    const input = scenarios.find((each) => each.name === 'softirq-in-split-mutex')
    const run = (schedule: string) =>
      runScenario(input, { flavour: '6.18', geometry, schedule, exact: true })
    const stuck = run('0*3.0!').schedule
    expect(stuck?.deadlocked).toEqual([0])
    expect(printEntries(stuck?.entries ?? [])).toBe('0*3.0!')
    const fine = run('0*9.0!.0').schedule
    expect(fine).toMatchObject({ deadlocked: [], passedOver: 0 })
    expect(() => run('0!.0!')).toThrow('schedule[1]: no interrupt of CPU 0 can arrive here')
    expect(() => run('0*3.0!.0')).toThrow(/schedule\[4\]: CPU 0 cannot run here/)
  })
})

describe('counts of the library', () => {
  test.each([
    ['ptdump-vmap', '6.17', 65n],
    ['ptdump-vmap', '6.18', 503n],
    ['ptdump-vmap', '7.3', 6n],
    ['block-split-plain', '6.18', 210n],
    ['owners-plain', '6.18', 6n],
    ['owners-atomic', '6.18', 2n],
    ['h7-fill-lock', '6.18', 25_080n],
    ['h7-fill-tested-atomic', '6.18', 261_744n],
    ['h7-fill-both-atomic', '6.18', 16_184n],
  ])('%s in %s: %d schedules', (name, flavour, schedules) => {
    expect(searchAll(name, flavour).schedules).toBe(schedules)
  })
})

const turn = (cpu: number) => ({ cpu, arrives: false, choices: [], byTurns: true })

describe('schedules as text', () => {
  test('runs, choices and arrivals, there and back', () => {
    const text = '0*12.1:4.1:4:0.0!.2.2.0*3'
    expect(printEntries(parseEntries(text))).toBe(text)
    expect(printEntries(parseEntries('0.0.0.1.1'))).toBe('0*3.1.1')
  })

  test('rounds by turns', () => {
    expect(parseEntries('(0.1)*2')).toEqual([turn(0), turn(1), turn(0), turn(1)])
    expect(parseEntries('0.(1)*1.0')[1]).toEqual(turn(1))
  })

  test.each(['0.x', '0*', '1:', '!', '0*2!', '1000', '0*9999999', '(0.1)', '(0!)*2', '()*2'])(
    '%s is refused',
    (text) => {
      expect(() => parseEntries(text)).toThrow(/schedule\[\d\]: ".*" should be the number of a CPU/)
    },
  )
})
