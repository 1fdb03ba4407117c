import { describe, expect, test } from 'vitest'
import { brief, RO, RW, Script, VMALLOC } from '../script.ts'

const extra = (flavour: string) => {
  const s = new Script({ flavour }).begin('lazy_leave', null).lazyEnter().lazyLeave().lazyLeave()
  return s.end('lazy_leave').check('lazy-unbalanced')
}

const lostInside = () => {
  const s = new Script({ flavour: '7.3' }).begin('f', null).lazyEnter()
  return s.add('gap', { reason: 'buffer overrun', lost: null })
}
const left = (s: Script) => s.lazyLeave().check('lazy-unbalanced')

describe('lazy-unbalanced', () => {
  test('an error path that does not leave', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC).lazyEnter().end('set_memory_ro', -22)
    expect(s.check('lazy-unbalanced').map((f) => f.message)).toEqual([
      'cpu0 is still in lazy MMU mode when the run ends: its barriers stay deferred',
      'set_memory_ro returned -22 having entered lazy MMU mode once too often',
    ])
  })

  test('a call without its end may still leave: it is not decided', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC).lazyEnter()
    const { findings, verdicts } = s.report('lazy-unbalanced')
    expect(findings).toEqual([])
    expect(verdicts[0]?.missing).toEqual(['the end of call 0, set_memory_ro'])
  })

  test('near miss: left on the error path', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC).lazyEnter().lazyLeave()
    expect(s.end('set_memory_ro', -22).check('lazy-unbalanced')).toEqual([])
  })

  test('near miss: in an interrupt an enter does nothing, and the task stays as it was', () => {
    const s = new Script().begin('set_memory_valid', VMALLOC, 1, { enable: 1 })
    s.add('lazy_mmu_enter', { depth: 0, ignored: true }).end('set_memory_valid')
    expect(s.check('lazy-unbalanced')).toEqual([])
  })

  test('a barrier that stays pending', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC).lazyEnter().add('barrier_queue', {})
    expect(brief(s.lazyLeave().end('set_memory_ro').check('lazy-unbalanced'))).toEqual([
      'H5 error 2,4',
    ])
  })

  test('one leave too many: the count of 7.3 wraps, the flag of 6.18 does not care', () => {
    expect(brief(extra('7.3'))).toEqual(['H5 error 1,3'])
    expect(extra('6.18')).toEqual([])
  })

  test('after a gap nobody knows how often it was entered, until a call of its own begins', () => {
    expect(left(lostInside())).toEqual([])
    expect(left(lostInside().lazyEnter().lazyLeave())).toEqual([])
    expect(left(lostInside().begin('g', null).lazyEnter().lazyLeave())).toHaveLength(1)
  })
})

const nested = (flavour: string, after: boolean) => {
  const s = new Script({ flavour }).begin('lazy_enter', null).lazyEnter().lazyEnter().lazyLeave()
  if (after) s.write('pte', VMALLOC, RW, RO).barrier()
  return s.lazyLeave().end('lazy_enter').check('lazy-nested')
}

describe('lazy-nested', () => {
  test('the inner leave ends the section of 6.18: later barriers are not deferred', () => {
    expect(brief(nested('6.18', true))).toEqual(['H5 note 1,3,6'])
  })

  test('near miss: nothing stored after it, and 7.3, which counts', () => {
    expect(nested('6.18', false)).toEqual([])
    expect(nested('7.3', true)).toEqual([])
  })
})

const alloc = (split: boolean) => {
  const s = new Script().begin('f', VMALLOC).lazyEnter()
  if (split) s.add('split', { level: 'pmd', va: VMALLOC })
  s.add('table_alloc', { level: 'pte', va: VMALLOC, pa: 0x14_0600_0000n })
  return s.lazyLeave().end('f').check('alloc-in-lazy')
}

describe('alloc-in-lazy', () => {
  test('a table allocated in lazy MMU mode', () => {
    expect(brief(alloc(false))).toEqual(['H14 warning 1,2'])
  })

  test('near miss: the split, which knows that it may sleep', () => {
    expect(alloc(true)).toEqual([])
  })
})
