import { memorySource, versionsAt } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'
import { brief, CONT, LINEAR, PAGE, RO, RW, Script, TABLE, VMALLOC } from '../script.ts'

const INVALID = RW & ~1n

/** A contiguous span is made read-only, and so many of its pages are flushed. */
const span = (pages: number) => {
  const s = new Script().begin('set_memory_ro', VMALLOC, 16)
  for (let i = 0n; i < 16n; i++) {
    s.change('pte', VMALLOC + i * PAGE, (RW + i * PAGE) | CONT, (RO + i * PAGE) | CONT)
  }
  s.flush(VMALLOC, VMALLOC + 16n * PAGE)
  for (let i = 0n; i < pages; i++) s.tlbi(VMALLOC + i * PAGE)
  return s.end('set_memory_ro').check('flush-missing')
}

describe('flush-missing', () => {
  test('a call that made an entry read-only and returned without a flush owes one', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    s.change('pte', VMALLOC, RW, RO).end('set_memory_ro')
    const found = s.check('flush-missing')
    expect(brief(found)).toEqual(['H4 error 3,5'])
    expect(found[0]?.message).toContain(
      'TLBs may still allow what the tables forbid, at [0xffff8000c0000000, 0xffff8000c0001000) ' +
        '(1 store): nothing was flushed',
    )
  })

  test('near miss: the flush covers the entry', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    s.change('pte', VMALLOC, RW, RO)
      .flush(VMALLOC, VMALLOC + PAGE)
      .tlbi(VMALLOC)
      .end('set_memory_ro')
    expect(s.check('flush-missing')).toEqual([])
  })

  test('a flush of the page beside it pays nothing, and the finding says what was flushed', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    s.change('pte', VMALLOC, RW, RO)
      .flush(VMALLOC + PAGE, VMALLOC + 2n * PAGE)
      .tlbi(VMALLOC + PAGE)
    const found = s.end('set_memory_ro').check('flush-missing')
    expect(found[0]?.message).toContain('only [0xffff8000c0001000, 0xffff8000c0002000) was flushed')
  })

  test('a block is removed whole by a TLBI of any of its addresses, a contiguous span only page by page', () => {
    const block = 0xe8_0006_0000_0701n
    const one = new Script().begin('set_memory_valid', VMALLOC, 512, { enable: 0 })
    one.change('pmd', VMALLOC, block, block & ~1n, VMALLOC + 0x20_0000n)
    one.flush(VMALLOC, VMALLOC + 0x20_0000n).tlbi(VMALLOC + 5n * PAGE)
    expect(one.end('set_memory_valid').check('flush-missing')).toEqual([])
    expect(span(16)).toEqual([])
    expect(span(15)).toMatchObject([{ va: VMALLOC + 15n * PAGE, end: VMALLOC + 16n * PAGE }])
  })

  test('a middle version counts: read-only, writable, read-only again', () => {
    const s = new Script().init('pte', VMALLOC, RO).begin('set_memory_ro', VMALLOC)
    s.change('pte', VMALLOC, RO, RW).change('pte', VMALLOC, RW, RO)
    expect(brief(s.barrier().end('set_memory_ro').check('flush-missing'))).toEqual(['H4 error 6,9'])
  })

  test('what another call left counts in the range, wherever it was changed', () => {
    const s = new Script().begin('set_direct_map_invalid_noflush', LINEAR)
    s.change('pte', LINEAR, RO, RO & ~1n).end('set_direct_map_invalid_noflush')
    s.begin('set_memory_valid', LINEAR, 1, { enable: 1 })
    const found = s
      .change('pte', LINEAR, RO & ~1n, RW)
      .end('set_memory_valid')
      .check('flush-missing')
    // It forbids what the call was to enable.
    expect(brief(found)).toEqual(['H4 error 2,9'])
  })

  test('a TLBI before the store is ordered removes nothing, also on another CPU', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    s.change('pte', VMALLOC, RW, RO)
      .on(1)
      .flush(VMALLOC, VMALLOC + PAGE)
      .tlbi(VMALLOC)
    s.on(0).end('set_memory_ro')
    expect(s.check('flush-missing')).toHaveLength(1)
    const ordered = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    ordered.change('pte', VMALLOC, RW, RO).barrier()
    ordered
      .on(1)
      .flush(VMALLOC, VMALLOC + PAGE)
      .tlbi(VMALLOC)
      .barrier()
    ordered.on(0).end('set_memory_ro')
    expect(ordered.check('flush-missing')).toEqual([])
  })

  test('where TLBI are shown a flush function without one flushes nothing', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    s.change('pte', VMALLOC, RW, RO)
      .flush(VMALLOC, VMALLOC + PAGE)
      .end('set_memory_ro')
    expect(s.check('flush-missing')).toHaveLength(1)
  })

  test('where TLBI instructions are not seen, the range of the flush call counts', () => {
    const s = new Script({ source: 'ftrace' }).begin('set_memory_ro', VMALLOC)
    s.change('pte', VMALLOC, RW, RO)
      .flush(VMALLOC, VMALLOC + PAGE)
      .end('set_memory_ro')
    expect(s.report('flush-missing').verdicts[0]).toMatchObject({ status: 'clean' })
  })

  test('an instruction that is not broadcast pays nothing', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC).change('pte', VMALLOC, RW, RO)
    s.flush(VMALLOC, VMALLOC + PAGE)
      .tlbi(VMALLOC, 1, 'vaale1')
      .end('set_memory_ro')
    expect(s.check('flush-missing')).toHaveLength(1)
  })

  test('an entry that was invalid before owes nothing: a fault is never cached', () => {
    const s = new Script().begin('set_memory_valid', VMALLOC, 1, { enable: 1 })
    s.change('pte', VMALLOC, INVALID, RW).end('set_memory_valid')
    expect(s.check('flush-missing')).toEqual([])
  })

  test('a split owes nothing: the pieces translate as the block did', () => {
    const s = new Script({ features: { bbml: true } }).begin('set_memory_ro', VMALLOC)
    s.write('pmd', VMALLOC, 0xe8_0006_0000_0701n, TABLE).end('set_memory_ro')
    expect(s.check('flush-missing')).toEqual([])
  })

  test('a lean capture, which shows no flush at all, is undecided', () => {
    const s = new Script({ source: 'ftrace' }).begin('set_memory_ro', VMALLOC)
    s.change('pte', VMALLOC, RW, RO).end('set_memory_ro')
    const report = s.report('flush-missing')
    expect(report.findings).toEqual([])
    expect(report.verdicts[0]).toMatchObject({
      status: 'undecided',
      missing: ['TLB flushes (tlb_flush or tlbi)'],
    })
  })
})

