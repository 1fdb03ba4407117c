import {
  DescriptorRuns,
  entrySize,
  RunsBuilder,
} from '../../../packages/recorder/src/tables/descriptor-runs.ts'
import {
  ABSENT,
  type Entries,
  entryKey,
  EntryTable,
} from '../../../packages/recorder/src/tables/entry-table.ts'
import { LayeredTable } from '../../../packages/recorder/src/tables/layered-table.ts'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

const PMD = 3
const PTE = 4
/** A few neighbouring entries of two levels, so that runs form, break and meet. */
const BASE = -(2 ** 40)

type Step =
  | {
      readonly do: 'set'
      readonly level: number
      readonly index: number
      readonly lo: number
      readonly count: number
    }
  | { readonly do: 'forget'; readonly level: number; readonly index: number }
  | { readonly do: 'compact' }

const place = { level: fc.constantFrom(PMD, PTE), index: fc.integer({ min: 0, max: 12 }) }
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('set' as const),
    ...place,
    lo: fc.constantFrom(0, 3, 0x1003, 0x2003, 0xffff_f003),
    count: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ do: fc.constant('forget' as const), ...place }),
  fc.constant({ do: 'compact' as const }),
)

const addressOf = (level: number, index: number) => BASE + index * entrySize(12, level)

function contents(table: Entries): [key: number, lo: number, hi: number][] {
  return [...table.sortedKeys()].map((key) => {
    const at = table.find(key)
    return [key, table.lo(at), table.hi(at)]
  })
}

test('a snapshot with changes on top is the same table as one without', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const plain = new EntryTable()
      let layered = new LayeredTable(new RunsBuilder(12).build())
      for (const change of steps) {
        if (change.do === 'compact') layered = new LayeredTable(layered.compacted())
        else if (change.do === 'forget') {
          const key = entryKey(change.level, addressOf(change.level, change.index))
          plain.forget(key)
          layered.forget(key)
        } else {
          for (let i = 0; i < change.count; i++) {
            const key = entryKey(change.level, addressOf(change.level, change.index + i))
            // Output addresses that go on, and carry into the high word.
            const sum = change.lo + i * entrySize(12, change.level)
            for (const table of [plain, layered])
              table.set(key, sum >>> 0, Math.floor(sum / 2 ** 32))
          }
        }
        expect(layered.size).toBe(plain.size)
      }
      expect(contents(layered)).toEqual(contents(plain))
      expect(contents(layered.clone())).toEqual(contents(plain))
      const words = layered.compacted().toWords()
      const loaded = new LayeredTable(DescriptorRuns.fromWords(12, words)!)
      expect(contents(loaded)).toEqual(contents(plain))
      expect(loaded.find(entryKey(PTE, 0))).toBe(ABSENT)
    }),
    { numRuns: 500 },
  )
})

test('entries whose output address goes on are one run', () => {
  const builder = new RunsBuilder(12)
  for (let i = 0; i < 1000; i++) builder.addRun(PTE, BASE + i * 4096, 3 + i * 4096, 7, 1, false)
  for (let i = 1000; i < 2000; i++) builder.addRun(PTE, BASE + i * 4096, 0, 0, 1, false)
  expect(builder.build().length).toBe(2)
})

test('words that are no runs are refused', () => {
  const words = new RunsBuilder(12)
  words.addRun(PTE, BASE, 3, 0, 2, true)
  const good = words.build().toWords()
  expect(DescriptorRuns.fromWords(12, good.subarray(1))).toBeUndefined()
  expect(DescriptorRuns.fromWords(12, good.with(0, 9))).toBeUndefined()
  expect(DescriptorRuns.fromWords(12, good.with(5, 0))).toBeUndefined()
})
