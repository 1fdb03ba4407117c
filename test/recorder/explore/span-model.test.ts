import { describe, expect, test } from 'vitest'

import { parseScenario } from '@pagetrail/engine'
import { exploreScenario } from '@pagetrail/recorder'

import { countSpan, type ModelSplit } from '../../support/programs/span-model.ts'

const SPLITS: readonly ModelSplit[] = [
  'lock',
  'first-plain',
  'rewrite-plain',
  'tested-plain',
  'tested-atomic',
  'first-atomic',
]
/** Entries, and the entry of each CPU. */
const SPANS: readonly (readonly [number, readonly number[]])[] = [
  [2, [0, 1]],
  [4, [1, 2]],
  [8, [0, 7]],
  [4, [0, 1, 3]],
]

const BASE = 0xffff8000c0000000n

function searched(split: ModelSplit, entries: number, own: readonly number[]) {
  const fn = { fn: 'h7_change', entries, split, flush: 'none' }
  const scenario = parseScenario({
    flavour: '7.3',
    init: [{ va: BASE, level: 'pte', desc: '0xf8000500040703', count: entries, pa_step: '0x1000' }],
    cpus: own.map((at) => ({ calls: [{ ...fn, addr: BASE + BigInt(at) * 0x1000n }] })),
  })
  const { schedules, findings, complete } = exploreScenario(scenario, { shrink: false })
  const found = (name: string) => findings.find(({ property }) => property.name === name)
  const torn = found('torn-span')?.failing ?? 0n
  return { complete, schedules, lost: found('lost-update')?.atEnd ?? 0n, torn }
}

describe.each(SPANS)('a span of %d, pages %j', (entries, own) => {
  test.each(SPLITS)('%s: as a model without the engine counts', (split) => {
    const counted = countSpan(split, entries, own)
    expect(searched(split, entries, own)).toEqual({ complete: true, ...counted })
    expect(counted.schedules).toBeGreaterThan(1n)
  })
})
