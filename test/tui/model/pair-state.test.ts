import { expect, test } from 'vitest'
import type { EntryState, StateView } from '../../../packages/tui/src/data/data.ts'
import { mostTelling, pairStates } from '../../../packages/tui/src/model/pair-state.ts'

const RW = 0x68_0000_4000_0703n
const UNKNOWN = { left: null, right: null }
const RO = 0x60_0000_4000_0783n

const entry = (level: 'pmd' | 'pte', va: bigint, desc: bigint, here = false): EntryState => ({
  level,
  va,
  desc,
  changed: false,
  here,
})
const view = (near: EntryState[], path: EntryState[] = []): StateView => ({
  run: 1,
  seq: 0,
  path,
  near,
  ledger: [],
  around: null,
  map: null,
  more: null,
})

test('places are counted from the address looked at: modules lie elsewhere in another kernel', () => {
  const left = view([entry('pte', 0x1000n, RW), entry('pte', 0x2000n, RW, true)])
  const right = view([entry('pte', 0x9000n, RW | 0x7000n), entry('pte', 0xa000n, RO, true)])
  const pairs = pairStates(left, right, UNKNOWN)
  expect(pairs.map((p) => [p.left?.va, p.right?.va, p.differs])).toEqual([
    [0x1000n, 0x9000n, false],
    [0x2000n, 0xa000n, true],
  ])
})

test('a block on one side meets the table on the other; what one side never saw is no difference', () => {
  const left = view([entry('pmd', 0x20_0000n, 0x68_0000_4000_0701n, true)])
  const right = view(
    [entry('pte', 0x20_1000n, RW, true)],
    [entry('pmd', 0x20_0000n, 0x1400_6000_03n)],
  )
  const pairs = pairStates(left, right, UNKNOWN)
  expect(pairs.map((p) => [p.level, p.left !== null, p.right !== null, p.differs])).toEqual([
    ['pmd', true, true, true],
    ['pte', false, true, false],
  ])
  expect(pairStates(null, null, UNKNOWN)).toEqual([])
})

test('tables that one side alone showed stand above what they hold', () => {
  const left = view([entry('pte', 0x20_1000n, RW, true)])
  const right = view(
    [entry('pte', 0x20_0000n, RW), entry('pte', 0x20_1000n, RW, true)],
    [entry('pmd', 0x20_0000n, 0x1400_6000_03n)],
  )
  expect(pairStates(left, right, UNKNOWN).map((p) => [p.level, p.right?.va])).toEqual([
    ['pmd', 0x20_0000n],
    ['pte', 0x20_0000n],
    ['pte', 0x20_1000n],
  ])
})

test('what differs is shown before its neighbours, in the order of addresses', () => {
  const vas = [0x1000n, 0x2000n, 0x3000n, 0x4000n]
  const left = view(vas.map((va) => entry('pte', va, RW, va === 0x2000n)))
  const right = view(vas.map((va) => entry('pte', va, va === 0x4000n ? RO : RW, va === 0x2000n)))
  const shown = mostTelling(pairStates(left, right, UNKNOWN), 2)
  expect(shown.map((p) => p.left?.va)).toEqual([0x2000n, 0x4000n])
})
