import { compareMappings, PageState } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { AREA, eventsOf, hex, initOf, KERNEL_RW, setMemoryRo } from '../../support/sample-run.ts'

const BLOCK_VA = 0xffff_8000_c020_0000n
const PMD = 0x68_0000_0000_0701n
const PA = 0x6_0000_0000n

function state(lists: readonly Parameters<typeof eventsOf>[0][], complete = true): PageState {
  const folded = new PageState({ geometry: null, complete })
  for (const list of lists) for (const event of eventsOf(list)) folded.apply(event)
  return folded
}
const init = (level: string, desc: bigint, count: number, step: bigint, va = BLOCK_VA) => ({
  kind: 'init',
  level,
  va: hex(va),
  new: hex(desc),
  count,
  pa_step: hex(step),
})

test('states folded alike are proved equal', () => {
  const one = state([[initOf(4)], setMemoryRo(2)])
  expect(compareMappings(one, state([[initOf(4)], setMemoryRo(2)]))).toEqual({
    differences: [],
    unknownBytes: 0,
  })
})

test('a difference is one range, however many entries it spans', () => {
  const { differences } = compareMappings(
    state([[initOf(6)]]),
    state([[initOf(6)], setMemoryRo(4)]),
  )
  expect(differences).toMatchObject([
    {
      va: AREA,
      end: AREA + 0x4000n,
      change: 'translation',
      left: { attributes: KERNEL_RW },
      right: { attributes: 0x60_0000_0000_0783n },
    },
  ])
})

test('a block and the pages that it was split into translate alike: only the shape differs', () => {
  const block = state([[init('pmd', PMD | PA, 1, 0n)]])
  const pages = state([[init('pte', KERNEL_RW | PA, 512, 0x1000n)]])
  expect(compareMappings(block, pages).differences).toMatchObject([
    {
      va: BLOCK_VA,
      end: BLOCK_VA + 0x20_0000n,
      change: 'shape',
      left: { level: 'pmd' },
      right: { level: 'pte' },
    },
  ])
  const elsewhere = state([[init('pte', KERNEL_RW | (PA + 0x1000n), 512, 0x1000n)]])
  expect(compareMappings(block, elsewhere).differences).toMatchObject([{ change: 'translation' }])
})

test('software bits are told apart from what hardware sees', () => {
  const dirty = state([[init('pmd', PMD | PA | (1n << 55n), 1, 0n)]])
  expect(compareMappings(dirty, state([[init('pmd', PMD | PA, 1, 0n)]])).differences).toMatchObject(
    [{ change: 'software' }],
  )
})

test('an entry that maps nothing differs in shape from none, and from another such entry', () => {
  const invalid = state([[init('pte', 0x68_0000_0000_0702n | PA, 1, 0n)]])
  const present = state([[init('pte', 0x68_0000_0000_0f02n | PA, 1, 0n)]])
  const readOnly = state([[init('pte', 0x68_0000_0000_0782n | PA, 1, 0n)]])
  // nG of an entry that maps nothing is how 7.3 writes it.
  expect(compareMappings(invalid, present).differences).toEqual([])
  expect(compareMappings(invalid, readOnly).differences).toMatchObject([{ change: 'shape' }])
  expect(compareMappings(invalid, state([])).differences).toMatchObject([
    { change: 'shape', right: null },
  ])
})

test('what one side has never seen is neither same nor different', () => {
  const seen = state([[init('pte', KERNEL_RW | PA, 2, 0x1000n)]], false)
  const other = state([[init('pte', KERNEL_RW | PA, 1, 0x1000n)]], false)
  expect(compareMappings(seen, other)).toEqual({ differences: [], unknownBytes: 0x1000 })
})
