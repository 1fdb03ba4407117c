import { describe, expect, test } from 'vitest'
import { BLOCK, brief, CONT, PAGE, RO, RW, RW_BLOCK, Script, VMALLOC } from '../script.ts'

const OFF_BLOCK = RW_BLOCK & ~1n

describe('silent-no-op', () => {
  test('an invalid block stays invalid though set_memory_valid() returned 0', () => {
    const s = new Script({ flavour: '6.18' }).init('pmd', VMALLOC, OFF_BLOCK, 1, BLOCK)
    s.begin('set_memory_valid', VMALLOC, 512, { enable: 1 }).walk(VMALLOC, VMALLOC + BLOCK)
    s.enter('pmd', VMALLOC, VMALLOC + BLOCK)
      .exit('pmd', VMALLOC)
      .walked()
      .end('set_memory_valid')
    const found = s.check('silent-no-op')
    expect(brief(found)).toEqual(['H9 error 1,6'])
    expect(found[0]?.message).toContain('[0xffff8000c0000000, 0xffff8000c0200000) is not valid')
  })

  test('near miss: nothing was to do', () => {
    const s = new Script()
      .init('pte', VMALLOC, RO)
      .begin('set_memory_ro', VMALLOC)
      .end('set_memory_ro')
    expect(s.check('silent-no-op')).toEqual([])
  })

  test('near miss: the call failed, and said so', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    expect(s.end('set_memory_ro', -22).check('silent-no-op')).toEqual([])
  })

  test('near miss: set_direct_map_*() without a walk: the direct map cannot be changed', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_direct_map_invalid_noflush', VMALLOC)
    expect(s.end('set_direct_map_invalid_noflush').check('silent-no-op')).toEqual([])
  })

  test('what was emptied since the call began, and a page that no callback was called for', () => {
    const emptied = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    emptied.change('pte', VMALLOC, RW, 0n).end('set_memory_ro')
    expect(brief(emptied.check('silent-no-op'))).toEqual(['H9 error 1,5'])
    const skipped = new Script({ source: 'ftrace', flavour: '6.18' })
    skipped.begin('set_memory_ro', VMALLOC, 3).walk(VMALLOC, VMALLOC + 3n * PAGE)
    skipped.change('pte', VMALLOC, RW, RO).change('pte', VMALLOC + 2n * PAGE, RW, RO)
    const found = skipped.walked().end('set_memory_ro').check('silent-no-op')
    expect(found).toMatchObject([{ va: VMALLOC + PAGE, end: VMALLOC + 2n * PAGE }])
  })

  test('near miss: while another call stays open, a later one changes the page again', () => {
    const s = new Script().init('pte', VMALLOC, RW).init('pte', VMALLOC + PAGE, RW)
    s.on(1).begin('set_memory_nx', VMALLOC + PAGE)
    s.on(0).begin('set_memory_ro', VMALLOC).change('pte', VMALLOC, RW, RO).end('set_memory_ro')
    // Part of a call on the area that this page is the alias of: the range it promises is another.
    s.begin('set_memory_rw', VMALLOC + 8n * PAGE)
      .change('pte', VMALLOC, RO, RW)
      .end('set_memory_rw')
    s.on(1).end('set_memory_nx')
    expect(brief(s.check('silent-no-op')).filter((line) => line.startsWith('H9 error 3'))).toEqual(
      [],
    )
  })

  test('kfence_protect_page() answers true whatever happened', () => {
    const s = new Script().init('pte', VMALLOC, RW)
    s.begin('kfence_protect_page', VMALLOC, 1, { protect: 1 }).end('kfence_protect_page', 1)
    expect(brief(s.check('silent-no-op'))).toEqual(['H9 error 1,2'])
  })

  test('a call that never returned leaves it undecided', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    expect(s.report('silent-no-op', 'flush-missing', 'barrier-missing').verdicts).toMatchObject(
      Array.from({ length: 3 }, () => ({
        status: 'undecided',
        missing: ['the end of call 0, set_memory_ro'],
      })),
    )
  })

  test('calls that overlap in time are judged when all have returned', () => {
    const s = new Script({ flavour: '6.18', features: { bbml: true } }).init(
      'pte',
      VMALLOC,
      RW | CONT,
      16,
    )
    s.on(0).begin('set_memory_ro', VMALLOC + PAGE)
    s.on(1)
      .begin('set_memory_ro', VMALLOC)
      .write('pte', VMALLOC, RW | CONT, RO | CONT)
      .end('set_memory_ro')
    s.on(0).write('pte', VMALLOC, RO | CONT, RW)
    s.write('pte', VMALLOC + PAGE, (RW + PAGE) | CONT, RO + PAGE).end('set_memory_ro')
    const found = s.check('silent-no-op')
    expect(found.map((f) => [f.op, f.message])).toEqual([
      [
        1,
        'set_memory_ro returned 0, but when all calls had returned ' +
          '[0xffff8000c0000000, 0xffff8000c0001000) is not read-only',
      ],
    ])
  })
})