const invalidate = () => {
  const s = new Script().begin('set_direct_map_invalid_noflush', LINEAR)
  return s.change('pte', LINEAR, RW, INVALID).end('set_direct_map_invalid_noflush')
}

describe('flush-never', () => {
  test('a _noflush call may leave it, but somebody has to flush before the run ends', () => {
    expect(brief(invalidate().check('flush-never'))).toEqual(['H4 error 2'])
    expect(invalidate().check('flush-missing')).toEqual([])
  })

  test('near miss: a later flush of everything pays', () => {
    const s = invalidate().flush(null, null).tlbi(null, null, 'vmalle1is')
    expect(s.check('flush-never')).toEqual([])
  })

  test('near miss: the entry gets back what TLBs may hold', () => {
    const s = invalidate().begin('set_direct_map_default_noflush', LINEAR)
    s.change('pte', LINEAR, INVALID, RW).end('set_direct_map_default_noflush')
    expect(s.check('flush-never')).toEqual([])
  })

  test('a run that was cut off does not tell whether the flush came', () => {
    const s = new Script({ state: 'interrupted' }).begin('set_direct_map_invalid_noflush', LINEAR)
    s.change('pte', LINEAR, RW, INVALID).end('set_direct_map_invalid_noflush')
    expect(s.report('flush-never').verdicts[0]).toMatchObject({
      status: 'undecided',
      missing: ['the end of the run, which was interrupted'],
    })
  })

  test('after a gap it does not blame what it cannot know', () => {
    const report = invalidate().add('gap', { lost: 7, reason: 'lost' }).report('flush-never')
    expect(report.findings).toEqual([])
    expect(report.verdicts[0]).toMatchObject({
      status: 'undecided',
      missing: ['the events that are missing at #5'],
    })
  })
})

const sourceOf = ({ events }: Script, source: 'ftrace' | 'engine' = 'engine') =>
  memorySource(
    {
      id: 1,
      label: '',
      source,
      state: 'complete',
      flavour: '7.3',
      kernel: null,
      scenario: null,
      geometry: null,
      facts: {},
      t0: null,
      created: 0,
      events: 0,
      calls: 0,
      lost: 0,
    },
    events,
  )

/** How many versions may be held before and after a span, of two that set_memory_ro leaves. */
function heldAround(source: 'ftrace' | 'engine', fn: string, pages: bigint): number[] {
  const s = new Script({ source }).begin('set_memory_ro', VMALLOC, 2)
  s.change('pte', VMALLOC, RW, RO)
    .change('pte', VMALLOC + PAGE, RW, RO)
    .end('set_memory_ro')
  s.add('span_begin', { fn, va: VMALLOC, end: VMALLOC + pages * PAGE })
  const run = sourceOf(s, source)
  return [versionsAt(run, s.events.length - 2).length, versionsAt(run).length]
}

test('what a capture shows as unmapped is not known any more, nor what was owed for it', () => {
  expect(heldAround('ftrace', '__vunmap_range_noflush', 2n)).toEqual([2, 0])
  expect(heldAround('ftrace', '__vunmap_range_noflush', 1n)).toEqual([2, 1])
  expect(heldAround('ftrace', '_vm_unmap_aliases', 2n)).toEqual([2, 2])
  // Where every store is an event they tell.
  expect(heldAround('engine', '__vunmap_range_noflush', 2n)).toEqual([2, 2])
})

test('versions that may be held are listed as they stand after an event', () => {
  const s = new Script().begin('set_memory_ro', VMALLOC, 2)
  s.change('pte', VMALLOC, RW, RO).change('pte', VMALLOC + PAGE, RW, RO)
  s.flush(VMALLOC, VMALLOC + 2n * PAGE)
    .tlbi(VMALLOC, 2, 'rvaale1is')
    .end('set_memory_ro')
  const source = sourceOf(s)
  expect(versionsAt(source, 1)).toEqual([])
  expect(versionsAt(source, 2)).toMatchObject([
    { seq: 2, va: VMALLOC, end: VMALLOC + PAGE, relation: 'too-much', stage: 'overwritten' },
  ])
  expect(versionsAt(source, 6)).toHaveLength(2)
  expect(versionsAt(source, 8).map(({ stage }) => stage)).toEqual(['leaving', 'leaving'])
  expect(versionsAt(source)).toEqual([])
})
