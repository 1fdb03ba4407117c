import { describe, expect, test } from 'vitest'
import { brief, LINEAR, PAGE, RO, RW, Script, VMALLOC } from '../script.ts'

/** An area of two pages and its linear alias; the call is for the first page and changes `aliases` aliases. */
function partOf(
  aliases: number,
  flavour: string,
  fn: 'set_memory_ro' | 'set_memory_rw' = 'set_memory_ro',
) {
  const [from, to] = fn === 'set_memory_ro' ? [RW, RO] : [RO, RW]
  const s = new Script({ flavour }).init('pte', VMALLOC, from, 2).init('pte', LINEAR, from, 2)
  s.begin(fn, VMALLOC)
  for (let i = 0n; i < aliases; i++)
    s.change('pte', LINEAR + i * PAGE, from + i * PAGE, to + i * PAGE)
  return s.change('pte', VMALLOC, from, to).end(fn).check('alias-mismatch')
}

/** One page of an area whose pages are known; `alias`: what is stored to its linear alias, null: nothing. */
const area = (alias: bigint | null, features: { readonly [name: string]: number }) => {
  const s = new Script({ features }).init('pte', VMALLOC, RW).init('pte', LINEAR, RW)
  s.add('area', {
    va: VMALLOC,
    end: VMALLOC + 2n * PAGE,
    flags: 2n,
    nr_pages: 1,
    pages: [{ pfn: '0x500040', count: 1 }],
  })
  s.begin('set_memory_ro', VMALLOC)
  if (alias !== null) s.change('pte', LINEAR, RW, alias)
  return s.change('pte', VMALLOC, RW, RO).end('set_memory_ro').check('alias-mismatch')
}

describe('alias-mismatch', () => {
  test('the alias of a page outside the range becomes read-only (up to 6.18)', () => {
    const found = partOf(2, '6.18')
    expect(brief(found)).toEqual(['H16 warning 2,12'])
    expect(found[0]?.va).toBe(LINEAR + PAGE)
  })

  test('the alias of a read-only page becomes writable: an error', () => {
    expect(partOf(2, '6.18', 'set_memory_rw')[0]).toMatchObject({ severity: 'error' })
  })

  test('an alias that was refused, and the error ignored', () => {
    const s = new Script({ flavour: '6.17' }).init('pte', VMALLOC, 0xe8_0006_0000_0703n)
    s.init('pmd', 0xffff_0002_0000_0000n, 0xe8_0006_0000_0701n, 1, 0x20_0000n)
    s.begin('set_memory_ro', VMALLOC).walk(
      0xffff_0002_0000_0000n,
      0xffff_0002_0000_1000n,
      'apply_to_page_range',
    )
    s.walked(-22, 'apply_to_page_range')
    s.change('pte', VMALLOC, 0xe8_0006_0000_0703n, 0xe0_0006_0000_0783n).end('set_memory_ro')
    expect(brief(s.check('alias-mismatch'))).toEqual(['H16 error 2,8'])
  })

  test('near miss: only the aliases of the range (7.3)', () => {
    expect(partOf(1, '7.3')).toEqual([])
  })

  test('with rodata_full an alias that nobody touched', () => {
    const found = area(null, { rodata_full: 1 })
    expect(brief(found)).toEqual(['H16 error 3,7'])
    expect(found[0]?.message).toContain('was not made read-only')
  })

  test('near miss: changed along, or without rodata_full', () => {
    expect(area(RO, { rodata_full: 1 })).toEqual([])
    expect(area(null, { rodata_full: 0 })).toEqual([])
  })
})
