import { describe, expect, test } from 'vitest'

import { InputError, parseScenario, runScenario } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const PAGE = '0xffff8000c0000000'
const NEXT = '0xffff8000c0001000'
const invalidate = (addr: string) => ({ fn: 'set_memory_valid', addr, numpages: 1, enable: 0 })
const lock = (name: string) => ({ fn: 'lock', name })
const TWO_CPUS = {
  flavour: '6.18',
  geometry: { page_shift: 12, va_bits: 48 },
  init: [{ va: PAGE, level: 'pte', desc: '0xe8000500040703', count: 2, pa_step: '0x1000' }],
  cpus: [
    { calls: [invalidate(PAGE)] },
    { calls: [invalidate(NEXT), { fn: 'can_set_direct_map' }], context: 'softirq' },
  ],
}

const bySchedule = (schedule: string) => {
  const log = hookLog()
  const taken = runScenario(TWO_CPUS, { schedule }, log.hooks).schedule?.steps.join('.')
  return { taken, lines: log.lines }
}

describe('several CPUs', () => {
  test('results are those of CPU 0, then of CPU 1; without a schedule one runs after the other', () => {
    const { results, final, schedule } = runScenario(TWO_CPUS)
    expect(results).toEqual([0, 0, 1])
    expect(final.map(({ count, invalid }) => ({ count, invalid }))).toEqual([
      { count: 2, invalid: true },
    ])
    expect(schedule?.deadlocked).toEqual([])
    expect(schedule?.steps).toEqual(schedule?.steps.toSorted())
  })

  test('the schedule taken, given again, gives the same events; another one others', () => {
    const first = bySchedule('1.0.1.1.0.0.1')
    expect(first.taken?.slice(0, 13)).toBe('1.0.1.1.0.0.1')
    expect(bySchedule(first.taken ?? '')).toEqual(first)
    expect(bySchedule('').lines).not.toEqual(first.lines)
  })

  test('hooks speak of the CPU that acts, and of what it reads', () => {
    const { hooks, lines } = hookLog()
    runScenario(TWO_CPUS, { schedule: '1.0.1' }, hooks)
    const cpus = lines.filter((line) => line.startsWith('cpu ')).slice(0, 6)
    expect(cpus).toEqual(
      ['cpu 0', 'cpu 1', 'cpu 0', 'cpu 1', 'cpu 0', 'cpu 1'].slice(0, cpus.length),
    )
    expect(lines[lines.indexOf('cpu 1') + 1]).toBe('context "softirq"')
    expect(lines.filter((line) => line.startsWith('descRead')).length).toBeGreaterThan(8)
  })

  test('a CPU that waits for ever says so, and its later calls are not reached', () => {
    const [a, b] = ['pgtable_split_lock', 'swapper_pgdir_lock']
    const input = {
      ...TWO_CPUS,
      cpus: [
        { calls: [lock(a), lock(b), { fn: 'can_set_direct_map' }] },
        { calls: [lock(b), lock(a)] },
      ],
      schedule: '0.1',
    }
    const { results, schedule } = runScenario(input)
    expect(results).toEqual([0, null, null, 0, null])
    expect(schedule).toMatchObject({ steps: [0, 1], deadlocked: [0, 1] })
  })

  test.each<[object, string]>([
    [{ calls: [] }, 'calls: should be left out'],
    [{ cpus: [] }, 'cpus: should be 1 to 64 CPUs'],
    [{ cpus: [{ calls: [{ fn: 'nothing' }] }] }, 'cpus[0].calls[0].fn: "nothing" is not known'],
    [{ cpus: [{ calls: [], contexts: 1 }] }, 'cpus[0].contexts: is not known here'],
    [{ cpus: [{ calls: [], context: 'nmi' }] }, 'cpus[0].context: "nmi" should be one of task'],
    [{ schedule: '0.2' }, 'schedule[1]: 2 should be a CPU from 0 to 1'],
    [{ schedule: '0,1' }, 'schedule[0]'],
    [{ cpus: undefined, calls: [], schedule: '0' }, 'schedule: is for several CPUs'],
  ])('%j is refused', (change, message) => {
    expect(() => parseScenario({ ...TWO_CPUS, ...change })).toThrow(InputError)
    expect(() => parseScenario({ ...TWO_CPUS, ...change })).toThrow(message)
  })
})
