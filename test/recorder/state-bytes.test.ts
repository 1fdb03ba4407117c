import { PageState } from '@pagetrail/recorder'
import { array, assert, constantFrom, integer, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'

import { loadState, saveState } from '../../packages/recorder/src/state-bytes.ts'

const entriesOf = (state: PageState): string[] => {
  const entries: string[] = []
  state.eachEntry((...entry) => entries.push(entry.join(' ')))
  return entries
}

test('a state comes back as it was saved', () => {
  // Few places, levels and values: neighbours that continue each other, and such that just do not.
  const entry = tuple(
    integer({ min: 0, max: 30 }),
    constantFrom(3, 4),
    constantFrom(0, 0x703, 0xfffff703),
    integer({ min: 0, max: 3 }),
  )
  assert(
    property(array(entry, { maxLength: 40 }), (entries) => {
      const state = new PageState({ complete: true })
      for (const [page, level, desc, step] of entries) {
        const size = state.entrySize(level)
        state.setEntry(level, -(2 ** 47) + page * size, (desc + step * page * size) >>> 0, 0x680000)
      }
      expect(entriesOf(loadState(saveState(state)))).toEqual(entriesOf(state))
    }),
  )
})

test('what is mapped in one piece is saved in one piece', () => {
  const state = new PageState({ complete: false })
  state.unplaced = 3
  for (let i = 0; i < 100_000; i++)
    state.setEntry(4, -(2 ** 47) + i * 4096, (i * 4096 + 0x703) >>> 0, 0x680000)
  const bytes = saveState(state)
  expect(bytes.length).toBeLessThan(100)
  expect(loadState(bytes)).toMatchObject({
    size: 100_000,
    complete: false,
    unplaced: 3,
    pageShift: 12,
  })
})

test('other bytes are refused', () => {
  const bytes = saveState(new PageState({ complete: true }))
  expect(() => loadState(bytes.subarray(4))).toThrow(/damaged/)
  expect(() => loadState(new Uint8Array([...bytes, 0, 0, 0, 0]))).toThrow(/damaged/)
})
