import { describe, expect, test } from 'vitest'
import { BLOCK, brief, Script, TABLE, VMALLOC } from '../script.ts'

const PA = 0x14_0600_0000n

/** vmap replaces a PTE table: clear, flush (or not), free, while CPU 1 walks there (or not). */
function free(flush: string | null, walking: boolean) {
  const s = new Script().on(1)
  if (walking) s.walk(VMALLOC, VMALLOC + BLOCK, 'walk_page_range_debug')
  s.on(0).begin('pmd_free_pte_page', VMALLOC).write('pmd', VMALLOC, TABLE, 0n)
  if (flush !== null) s.add('tlb_flush', { fn: flush, va: VMALLOC, end: VMALLOC + BLOCK })
  if (flush === 'flush_tlb_kernel_range') s.tlbi(VMALLOC, 512, 'rvaale1is')
  else if (flush !== null) s.tlbi(VMALLOC, 1, 'vaae1is')
  return s
    .add('table_free', { level: 'pte', va: VMALLOC, pa: PA })
    .end('pmd_free_pte_page')
    .check('table-freed-in-use')
}

describe('table-freed-in-use', () => {
  test('freed while another CPU walks it', () => {
    const found = free('__flush_tlb_kernel_pgtable', true)
    expect(brief(found)).toEqual(['H15 error 0,2,5'])
    expect(found[0]?.message).toContain(
      'was freed while walk_page_range_debug on CPU 1 walks there',
    )
  })

  test('freed before the walk cache was flushed; a last-level flush does not do', () => {
    expect(brief(free(null, false))).toEqual(['H15 error 1,2'])
    expect(brief(free('flush_tlb_kernel_range', false))).toEqual(['H15 error 1,4'])
  })

  test('freed while its entry still points to it', () => {
    const s = new Script().init('pmd', VMALLOC, TABLE).begin('pmd_free_pte_page', VMALLOC)
    s.add('table_free', { level: 'pte', va: VMALLOC, pa: PA }).end('pmd_free_pte_page')
    expect(brief(s.check('table-freed-in-use'))).toEqual(['H15 error 2'])
  })

  test('near miss: flushed, and nobody there; and a table that was never linked', () => {
    expect(free('__flush_tlb_kernel_pgtable', false)).toEqual([])
    const s = new Script().add('table_free', { level: 'pte', va: VMALLOC, pa: PA })
    expect(s.check('table-freed-in-use')).toEqual([])
  })
})
