import { describe, expect, test } from 'vitest'
import { BLOCK, brief, LINEAR, PAGE, RO, RW, RW_BLOCK, Script, VMALLOC } from '../script.ts'

/** Two calls at the same time, `gap` pages apart, four pages each; each stores to its first page. */
const two = (gap: bigint, fn = 'set_memory_nx') => {
  const other = VMALLOC + gap * PAGE
  const s = new Script().on(0).begin('set_memory_ro', VMALLOC, 4)
  s.on(1).begin(fn, other, 4, { enable: 1 })
  s.on(0).write('pte', VMALLOC, RW, RO)
  s.on(1).write('pte', other, RO, RO).end(fn)
  return s.on(0).end('set_memory_ro')
}

describe('overlapping-owners', () => {
  test('two live calls that change overlapping ranges', () => {
    const found = two(3n).check('overlapping-owners')
    expect(brief(found)).toEqual(['H12 error 0,1'])
    expect(found[0]).toMatchObject({ va: VMALLOC + 3n * PAGE, end: VMALLOC + 4n * PAGE })
  })

  test('near miss: they touch, or one has returned, or one only looks', () => {
    expect(two(4n).check('overlapping-owners')).toEqual([])
    expect(two(0n, 'walk_kernel_page_table_range').check('overlapping-owners')).toEqual([])
    const s = new Script().on(0).begin('set_memory_ro', VMALLOC).write('pte', VMALLOC, RW, RO)
    s.on(1).begin('set_memory_nx', VMALLOC).on(0).end('set_memory_ro')
    s.on(1).write('pte', VMALLOC, RO, RO).end('set_memory_nx')
    expect(s.check('overlapping-owners')).toEqual([])
  })

  test('the linear alias that a call walks is owned, too', () => {
    const s = new Script()
      .on(0)
      .begin('set_memory_ro', VMALLOC)
      .walk(LINEAR, LINEAR + PAGE)
    s.write('pte', LINEAR, RW, RO).on(1).begin('set_direct_map_invalid_noflush', LINEAR)
    s.write('pte', LINEAR, RO, RO & ~1n)
    // Whether the first is still running is not known before its return is seen.
    expect(s.report('overlapping-owners').verdicts[0]?.status).toBe('undecided')
    s.end('set_direct_map_invalid_noflush').on(0).end('set_memory_ro')
    expect(brief(s.check('overlapping-owners'))).toEqual(['H12 error 1,3'])
  })
})

const block = (pages: bigint) => {
  const s = new Script().begin('set_memory_ro', VMALLOC, Number(pages))
  s.walk(VMALLOC, VMALLOC + pages * PAGE)
  s.change('pmd', VMALLOC, RW_BLOCK, 0xe0_0006_0000_0781n, VMALLOC + pages * PAGE)
  return s.walked().end('set_memory_ro').check('stray-store')
}

describe('stray-store', () => {
  test('a block changed for a part of it', () => {
    expect(brief(block(1n))).toEqual(['H12 error 1,3'])
  })

  test('near miss: the whole block, and the alias inside its own walk', () => {
    expect(block(BLOCK / PAGE)).toEqual([])
    const s = new Script().begin('set_memory_ro', VMALLOC).walk(LINEAR, LINEAR + PAGE)
    s.change('pte', LINEAR, RW, RO).walked().end('set_memory_ro')
    expect(s.check('stray-store')).toEqual([])
  })

  test('near miss: a module that tells of no walks changes the alias of its page', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC).write('pte', LINEAR, RW, RO)
    s.write('pte', VMALLOC, RW, RO).end('set_memory_ro')
    expect(s.check('stray-store')).toEqual([])
  })

  test('near miss: a split clears the contiguous bit of neighbours', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC)
    s.write('pte', VMALLOC + PAGE, RW | (1n << 52n), RW).end('set_memory_ro')
    expect(s.check('stray-store')).toEqual([])
  })
})
