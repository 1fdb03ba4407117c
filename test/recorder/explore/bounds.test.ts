import { expect, test } from 'vitest'
import { parseScenario } from '@pagetrail/engine'
import { exploreScenario, type ExploreOptions, scenarioNamed } from '@pagetrail/recorder'

const explored = (name: string, options: ExploreOptions) => {
  const json = scenarioNamed(name)?.json
  return exploreScenario(parseScenario(json, { flavour: '6.18' }), options)
}

const hex = (low: number): string => `0xffff8000${low.toString(16)}`

const H7 = 'h7-first-plain'
const names = ({ findings }: ReturnType<typeof explored>): readonly string[] =>
  findings.map(({ property }) => property.name)

test('each bound is a complete answer, and one that allows all comes to all schedules', () => {
  const { bounds, complete } = explored(H7, { mode: 'bounded', preemptions: 12 })
  expect(complete).toBe(true)
  expect(bounds.map(({ preemptions }) => preemptions)).toEqual(
    Array.from({ length: 13 }, (_, i) => i),
  )
  expect(bounds.slice(0, 3).map(({ failing }) => Object.fromEntries(failing))).toEqual([
    {},
    { 'lost-update': 2n },
    { 'lost-update': 6n, 'torn-span': 2n },
  ])
  const all = explored(H7, { mode: 'states' })
  expect(bounds.at(-1)?.schedules).toBe(all.schedules)
  expect(bounds.at(-1)?.failing).toEqual(
    all.findings.map((each) => [each.property.name, each.failing]),
  )
})

test('what a smaller bound has found stays found where the next does not come to its end', () => {
  const { bounds } = explored(H7, { mode: 'bounded', preemptions: 2 })
  const [, one, two] = bounds.map(({ states }) => states)
  for (let maxStates = (one ?? 0) + 1; maxStates < (two ?? 0); maxStates += 7) {
    const cut = explored(H7, { mode: 'bounded', maxStates })
    expect(cut.complete).toBe(false)
    expect(cut.limit).toBe(`${maxStates} states in the search of at most 2 preemptions`)
    expect(cut.bounds.map(({ complete }) => complete)).toEqual([true, true, false])
    expect(names(cut)).toContain('lost-update')
    expect(cut.findings[0]?.failing).toBeGreaterThanOrEqual(2n)
    expect(cut.unbroken.map(({ name }) => name)).not.toContain('lost-update')
    expect(cut.schedules).toBeGreaterThanOrEqual(14n)
  }
})

test('auto: too many states are searched by bounds, and the whole stays open', () => {
  const limits = { maxStates: 10_000, runs: 20 }
  const open = explored('three-in-one-span', limits)
  expect(open).toMatchObject({ mode: 'states', complete: false, limit: '10000 states' })
  expect(open.bounds.map(({ complete, schedules }) => [complete, schedules])).toEqual([
    [true, 6n],
    [true, 330n],
    [false, expect.any(BigInt)],
  ])
  const alone = explored('three-in-one-span', { ...limits, mode: 'states' })
  expect(alone.bounds).toEqual([])
})

test('auto: what a bound finds is found, and the search is not complete', () => {
  // CPUs 0 and 1 race; two more do what concerns nobody, so that the race comes late in the order of the search.
  const race = [0, 0x1000].map((at) => ({
    calls: [
      {
        fn: 'h7_change',
        addr: hex(0xc0000000 + at),
        entries: 2,
        split: 'first-plain',
        flush: 'none',
      },
    ],
  }))
  const addresses = [0xd0000000, 0xd1000000].map(hex)
  const apart = addresses.map((addr) => ({
    calls: [{ fn: 'set_memory_valid', addr, numpages: 1, enable: 0 }],
  }))
  const span = {
    va: hex(0xc0000000),
    level: 'pte',
    desc: '0xf8000500040703',
    count: 2,
    pa_step: '0x1000',
  }
  const pages = addresses.map((va) => ({ va, level: 'pte', desc: '0xe8000700000703' }))
  const json = { init: [span, ...pages], cpus: [...race, ...apart] }
  const scenario = parseScenario(json, { flavour: '7.3' })
  const limits = { maxStates: 5_000, runs: 1 }
  expect(exploreScenario(scenario, { ...limits, mode: 'states' }).findings).toEqual([])
  const found = exploreScenario(scenario, limits)
  expect(found).toMatchObject({ mode: 'bounded', complete: false })
  expect(names(found)).toEqual(['lost-update'])
  expect(found.unbroken.map(({ name }) => name)).toContain('torn-span')
})
