import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NumberMap } from '../../../../packages/recorder/src/check/fold/number-map.ts'
import { pageOf, PageSizes } from '../../../../packages/recorder/src/check/fold/page.ts'
import { SlotTable } from '../../../../packages/recorder/src/check/fold/slot-table.ts'
import { Tables } from '../../../../packages/recorder/src/check/fold/tables.ts'
import { BLOCK, PAGE, RW, RW_BLOCK, TABLE, VMALLOC } from '../script.ts'

const page = fc.nat({ max: 2 ** 52 - 1 })

test('a NumberMap answers as a Map does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(page, fc.nat()), { maxLength: 5000 }), (entries) => {
      const map = new NumberMap()
      for (const [key, value] of entries) map.set(key, value)
      const model = new Map(entries)
      for (const [key] of entries) expect(map.get(key)).toBe(model.get(key))
      map.clear()
      for (const [key] of entries.slice(0, 10)) expect(map.get(key)).toBeUndefined()
    }),
    { numRuns: 30 },
  )
})

test('a SlotTable keeps what was last set, also when it has grown', () => {
  const slots = new SlotTable()
  for (let i = 0; i < 5000; i++) slots.set(i * 512, i, 0xffffffff - i, i + 2 ** 40, i % 7)
  slots.set(512, 1, 2, 3, 4)
  expect(slots.get(512)).toEqual({ lo: 1, hi: 2, seq: 3, cpu: 4 })
  expect(slots.get(4999 * 512)).toEqual({
    lo: 4999,
    hi: 0xffffffff - 4999,
    seq: 4999 + 2 ** 40,
    cpu: 1,
  })
  expect(slots.get(1)).toBeUndefined()
})

const tables = () => new Tables(new PageSizes({ pageShift: 12, vaBits: 48, levels: 4 }))
const words = (desc: bigint) => [Number(desc & 0xffffffffn), Number(desc >> 32n)] as const

describe('the tables that a run shows', () => {
  const at = pageOf(VMALLOC)

  test('a run of the start state is known entry by entry', () => {
    const t = tables()
    t.init('pte', VMALLOC, RW, 2 ** 20, PAGE)
    const [lo, hi] = words(RW + 700_000n * PAGE)
    expect(t.slot('pte', at + 700_000)).toEqual({ lo, hi, seq: -1, cpu: 0 })
    expect(t.slot('pte', at + 2 ** 20)).toBeUndefined()
  })

  test('a page is translated by the first entry from above that is no table', () => {
    const t = tables()
    t.init('pmd', VMALLOC, RW_BLOCK, 1, BLOCK)
    expect(t.leafAt(at + 5)).toMatchObject({ level: 'pmd', page: at, pages: 512 })
    t.set('pmd', at, ...words(TABLE), 1, 0)
    expect(t.leafAt(at + 5)).toBeUndefined()
    t.set('pte', at + 5, ...words(RW), 2, 0)
    expect(t.leafAt(at + 5)).toMatchObject({ level: 'pte', pages: 1, slot: { seq: 2 } })
    t.set('pmd', at, 0, 0, 3, 0)
    expect(t.leafAt(at + 5)).toBeUndefined()
  })

  test('after a gap nothing is known', () => {
    const t = tables()
    t.init('pte', VMALLOC, RW, 1, PAGE)
    t.forget()
    expect(t.slot('pte', at)).toBeUndefined()
  })
})
