import { describe, expect, test } from 'vitest'
import { flavourOfSchedule, parseScenario, schedulePrefix } from '@pagetrail/engine'

const span = (desc: string) => ({
  va: '0xffff8000c0000000',
  level: 'pte',
  desc,
  count: 2,
  pa_step: '0x1000',
})
const change = (addr: string) => ({
  calls: [{ fn: 'h7_change', addr, entries: 2, split: 'first-plain', flush: 'none' }],
})
const SCENARIO = {
  init: [span('0xf8000500040703')],
  cpus: [change('0xffff8000c0000000'), change('0xffff8000c0001000')],
}
const parsed = (json: object, schedule?: string, flavour = '6.18') =>
  parseScenario(json, { flavour, schedule })
const prefixOf = (json: object): string => schedulePrefix(parsed(json))
const PREFIX = prefixOf(SCENARIO)

test('a prefix that fits is taken off, and each step must then run', () => {
  expect(PREFIX).toMatch(/^v2\/6\.18\/[0-9a-f]{32}\/$/)
  expect(flavourOfSchedule(`${PREFIX}0.1`)).toBe('6.18')
  expect(flavourOfSchedule('0.1')).toBe(null)
  const plain = parsed(SCENARIO, '0.1.0').interleaved
  expect(parsed(SCENARIO, `${PREFIX}0.1.0`).interleaved).toEqual({ ...plain, exact: true })
  expect(plain?.exact).toBe(false)
  expect(parsed({ ...SCENARIO, schedule: `${PREFIX}0.1.0` }).interleaved).toEqual({
    ...plain,
    exact: true,
  })
})

test('what changes nothing of the scenario leaves the prefix', () => {
  const [first] = SCENARIO.init
  const { desc, ...rest } = first ?? span('0')
  const same = [
    { ...SCENARIO, schedule: '0.1.0', name: 'other', sentence: 'other' },
    {
      ...SCENARIO,
      init: [{ desc, ...rest }],
      features: {},
      geometry: { va_bits: 48, page_shift: 12 },
    },
    // As it is without being said.
    { ...SCENARIO, features: { tlb_model: false } },
  ]
  expect(same.map(prefixOf)).toEqual(same.map(() => PREFIX))
  const features = { tlb_model: true, split_lock: false }
  const turned = { split_lock: false, tlb_model: true }
  expect(prefixOf({ ...SCENARIO, features })).toBe(prefixOf({ ...SCENARIO, features: turned }))
})

describe('what does not fit is refused with what differs', () => {
  test.each([
    [{ init: [span('0xf8000500041703')] }, 'its start state'],
    [{ features: { split_lock: false } }, 'its features or constants'],
    [{ geometry: { page_shift: 14, va_bits: 48 } }, 'its geometry'],
    [{ cpus: [...SCENARIO.cpus, change('0xffff8000c0000000')] }, 'what its CPUs do'],
    [{ cpus: [{ ...SCENARIO.cpus[0], context: 'softirq' }, SCENARIO.cpus[1]] }, 'what its CPUs do'],
    [
      { init: [span('0xf8000500041703')], cpus: SCENARIO.cpus.toReversed() },
      'its start state and what its CPUs do',
    ],
  ])('%j', (changed, what) => {
    expect(() => parsed({ ...SCENARIO, ...changed }, `${PREFIX}0.1`)).toThrow(
      `schedule: it was made for another scenario, or before this one was changed; what differs: ${what}`,
    )
  })

  test.each([
    ['7.3', `${PREFIX}0.1`, 'schedule: it was made for flavour 6.18, and this is 7.3'],
    [
      '6.18',
      `${PREFIX.replace('v2', 'v3')}0.1`,
      'schedule: it is of version v3, and v2 is what can be read',
    ],
    ['6.18', 'v2/6.18/0.1', 'schedule: a prefix is v2/FLAVOUR/SCENARIO-HASH/, then the steps come'],
    ['6.18', 'v2/6.18/1c/0.1', 'schedule: the hash of its scenario is 32 hexadecimal digits'],
    ['6.18', `${PREFIX}0.x`, 'schedule[1]: "x" should be the number of a CPU'],
    ['6.18', `${PREFIX}0.2`, 'schedule[1]: 2 should be a CPU from 0 to 1'],
  ])('%s of %s', (flavour, schedule, message) => {
    expect(() => parsed(SCENARIO, schedule, flavour)).toThrow(message)
  })
})
