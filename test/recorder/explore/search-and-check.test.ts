import { describe, expect, test } from 'vitest'

import {
  buildMachine,
  parseEntries,
  parseScenario,
  printEntries,
  runChosen,
  type Scenario,
  scenarioWorks,
} from '@pagetrail/engine'
import {
  checkRun,
  scenarioEvents,
  exploreScenario,
  propertiesNamed,
  rulesNamed,
  scenarioNamed,
} from '@pagetrail/recorder'

import { playedRun } from '../../support/played-runs.ts'

const SHARED = [
  'lost-update',
  'lost-table',
  'torn-span',
  'stale-access',
  'tlb-conflict',
  'spurious-fault',
  'table-freed-in-use',
  'sleep-in-atomic',
  'overlapping-owners',
  'wild-walk',
]

const scenarioOf = (name: string, flavour: string, schedule = ''): Scenario => {
  const { json, geometry } = scenarioNamed(name)
  return parseScenario(json, { flavour, geometry, schedule, exact: schedule !== '' })
}

/** Every schedule there is, as texts, by trying all. */
function schedulesOf(scenario: Scenario): readonly string[] {
  const found: string[] = []
  const pending: (readonly number[])[] = [[]]
  for (let given = pending.pop(); given !== undefined; given = pending.pop()) {
    const prefix = given
    const machine = buildMachine(scenario)
    const works = scenarioWorks(scenario, (cpu, call) => machine.call(call, cpu))
    const taken: number[] = []
    const { entries } = runChosen(machine, works, (runnable, step) => {
      const pick = prefix[step] ?? runnable[0] ?? -1
      if (step >= prefix.length) {
        for (const other of runnable) if (other !== pick) pending.push([...taken, other])
      }
      taken.push(pick)
      return pick
    })
    found.push(printEntries(entries))
  }
  return found
}

/** Rules that `check` finds broken in the run that a schedule makes. */
function brokenBy(name: string, flavour: string, schedule: string): readonly string[] {
  const scenario = scenarioOf(name, flavour, schedule)
  const report = checkRun(playedRun(scenario, name), rulesNamed(SHARED))
  return report.verdicts.filter(({ status }) => status === 'found').map(({ rule }) => rule)
}

describe('a schedule that the search finds failing fails in check of its run, and the reverse', () => {
  test.each([
    ['h7-first-atomic', '6.18', 180],
    ['h7-tested-plain', '6.18', 630],
    ['h7-lock', '6.18', 42],
    ['h7-both-atomic', '6.18', 52],
    ['owners-plain', '6.18', 6],
    ['owners-atomic', '6.18', 2],
    ['softirq-in-split-mutex', '6.18', 10],
    ['ptdump-vmap', '6.17', 65],
    ['ptdump-vmap', '7.3', 6],
  ])('%s in %s: all %d schedules', (name, flavour, count) => {
    const scenario = scenarioOf(name, flavour)
    const result = exploreScenario(scenario, { properties: propertiesNamed(SHARED) })
    const schedules = schedulesOf(scenario)
    expect(schedules).toHaveLength(count)
    expect(Number(result.schedules)).toBe(count)
    const counted = new Map<string, number>()
    for (const schedule of schedules) {
      for (const rule of brokenBy(name, flavour, schedule)) {
        counted.set(rule, (counted.get(rule) ?? 0) + 1)
      }
    }
    const found = result.findings.map(
      ({ property, failing }) => [property.name, Number(failing)] as const,
    )
    expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(found))
    for (const { property, entries } of result.findings) {
      expect(brokenBy(name, flavour, printEntries(entries))).toContain(property.name)
      expect(parseEntries(printEntries(entries))).toEqual(entries)
    }
  })
})

/** A CPU that splits and changes one page, and what interrupts it. */
const interrupted = (interrupts: readonly object[]) => {
  const change = (at: number, split: string) => ({
    fn: 'h7_change',
    addr: BASE + BigInt(at) * 0x1000n,
    entries: 2,
    split,
    flush: 'none',
  })
  return {
    flavour: '7.3',
    init: [{ va: BASE, level: 'pte', desc: '0xf8000500040703', count: 2, pa_step: '0x1000' }],
    cpus: [{ calls: [change(0, 'lock')], interrupts }],
  }
}
const BASE = 0xffff8000c0000000n
const softirq = (split: string, times = 1) => ({
  calls: [{ fn: 'h7_change', addr: BASE + 0x1000n, entries: 2, split, flush: 'none' }],
  times,
})

describe('several interrupts of one CPU', () => {
  test('the same one twice is no order of its own', () => {
    const twice = parseScenario(interrupted([softirq('tested-atomic', 2)]))
    const schedules = schedulesOf(twice)
    expect(new Set(schedules).size).toBe(schedules.length)
    expect(exploreScenario(twice).schedules).toBe(BigInt(schedules.length))
  })

  test('arrive in any order, and each schedule replays as it was found', () => {
    const json = interrupted([softirq('tested-atomic'), softirq('rewrite-plain')])
    const two = parseScenario(json)
    const schedules = schedulesOf(two)
    expect(new Set(schedules).size).toBe(schedules.length)
    expect(exploreScenario(two).schedules).toBe(BigInt(schedules.length))
    expect(schedules.filter((text) => text.includes('0!1')).length).toBeGreaterThan(3)
    for (const schedule of schedules) {
      const played = scenarioEvents(parseScenario(json, { schedule, exact: true }), () => {})
      expect(printEntries(played.schedule?.entries ?? [])).toBe(schedule)
    }
  })
})
