import { expect, test } from 'vitest'

import { CostCounter } from '../../../packages/recorder/src/cost/costs.ts'
import { eventsOf, type Lean } from '../../support/sample-run.ts'

const HEAD: Lean = { kind: 'dsb', scope: 'ishst' }
const DSB: Lean = { kind: 'dsb', scope: 'ish' }
const ISB: Lean = { kind: 'isb' }
const tlbi = (insn: string, va: string | null, pages: number | null = null): Lean => ({
  kind: 'tlbi',
  insn,
  va,
  pages,
  scale: null,
  num: null,
})
const REPEAT = tlbi('vale1is', null)

const costs = (...list: Lean[]) => {
  const counter = new CostCounter(12)
  for (const event of eventsOf(list)) counter.add(event)
  return counter.costs({ shows: () => true, showsInSplits: () => true })
}

test('single instructions are counted as what they make together', () => {
  const flush = [HEAD, tlbi('rvaale1is', '0x1000', 3), DSB, REPEAT, DSB, ISB]
  expect(costs(HEAD, ISB, ...flush)).toMatchObject({
    barriers: 1,
    dsb: 0,
    flushes: 1,
    flushedPages: 3,
    fullFlushes: 0,
    tlbi: 1,
  })
})

test('what another event comes between is no barrier', () => {
  const store: Lean = { kind: 'desc_write', level: 'pte', va: '0x1000', old: '0x0', new: '0x3' }
  expect(costs(HEAD, store, ISB)).toMatchObject({ barriers: 0, dsb: 1 })
})

test('a flush of everything by single instructions', () => {
  const all = tlbi('vmalle1is', null)
  expect(costs(HEAD, all, DSB, ISB)).toMatchObject({ flushes: 1, fullFlushes: 1, flushedPages: 0 })
})

test('what is flushed for others is not the call’s', () => {
  const fn = '__purge_vmap_area_lazy'
  const inside = [HEAD, tlbi('vaale1is', '0x1000'), DSB, ISB]
  const begin: Lean = { kind: 'span_begin', fn, va: null, end: null }
  const end: Lean = { kind: 'span_end', fn, ret: null }
  expect(costs(begin, ...inside, end, ...inside)).toMatchObject({
    foreignFlushes: 1,
    flushes: 1,
    flushedPages: 1,
    tlbi: 1,
  })
})
