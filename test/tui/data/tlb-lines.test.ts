import { type JsonObject, eventFromJson, PageState, TlbFold } from '@pagetrail/recorder'
import { expect, test } from 'vitest'
import { tlbRows } from '../../../packages/tui/src/data/tlb-lines.ts'

const RW = '0x68000040000703'
const RO = '0x60000040000783'
const VA = '0xffff800080000000'
const NEXT = '0xffff800080001000'

const fill = (cpu: number, desc: string, more: JsonObject = {}): JsonObject => ({
  kind: 'tlb_fill',
  cpu,
  level: 'pte',
  va: VA,
  end: NEXT,
  desc,
  ...more,
})
const write = (now: string): JsonObject => ({
  kind: 'desc_write',
  level: 'pte',
  va: VA,
  old: '0x0',
  new: now,
})
const tlbi: JsonObject = {
  kind: 'tlbi',
  insn: 'vaale1is',
  va: VA,
  pages: 1,
  scale: null,
  num: null,
}
const dsb = (scope: string): JsonObject => ({ kind: 'dsb', scope })

/** The pane's lines after these events, in which `!` leads what stands out. */
function after(...drafts: JsonObject[]): string[] {
  const fold = new TlbFold(12)
  const state = new PageState({ geometry: null, complete: true })
  for (const [seq, draft] of drafts.entries()) {
    const e = eventFromJson({ seq, cpu: 0, op: null, nest: 0, ...draft })
    fold.apply(e)
    state.apply(e)
  }
  return tlbRows(fold, () => state).map((l) => `${l.owed ? '! ' : ''}${l.text}`)
}

test('an entry with the same words that leads to another page stands out', () => {
  expect(after(write(RW), fill(1, RW), write('0x68000099000703'))).toEqual([
    '! cpu 1 TLB 0xffff800080000000 +1p rw-, tables say rw- at 0x99000000',
  ])
})

test('a run that models no TLB says nothing of it', () => {
  expect(after(write(RW), tlbi, dsb('ish'))).toEqual([])
})

test('an entry that says what the tables say is calm; an older one stands out', () => {
  expect(after(write(RW), fill(1, RW))).toEqual(['cpu 1 TLB 0xffff800080000000 +1p rw-'])
  expect(after(write(RW), fill(1, RW), write(RO))).toEqual([
    '! cpu 1 TLB 0xffff800080000000 +1p rw-, tables say r--',
  ])
  expect(after(write(RW), fill(1, RW), write('0x0'))).toEqual([
    '! cpu 1 TLB 0xffff800080000000 +1p rw-, tables say none',
  ])
})

test('a TLBI takes effect on all CPUs with the dsb(ish) of its own', () => {
  const held = [write(RW), fill(0, RW), fill(1, RW)]
  const pending = '! cpu 0: tlbi since #3 awaits its dsb'
  expect(after(...held, tlbi)[0]).toBe(pending)
  expect(after(...held, tlbi, dsb('ishst'))).toHaveLength(3)
  expect(after(...held, tlbi, { ...dsb('ish'), cpu: 1 })).toHaveLength(3)
  expect(after(...held, tlbi, dsb('ish'))).toEqual(['TLBs are empty'])
})

test('an eviction is of one CPU; a fill of the same range replaces', () => {
  const held = [write(RW), fill(0, RW), fill(1, RW)]
  expect(after(...held, { kind: 'tlb_evict', cpu: 1, va: VA })).toEqual([
    'cpu 0 TLB 0xffff800080000000 +1p rw-',
  ])
  expect(after(write(RW), fill(0, RO), fill(0, RW))).toHaveLength(1)
})

test('two sizes over one address stand out, wherever they came from', () => {
  const block = fill(0, '0x68000040000701', { level: 'pmd', end: '0xffff800080200000' })
  expect(after(write(RW), block, fill(0, RW))).toEqual([
    '! cpu 0 TLB 0xffff800080000000 +512p rw-, two sizes overlap',
    '! cpu 0 TLB 0xffff800080000000 +1p rw-, two sizes overlap',
  ])
})
