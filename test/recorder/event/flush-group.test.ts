import { describe, expect, test } from 'vitest'

import {
  FlushGroup,
  isForeign,
  isRepeat,
} from '../../../packages/recorder/src/event/flush-group.ts'
import { eventsOf, type Lean } from '../../support/sample-run.ts'

const HEAD: Lean = { kind: 'dsb', scope: 'ishst' }
const DSB: Lean = { kind: 'dsb', scope: 'ish' }
const ISB: Lean = { kind: 'isb' }
const STORE: Lean = { kind: 'desc_write', level: 'pte', va: '0x1000', old: '0x0', new: '0x3' }
const NO_RANGE = { pages: null, scale: null, num: null }
const TLBI: Lean = { kind: 'tlbi', insn: 'vaale1is', va: '0x1000', ...NO_RANGE }
const REPEAT: Lean = { kind: 'tlbi', insn: 'vale1is', va: null, ...NO_RANGE }
const INTERRUPT: Lean = { kind: 'context', fn: 'irq' }

const parts = (...list: Lean[]): string => {
  const group = new FlushGroup()
  return eventsOf(list)
    .map((event) => group.take(event))
    .join(' ')
}

describe('what an instruction is to those before it', () => {
  test.each([
    ['a barrier', [HEAD, ISB], 'head barrier'],
    ['a flush', [HEAD, TLBI, TLBI, DSB, ISB], 'head first more more end'],
    [
      'a flush with an erratum’s second TLBI',
      [HEAD, TLBI, DSB, REPEAT, DSB, ISB],
      'head first more more more end',
    ],
    [
      'a flush that an interrupt came into',
      [HEAD, INTERRUPT, TLBI, DSB, ISB],
      'head passing first more end',
    ],
    ['a flush of which no probe shows the TLBI', [HEAD, DSB, ISB], 'head bare bare'],
    ['a store between dsb and isb', [HEAD, STORE, ISB], 'head other alone'],
    ['a store between dsb and TLBI', [HEAD, STORE, TLBI, DSB, ISB], 'head other alone alone alone'],
    ['two heads, of which the first stays alone', [HEAD, HEAD, ISB], 'head head barrier'],
    ['a TLBI after a dsb of all', [DSB, TLBI, ISB], 'alone alone alone'],
    ['a group after another', [HEAD, ISB, HEAD, TLBI], 'head barrier head first'],
    [
      'a flush right behind another',
      [HEAD, TLBI, DSB, ISB, HEAD, TLBI, DSB, ISB],
      'head first more end head first more end',
    ],
    [
      'a TLBI right behind a flush',
      [HEAD, TLBI, DSB, ISB, TLBI, ISB],
      'head first more end alone alone',
    ],
    ['a flush that something ended', [HEAD, TLBI, STORE, TLBI], 'head first other alone'],
  ])('%s', (_, list, expected) => {
    expect(parts(...list)).toBe(expected)
  })

  test('the dsb before the next instruction, whatever it waits for', () => {
    const group = new FlushGroup()
    const seen = eventsOf([DSB, INTERRUPT, STORE, HEAD, ISB]).map((event) => {
      group.take(event)
      return group.before
    })
    expect(seen).toEqual([0, 0, -1, 3, -1])
  })
})

test.each([
  ['_vm_unmap_aliases', true],
  ['__purge_vmap_area_lazy', true],
  ['__purge_vmap_area_lazy.isra.0', true],
  ['purge_vmap_area_lazy_all', false],
  ['set_memory_ro', false],
  ['', false],
  [null, false],
])('%s works on what others left: %s', (fn, expected) => {
  expect(isForeign(fn)).toBe(expected)
})

test('a repeated TLBI has no address', () => {
  expect(isRepeat({ insn: 'vale1is', va: null })).toBe(true)
  expect(isRepeat({ insn: 'vale1is', va: 0x1000n })).toBe(false)
  expect(isRepeat({ insn: 'vmalle1is', va: null })).toBe(false)
})
