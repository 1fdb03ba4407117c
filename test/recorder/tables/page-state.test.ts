import { createGeometry } from '@pagetrail/engine'
import { PageState, ptdumpLines, type TraceEvent } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'

import {
  AREA,
  eventsOf,
  hex,
  initOf,
  KERNEL_RO,
  KERNEL_RW,
  PAGE,
  setMemoryRo,
} from '../../support/sample-run.ts'

const PA = 0x5_0004_0000n
const BLOCK = 0x68_0000_0000_0701n | 0x6_0000_0000n
const TABLE = 0x1000_0014_0600_0403n

const folded = (events: readonly TraceEvent[], complete = true): PageState => {
  const state = new PageState({ geometry: null, complete })
  for (const event of events) state.apply(event)
  return state
}

const write = (level: string, va: bigint, desc: bigint, old = 0n) => ({
  kind: 'desc_write',
  level,
  va: hex(va),
  old: hex(old),
  new: hex(desc),
})

describe('folding', () => {
  test('start state and stores, entry by entry', () => {
    const state = folded([...eventsOf([initOf(3)], null), ...eventsOf(setMemoryRo(2))])
    expect(state.lookup(AREA)).toEqual({
      found: 'entry',
      level: 'pte',
      va: AREA,
      desc: KERNEL_RO | PA,
    })
    expect(state.lookup(AREA + 0x1fffn)).toMatchObject({
      va: AREA + 0x1000n,
      desc: KERNEL_RO | (PA + 0x1000n),
    })
    expect(state.lookup(AREA + 0x2000n)).toMatchObject({ desc: KERNEL_RW | (PA + 0x2000n) })
    expect(state.lookup(AREA + 0x3000n)).toEqual({ found: 'empty' })
  })

  test('what was never seen of a real kernel is unknown, what was seen empty is empty', () => {
    const state = folded(eventsOf([write('pte', AREA, 0n, KERNEL_RW | PA)]), false)
    expect(state.lookup(AREA)).toEqual({ found: 'empty' })
    expect(state.lookup(AREA + 0x1000n)).toEqual({ found: 'unknown' })
  })

  test('a callback of a real trace tells the entry that it was given', () => {
    const seen = {
      kind: 'cb_enter',
      level: 'pmd',
      fn: 'pageattr_pmd_entry',
      va: hex(AREA + 0x5000n),
      end: hex(AREA + 0x6000n),
    }
    const state = folded(eventsOf([{ ...seen, val: hex(BLOCK) }]), false)
    expect(state.lookup(AREA + 0x1f_ffffn)).toEqual({
      found: 'entry',
      level: 'pmd',
      va: AREA,
      desc: BLOCK,
    })
  })

  test('a block that becomes a table, and a block again', () => {
    const split = eventsOf([
      write('pmd', AREA, BLOCK),
      { kind: 'table_alloc', level: 'pte', va: hex(AREA), pa: '0x1406000000' },
      write('pte', AREA + 0x3000n, KERNEL_RW | PA),
    ])
    // The new table is filled before it is installed: until then the block translates.
    expect(folded(split).lookup(AREA + 0x3000n)).toMatchObject({ level: 'pmd', desc: BLOCK })
    const installed = [...split, ...eventsOf([write('pmd', AREA, TABLE, BLOCK)])]
    expect(folded(installed).lookup(AREA + 0x3000n)).toMatchObject({
      level: 'pte',
      desc: KERNEL_RW | PA,
    })
    expect(folded(installed).lookup(AREA)).toEqual({ found: 'empty' })
    const again = [...installed, ...eventsOf([write('pmd', AREA, BLOCK, TABLE)])]
    expect([...ptdumpLines(folded(again))]).toHaveLength(1)
  })

  test('what lay in a freed table does not come back with a new one', () => {
    const table = { level: 'pte', va: hex(AREA), pa: '0x1406000000' }
    const state = folded(
      eventsOf([
        write('pmd', AREA, TABLE),
        write('pte', AREA, KERNEL_RW | PA),
        write('pmd', AREA, 0n, TABLE),
        { kind: 'table_free', ...table },
        { kind: 'table_alloc', ...table },
        write('pmd', AREA, TABLE),
      ]),
    )
    expect(state.lookup(AREA)).toEqual({ found: 'empty' })
    expect([...ptdumpLines(state)]).toEqual([])
  })

  test('a freed table drops all of its entries, and none of its neighbours', () => {
    const pages = [-1n, 0n, 255n, 256n, 511n, 512n]
    const stores = pages.map((page) => write('pte', AREA + page * PAGE, KERNEL_RW | PA))
    for (const va of [AREA, AREA + 0x12_3000n]) {
      const free = { kind: 'table_free', level: 'pte', va: hex(va), pa: '0x1406000000' }
      const state = folded(eventsOf([...stores, free]))
      const left = pages.filter((page) => state.lookup(AREA + page * PAGE).found === 'entry')
      expect(left).toEqual([-1n, 512n])
    }
  })

  test('a table that loses the race to be linked takes nothing of the one that is', () => {
    const other = { level: 'pte', va: hex(AREA), pa: '0x1407000000' }
    const events = eventsOf([
      write('pmd', AREA, TABLE),
      write('pte', AREA, KERNEL_RW | PA),
      { kind: 'table_alloc', ...other },
      { kind: 'table_free', ...other },
    ])
    expect(folded(events).lookup(AREA)).toMatchObject({ level: 'pte', desc: KERNEL_RW | PA })
    // Of a real kernel not every store is seen: that the other one is still linked is not known.
    expect(folded(events, false).lookup(AREA)).toEqual({ found: 'unknown' })
  })

  test('output addresses of an init go on across 4 GiB', () => {
    const last = 0xffff_f000n
    const run = { ...initOf(3), new: hex(KERNEL_RW | last), pa_step: hex(PAGE) }
    const state = folded(eventsOf([run], null))
    const found = [0n, 1n, 2n].map((page) => state.lookup(AREA + page * PAGE))
    expect(found).toMatchObject(
      [last, 0x1_0000_0000n, 0x1_0000_1000n].map((pa) => ({ desc: KERNEL_RW | pa })),
    )
  })

  test('a store whose place was not seen is counted and changes nothing', () => {
    const state = folded(
      eventsOf([{ kind: 'desc_write', level: 'pte', va: null, old: '0x0', new: '0x783' }]),
    )
    expect(state).toMatchObject({ unplaced: 1, size: 0 })
  })

  test('a copy goes its own way', () => {
    const state = folded(eventsOf([initOf(1)], null))
    const copy = state.clone()
    for (const event of eventsOf([write('pte', AREA, 0n)])) copy.apply(event)
    expect(state.lookup(AREA).found).toBe('entry')
    expect(copy.lookup(AREA).found).toBe('empty')
  })
})

test('addresses of other geometries: 16K pages, entries of 32M', () => {
  const state = new PageState({
    geometry: createGeometry({ page_shift: 14, va_bits: 47 }),
    complete: true,
  })
  const va = 0xffff_c000_8200_0000n
  for (const event of eventsOf([write('pmd', va, BLOCK)])) state.apply(event)
  expect(state.lookup(va + 0x1ff_ffffn)).toMatchObject({ level: 'pmd', va })
  expect(state.lookup(va + 0x200_0000n)).toEqual({ found: 'empty' })
})
