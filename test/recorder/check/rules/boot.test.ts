import { describe, expect, test } from 'vitest'
import { brief, PAGE, RW_BLOCK, Script, VMALLOC } from '../script.ts'

const WINDOW = { bbml: false, cpu_bbml: true, caps_finalized: false }

function refused(flavour: string, features: typeof WINDOW) {
  const s = new Script({ flavour, features })
    .init('pmd', VMALLOC, RW_BLOCK)
    .begin('set_memory_nx', VMALLOC)
  s.walk(VMALLOC, VMALLOC + PAGE)
    .enter('pmd', VMALLOC)
    .exit('pmd', VMALLOC, -22)
  return s.walked(-22).end('set_memory_nx', -22).check('boot-window')
}

describe('boot-window', () => {
  test('7.3 refuses to split with -EBUSY', () => {
    const s = new Script({ features: WINDOW })
      .begin('set_memory_nx', VMALLOC)
      .end('set_memory_nx', -16)
    expect(brief(s.check('boot-window'))).toEqual(['H18 error 0,1'])
  })

  test('6.18 does not split, and the change meets the block', () => {
    expect(brief(refused('6.18', WINDOW))).toEqual(['H18 error 1,4,6'])
  })

  test('near miss: capabilities are final, or the flavour never splits', () => {
    expect(refused('6.18', { ...WINDOW, caps_finalized: true })).toEqual([])
    expect(refused('6.17', WINDOW)).toEqual([])
  })
})
