import { describe, expect, test } from 'vitest'

import {
  FLAVOURS,
  GEOMETRIES,
  InputError,
  hexOf,
  fromVa,
  createGeometry,
  deriveConstants,
  flavourOf,
  parseScenario,
  runScenario,
} from '@pagetrail/engine'
import type { GeometryChoice } from '@pagetrail/engine'

const SMALL = {
  flavour: '7.3',
  geometry: { page_shift: 12, va_bits: 48 },
  init: [
    {
      va: '0xffff8000c0000000',
      level: 'pte',
      desc: '0x68000500000703',
      count: 4,
      pa_step: '0x1000',
    },
  ],
  areas: [{ start: '0xffff8000c0000000', size: '0x5000', flags: '0x2', nr_pages: 0, pages: [] }],
  calls: [{ fn: 'set_memory_nx', addr: '0xffff8000c0001000', numpages: 2 }],
}

test('ten lines are enough, and run on every flavour', () => {
  for (const { name } of FLAVOURS) {
    const { results, final } = runScenario(SMALL, { flavour: name })
    expect(results).toEqual([0])
    expect(final.map((run) => [run.count, hexOf(run.desc)])).toEqual([[4, '0x68000500000703']])
  }
})

/** The same work at the start of each geometry's vmalloc space, real and folded at run time. */
const CHOICES: readonly GeometryChoice[] = [
  ...GEOMETRIES,
  { page_shift: 12, va_bits: 52, va_bits_actual: 48 },
  { page_shift: 14, va_bits: 52, va_bits_actual: 47 },
  { page_shift: 16, va_bits: 52, va_bits_actual: 48, pa_bits: 52 },
]

describe.each(CHOICES)('on %j', (geometry) => {
  test.each(FLAVOURS.map((f) => f.name))('%s: pages made read-only and writable again', (name) => {
    const g = createGeometry(geometry)
    const start = deriveConstants(g, flavourOf(name)).VMALLOC_START
    const page = g.pageSize
    const desc = name === '6.12' || name === '7.3' ? '0xe8000500000703' : '0x68000500000703'
    const scenario = {
      features: { rodata_full: 0 },
      init: [
        { va: hexOf(fromVa(start)), level: 'pte', desc, count: 4, pa_step: hexOf(BigInt(page)) },
      ],
      areas: [{ start: hexOf(fromVa(start)), size: hexOf(BigInt(5 * page)), pages: [] }],
      calls: ['ro', 'rw'].map((what) => ({
        fn: `set_memory_${what}`,
        addr: hexOf(fromVa(start + page)),
        numpages: 2,
      })),
    }
    const choice = { flavour: name, geometry }
    const before = runScenario({ ...scenario, calls: [] }, choice).final
    const readOnly = runScenario({ ...scenario, calls: scenario.calls.slice(0, 1) }, choice)
    const after = runScenario(scenario, choice)
    expect(after.results).toEqual([0, 0])
    expect(after.final).toEqual(before)
    expect(readOnly.final.map((run) => [run.count, (run.desc >> 7n) & 1n])).toEqual([
      [1, 0n],
      [2, 1n],
      [1, 0n],
    ])
  })

  test('a call over a hole allocates every missing table and writes through the top', () => {
    const g = createGeometry(geometry)
    const start = deriveConstants(g, flavourOf('6.17')).VMALLOC_START
    const call = { fn: 'set_memory_valid', addr: hexOf(fromVa(start)), numpages: 1, enable: 1 }
    const { results, final } = runScenario({ calls: [call] }, { flavour: '6.17', geometry })
    expect(results).toEqual([0])
    expect(final).toEqual([
      { va: fromVa(start), level: 'pte', desc: 1n, count: 1, paStep: 0n, invalid: false },
    ])
  })
})

test('a scenario without a geometry has that of 4k-48', () => {
  const { geometry, ...rest } = SMALL
  expect(geometry).toEqual({ page_shift: 12, va_bits: 48 })
  expect(runScenario(rest)).toEqual(runScenario(SMALL))
})

describe('what is wrong is named by its place', () => {
  const wrong =
    (change: object): (() => unknown) =>
    () =>
      parseScenario({ ...SMALL, ...change })

  test.each<[object, string]>([
    [{ flavour: '5.4' }, 'flavour: "5.4" is not known; use one of 6.12, 6.17, seed-v1, 6.18, 7.3'],
    [{ geometry: { page_shift: 13, va_bits: 48 } }, 'geometry: page_shift 13 with va_bits 48'],
    [{ geometry: { page_shift: 12 } }, 'geometry.va_bits: is missing; it should be an integer'],
    [{ geometry: { pages: 12 } }, 'geometry.pages: is not known here; the fields are page_shift'],
    [{ features: { rodata: 1 } }, 'features.rodata: is not known here'],
    [{ features: { bbml: 2 } }, 'features.bbml: 2 should be 0 or 1'],
    [{ features: { online_cpus: 0 } }, 'features.online_cpus: 0 should be an integer from 1'],
    [{ constants: { PAGE_OFFSET: 'x' } }, 'constants.PAGE_OFFSET: "x" should be a 64-bit value'],
    [{ init: {} }, 'init: {} should be a list'],
    [{ init: [3] }, 'init[0]: 3 should be an object'],
    [{ init: [{ ...SMALL.init[0], level: 'ptt' }] }, 'init[0].level: "ptt" should be pgd'],
    [{ init: [{ ...SMALL.init[0], count: 0 }] }, 'init[0].count: 0 should be an integer from 1'],
    [{ areas: [{ start: 1.5 }] }, 'areas[0].start: 1.5 should be a 64-bit value'],
    [{ calls: undefined }, 'calls: is missing; it should be a list'],
    [{ flavour: undefined }, 'flavour: is missing; it should be a string'],
    [{ geometry: null }, 'geometry: null should be an object'],
    [{ calls: [SMALL.calls[0], { fn: 'set_memory' }] }, 'calls[1].fn: "set_memory" is not known'],
    [
      { calls: [{ ...SMALL.calls[0], addr: '0x8000000000000001' }] },
      'calls[0].addr: 0x8000000000000001',
    ],
    [{ calls: [{ ...SMALL.calls[0], numpages: 2 ** 31 }] }, 'calls[0].numpages: 2147483648'],
    [{ calls: [{ ...SMALL.calls[0], enable: 1 }] }, 'calls[0].enable: is not known here'],
  ])('%j', (change, message) => {
    expect(wrong(change)).toThrow(InputError)
    expect(wrong(change)).toThrow(message)
  })

  test('also what shows only when the tables are laid', () => {
    const [run] = SMALL.init
    const block = { ...run, level: 'pmd', count: 1 }
    expect(() => runScenario({ ...SMALL, init: [block, run] })).toThrow(
      'init[1]: 0xffff8000c0000000 is already mapped by a pmd entry',
    )
    expect(() => runScenario({ ...SMALL, init: [{ ...run, level: 'contpte' }] })).toThrow(
      'init[0].level',
    )
  })
})
