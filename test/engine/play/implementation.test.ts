import { describe, expect, test } from 'vitest'

import {
  InputError,
  defineImplementation,
  flushTlbKernelRange,
  implementScenario,
  parseScenario,
  playScenario,
  buildMachine,
  setMemoryValid,
  toVa,
} from '@pagetrail/engine'
import type { CallBody } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'

const PAGE = '0xffff8000c0000000'
const START = {
  flavour: '7.3',
  geometry: { page_shift: 12, va_bits: 48 },
  init: [{ va: PAGE, level: 'pte', desc: '0xe8000500040703', count: 2, pa_step: '0x1000' }],
}
const off = { fn: 'set_memory_valid', addr: PAGE, numpages: 1, enable: 0 }

function play(body: CallBody, scenario: object = { ...START, calls: [off] }) {
  const mine = defineImplementation({ name: 'mine', calls: { set_memory_valid: body } })
  const implemented = implementScenario(parseScenario(scenario), mine)
  const { hooks, lines } = hookLog()
  const { outcomes } = playScenario(buildMachine(implemented, hooks), implemented)
  return { rets: outcomes.map(({ ret }) => ret), lines }
}

const wrapped: CallBody = (cpu, args) =>
  setMemoryValid(cpu, toVa(BigInt(args['addr'] ?? 0)), 1, args['enable'] !== 0)

test('a call is made by the module, with the arguments of the scenario, between its begin and end', () => {
  const { rets, lines } = play((cpu, args) => {
    flushTlbKernelRange(cpu, toVa(BigInt(args['addr'] ?? 0)), toVa(BigInt(PAGE)) + 4096)
    return -Number(args['numpages'])
  })
  expect(rets).toEqual([-1])
  expect(lines.map((line) => line.split(' ')[0])).toEqual([
    'cpu',
    'opBegin',
    'tlbFlush',
    'tlbi',
    'opEnd',
  ])
})

test('calls that it does not have are the flavour’s, and it may have some that the flavour has not', () => {
  const calls = [off, { fn: 'lazy_pause' }, { fn: 'can_set_direct_map' }]
  const scenario = parseScenario({ ...START, flavour: '6.12', calls })
  const mine = { name: 'mine', calls: { lazy_pause: () => 0 } }
  const implemented = implementScenario(scenario, defineImplementation(mine))
  const { outcomes } = playScenario(buildMachine(implemented), implemented)
  expect(outcomes.map(({ ret }) => ret)).toEqual([0, 0, 1])
})

test('in an interleaved run it is suspended and run again like the kernel’s own', () => {
  const cpus = [{ calls: [off] }, { calls: [{ ...off, addr: '0xffff8000c0001000' }] }]
  const scenario = { ...START, cpus, schedule: '0.1.0.1.1.1.0' }
  const own = parseScenario(scenario)
  const { hooks, lines } = hookLog()
  playScenario(buildMachine(own, hooks), own)
  expect(play(wrapped, scenario).lines).toEqual(lines)
})

describe('mistakes are told as the module’s own', () => {
  test.each<[string, CallBody]>([
    [
      'mine: calls.set_memory_valid threw Error: of its own',
      () => {
        throw new Error('of its own')
      },
    ],
    ['mine: calls.set_memory_valid returned NaN; it must be', () => Number.NaN],
    ['mine: calls.set_memory_valid returned 0.5', () => 0.5],
    ['mine: calls.set_memory_valid returned 1; it must be 0 or a negative errno', () => 1],
    ['mine: calls.set_memory_valid returned -4096; it must be', () => -4096],
  ])('%s', (message, body) => {
    expect(() => play(body)).toThrow(InputError)
    expect(() => play(body)).toThrow(message)
  })

  test.each<[string, string, string]>([
    ['calls.set_memory_or: is not a call; the calls are set_memory_ro', 'set_memory_or', '6.18'],
    ['base: "6.11" is not known', 'set_memory_ro', '6.11'],
  ])('%s', (message, fn, base) => {
    const define = () => defineImplementation({ name: 'mine', base, calls: { [fn]: () => 0 } })
    expect(define).toThrow(InputError)
    expect(define).toThrow(message)
  })
})
