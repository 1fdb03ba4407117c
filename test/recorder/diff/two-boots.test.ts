import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { type Diff, diffRuns, type EventSource } from '@pagetrail/recorder'
import { startComparison } from '../../../packages/recorder/src/diff/comparison.ts'
import { capture } from '../../support/demo.ts'
import { interleaved } from '../../support/programs/interleave.ts'
import { mostPairs } from '../../support/programs/lane-bound.ts'
import { captures, engineRuns, fixture } from '../../support/runs.ts'
import { AREA, hex } from '../../support/sample-run.ts'

/** Every call paired, nothing different, in whatever order tasks ran. */
function expectNullTest(diff: Diff, calls: number): void {
  expect(diff).toMatchObject({
    verdict: 'identical',
    calls: {
      paired: calls,
      otherInput: 0,
      reordered: 0,
      onlyLeft: { total: 0 },
      onlyRight: { total: 0 },
      rates: [],
      byVerdict: { identical: calls },
    },
    effect: { answer: 'same' },
    path: { answer: 'same', approximate: 0 },
    incomplete: [],
  })
}

describe('one kernel, two boots', () => {
  test.each([
    ['bpf', 72, 0],
    ['two', 678, 1],
  ] as const)('%s: all %i calls have their counterpart', async (name, calls, least) => {
    const [a, b] = await captures(
      fixture(`${name}-6.18-boot1.trace.gz`),
      fixture(`${name}-6.18-boot2.trace.gz`),
    )
    const diff = diffRuns(a!, b!)
    expectNullTest(diff, calls)
    expect(diff.lanes.mode).toBe('task')
    expect(diff.lanes.interleaving.moved).toBeGreaterThanOrEqual(least)
  })

  test('each secretmem finds the one that made as many calls', async () => {
    const [a, b] = await captures(
      fixture('two-6.18-boot1.trace.gz'),
      fixture('two-6.18-boot2.trace.gz'),
    )
    const { lanes } = diffRuns(a!, b!)
    expect(lanes.matched.map(({ left, right, paired }) => [left, right, paired])).toEqual([
      ['secretmem-998', 'secretmem-573', 256],
      ['kernel workers', 'kernel workers', 220],
      ['secretmem-997', 'secretmem-572', 192],
      ['bpfload-996', 'bpfload-571', 10],
    ])
  })

  test('rows that had to be read again are the same', async () => {
    const [a, b] = await captures(
      fixture('two-6.18-boot1.trace.gz'),
      fixture('two-6.18-boot2.trace.gz'),
    )
    expect(diffRuns(a!, b!, { keptRows: 0 })).toEqual(diffRuns(a!, b!))
  })
})

/** A run and the same one with its tasks scheduled otherwise, a dozen times. */
function expectOrderAlone(source: EventSource): void {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat({ max: 1000 })), (numbers) => {
      const next = (n: number): number => Number(numbers.next().value) % n
      const mixed = interleaved(source, next)
      expectNullTest(diffRuns(source, mixed), source.run.calls)
      expectNullTest(diffRuns(mixed, source), source.run.calls)
    }),
    { numRuns: 12, seed: 7 },
  )
}

describe('tasks scheduled otherwise', () => {
  test.each([
    'modules_small-6.12.trace.gz',
    'modules_small-6.18-bbm.trace.gz',
    'bpf-6.18-boot1.trace.gz',
  ])('%s', async (name) => {
    const [source] = await captures(fixture(name))
    expect(source!.run.calls).toBeGreaterThan(70)
    expectOrderAlone(source!)
  })

  test('CPUs of an engine', async () => {
    const [source] = await engineRuns(twoCpus(), '6.18')
    expect(diffRuns(source!, source!).lanes.mode).toBe('cpu')
    expectOrderAlone(source!)
  })
})

/** A page for each CPU, which each changes several times. */
const twoCpus = (): object => ({
  features: { rodata_full: false },
  init: [
    {
      va: hex(AREA),
      level: 'pte',
      desc: '0xc8000500040703',
      count: 2,
      pa_step: '0x1000',
    },
  ],
  areas: [{ start: hex(AREA), size: '0x3000', nr_pages: 0 }],
  cpus: [0n, 1n].map((page) => ({
    calls: ['set_memory_ro', 'set_memory_nx', 'set_memory_rw', 'set_memory_ro'].map((fn) => ({
      fn,
      addr: hex(AREA + page * 0x1000n),
      numpages: 1,
    })),
  })),
  schedule: '0.1.0.1.0.0.1.1',
})

describe('pairs of all bundled workloads reach the bound', () => {
  const files: Readonly<Record<string, readonly [string, string]>> = {
    '6.12 and 7.3': [fixture('modules_small-6.12.trace.gz'), fixture('modules_small-7.3.trace.gz')],
    '6.17 and 6.18': [capture('6.17.13'), capture('6.18.15')],
    'two machines': [
      fixture('modules_small-6.18-bbm.trace.gz'),
      fixture('modules_small-6.18-max.trace.gz'),
    ],
    'two kernels without knowledge of either': [
      fixture('modules_small-6.17-lean-kaslr.trace.gz'),
      fixture('modules_small-6.18-lean-kaslr.trace.gz'),
    ],
    'two machines and kernels': [
      fixture('modules_small-6.12.trace.gz'),
      fixture('modules_small-6.18-bbm.trace.gz'),
    ],
    'other workloads': [fixture('two-6.18-boot1.trace.gz'), fixture('bpf-6.18-boot2.trace.gz')],
  }

  test.each(Object.entries(files))('%s', async (_, [left, right]) => {
    const [a, b] = await captures(left, right)
    const { calls } = startComparison(a!, b!, {})
    const paired = calls.pairs.filter((pair) => pair.left && pair.right && pair.sameInput).length
    expect(calls.minimal).toBe(true)
    expect(paired).toBe(mostPairs(calls))
    // Nothing is lost on the way, and nothing is there twice.
    const once = (side: 'left' | 'right'): number =>
      new Set(calls.pairs.flatMap((pair) => (pair[side] ? [pair[side].op] : []))).size
    expect([once('left'), once('right')]).toEqual([a!.run.calls, b!.run.calls])
  })
})
