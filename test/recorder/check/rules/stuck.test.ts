import { describe, expect, test } from 'vitest'
import { BLOCK, brief, PAGE, RW_BLOCK, Script, TABLE, VMALLOC } from '../script.ts'

describe('wild-walk', () => {
  test('kernel_page_present() follows an invalid block', () => {
    const s = new Script().begin('kernel_page_present', VMALLOC)
    s.add('wild_deref', { fn: '__va', pa: 0x6_0000_0000n })
    expect(s.check('wild-walk')[0]?.message).toBe(
      'kernel_page_present follows 0x600000000, which is not a table',
    )
  })

  test('a callback below an entry that is a block', () => {
    const s = new Script().init('pmd', VMALLOC, RW_BLOCK, 1, BLOCK).begin('f', VMALLOC)
    s.walk(VMALLOC, VMALLOC + PAGE).enter('pte', VMALLOC)
    expect(brief(s.check('wild-walk'))).toEqual(['H10 error 3'])
  })

  test('near miss: the block was split into a table before', () => {
    const s = new Script().init('pmd', VMALLOC, RW_BLOCK, 1, BLOCK).begin('f', VMALLOC)
    s.write('pmd', VMALLOC, RW_BLOCK, TABLE)
      .walk(VMALLOC, VMALLOC + PAGE)
      .enter('pte', VMALLOC)
    expect(s.check('wild-walk')).toEqual([])
  })
})

const twice = (action: 'again' | 'subtree') => {
  const s = new Script().begin('f', VMALLOC).walk(VMALLOC, VMALLOC + BLOCK)
  s.enter('pmd', VMALLOC, VMALLOC + BLOCK).exit('pmd', VMALLOC, 0, action)
  s.enter('pmd', VMALLOC, VMALLOC + BLOCK).exit('pmd', VMALLOC, 0, 'subtree')
  return s.walked().end('f').check('repeated-callback')
}

describe('repeated-callback', () => {
  test('the same entry twice in one walk, unasked', () => {
    expect(brief(twice('subtree'))).toEqual(['H17 warning 2,4'])
  })

  test('near miss: it returned AGAIN, or another walk came by', () => {
    expect(twice('again')).toEqual([])
    const s = new Script().begin('f', VMALLOC)
    for (let i = 0; i < 2; i++)
      s.walk(VMALLOC, VMALLOC + PAGE)
        .enter('pte', VMALLOC)
        .exit('pte', VMALLOC)
        .walked()
    expect(s.end('f').check('repeated-callback')).toEqual([])
  })

  test('a livelock', () => {
    const s = new Script().begin('f', VMALLOC)
    s.add('livelock', { level: 'pmd', fn: 'observe_pmd_entry', va: VMALLOC, repeats: 9 })
    expect(s.check('repeated-callback')).toHaveLength(1)
  })
})
