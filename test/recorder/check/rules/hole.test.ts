import { describe, expect, test } from 'vitest'
import { BLOCK, brief, PAGE, RO, RW, Script, TABLE, VMALLOC } from '../script.ts'

describe('materialised-entry', () => {
  test('attributes written into an empty PTE, such as the guard page', () => {
    const s = new Script().begin('set_memory_nx', VMALLOC).change('pte', VMALLOC, 0n, 1n << 53n)
    expect(brief(s.end('set_memory_nx').check('materialised-entry'))).toEqual(['H13 error 2'])
  })

  test('near miss: a store that leaves it empty, and a new table filled by a split', () => {
    const s = new Script().begin('set_memory_rw', VMALLOC).change('pte', VMALLOC, 0n, 0n)
    s.enter('pmd', VMALLOC, VMALLOC + BLOCK)
      .write('pte', VMALLOC, 0n, RW)
      .write('pmd', VMALLOC, 0n, TABLE)
    expect(s.exit('pmd', VMALLOC).end('set_memory_rw').check('materialised-entry')).toEqual([])
  })
})

const walk = (source: 'engine' | 'ftrace', pages: bigint) => {
  const s = new Script({ source })
    .begin('set_memory_ro', VMALLOC, 2)
    .walk(VMALLOC, VMALLOC + 2n * PAGE)
  for (let i = 0n; i < pages; i++) s.change('pte', VMALLOC + i * PAGE, RW, RO)
  return s.walked().end('set_memory_ro').report('skipped-hole')
}

describe('skipped-hole', () => {
  test('success, and part of the range was never visited', () => {
    const { findings } = walk('engine', 1n)
    expect(brief(findings)).toEqual(['H13 warning 1,5,6'])
    expect(findings[0]?.message).toContain(
      '4K of [0xffff8000c0000000, 0xffff8000c0002000) have no table',
    )
  })

  test('near miss: every page was visited', () => {
    expect(walk('engine', 2n).findings).toEqual([])
  })

  test('near miss: a walk that only looks at blocks passes over mapped pages', () => {
    const s = new Script().init('pte', VMALLOC, RW, 2).begin('set_memory_ro', VMALLOC, 2)
    s.walk(VMALLOC, VMALLOC + 2n * PAGE)
      .enter('pmd', VMALLOC)
      .exit('pmd', VMALLOC)
      .walked()
    s.walk(VMALLOC, VMALLOC + 2n * PAGE).change('pte', VMALLOC, RW, RO)
    s.change('pte', VMALLOC + PAGE, RW + PAGE, RO + PAGE)
      .walked()
      .end('set_memory_ro')
    expect(s.check('skipped-hole')).toEqual([])
  })

  test('a real trace does not tell what was mapped before: undecided', () => {
    expect(walk('ftrace', 1n).verdicts[0]).toMatchObject({
      status: 'undecided',
      missing: ['the page tables before the first call (init)'],
    })
  })
})
