import { describe, expect, test } from 'vitest'
import { brief, CONT, PAGE, RO, RW, Script, VMALLOC } from '../script.ts'

const ro = (old: bigint, desc: bigint) => {
  const s = new Script().begin('set_memory_ro', VMALLOC).change('pte', VMALLOC, old, desc)
  return s
    .flush(VMALLOC, VMALLOC + PAGE)
    .tlbi(VMALLOC)
    .end('set_memory_ro')
}

describe('needless-flush', () => {
  test('nothing that was changed could be in a TLB', () => {
    expect(brief(ro(RO, RO).check('needless-flush'))).toEqual(['H4 note 4,6'])
    expect(brief(ro(RW & ~1n, RW).check('needless-flush'))).toEqual(['H4 note 4,6'])
  })

  test('near miss: one debt is enough, and after a split the flush removes larger entries', () => {
    expect(ro(RW, RO).check('needless-flush')).toEqual([])
    expect(ro(RW | CONT, RW).check('needless-flush')).toEqual([])
  })

  test('near miss: a flush for what is not in the trace (vunmap), and a flush asked for by name', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC)
    s.add('tlb_flush', {
      fn: 'flush_tlb_kernel_range',
      va: VMALLOC,
      end: VMALLOC + PAGE,
      by: 'purge_vmap_area_lazy',
    })
    expect(s.end('set_memory_ro').check('needless-flush')).toEqual([])
    const asked = new Script()
      .begin('flush_tlb_kernel_range', VMALLOC)
      .flush(VMALLOC, VMALLOC + PAGE)
    expect(asked.end('flush_tlb_kernel_range').check('needless-flush')).toEqual([])
  })
})

describe('redundant-store', () => {
  test('stores that change nothing, counted for the call', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC, 2).change('pte', VMALLOC, RO, RO)
    s.change('pte', VMALLOC + PAGE, RW, RO).end('set_memory_ro')
    expect(s.check('redundant-store')[0]?.message).toBe(
      '1 of 2 stores of set_memory_ro wrote what was there: [0xffff8000c0000000, 0xffff8000c0001000)',
    )
  })

  test('near miss: every store changes its entry', () => {
    expect(ro(RW, RO).check('redundant-store')).toEqual([])
  })
})
