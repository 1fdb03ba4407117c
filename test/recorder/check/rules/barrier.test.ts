import { describe, expect, test } from 'vitest'
import { BLOCK, brief, PAGE, RW, RW_BLOCK, Script, TABLE, VMALLOC } from '../script.ts'

const OFF = RW & ~1n
const enable = () => new Script().begin('set_memory_valid', VMALLOC, 1, { enable: 1 })

describe('barrier-missing', () => {
  test('an entry made valid, and no dsb before the call returns', () => {
    const s = enable().change('pte', VMALLOC, OFF, RW).end('set_memory_valid')
    expect(brief(s.check('barrier-missing'))).toEqual(['H5 error 2,4'])
  })

  test('near miss: the barrier comes', () => {
    const s = enable().change('pte', VMALLOC, OFF, RW).barrier().end('set_memory_valid')
    expect(s.check('barrier-missing')).toEqual([])
  })

  test('the end of lazy MMU mode is the last moment', () => {
    const s = enable().lazyEnter().change('pte', VMALLOC, OFF, RW).add('barrier_queue', {})
    expect(brief(s.lazyLeave().end('set_memory_valid').check('barrier-missing'))).toEqual([
      'H5 error 3,6',
    ])
  })

  test('near miss: the section goes on after the call', () => {
    const s = new Script().begin('lazy_enter', null).lazyEnter().end('lazy_enter')
    s.begin('set_memory_valid', VMALLOC, 1, { enable: 1 }).change('pte', VMALLOC, OFF, RW)
    s.end('set_memory_valid').begin('lazy_leave', null).barrier().lazyLeave().end('lazy_leave')
    expect(s.check('barrier-missing')).toEqual([])
  })

  test('near miss: a user entry, and one that was valid before, need none', () => {
    const user = RW & ~(1n << 54n)
    const s = enable()
      .change('pte', VMALLOC, user & ~1n, user)
      .end('set_memory_valid')
    expect(s.check('barrier-missing')).toEqual([])
    const again = enable().change('pte', VMALLOC, RW, RW).end('set_memory_valid')
    expect(again.check('barrier-missing')).toEqual([])
  })
})

const split = (dsb: boolean) => {
  const s = new Script({ features: { bbml: true } }).begin('split_kernel_leaf_mapping', VMALLOC, 1)
  s.write('pte', VMALLOC, 0n, RW).write('pte', VMALLOC + PAGE, 0n, RW + PAGE)
  if (dsb) s.add('dsb', { scope: 'ishst' })
  return s.write('pmd', VMALLOC, RW_BLOCK, TABLE).barrier().end('split_kernel_leaf_mapping')
}

describe('published-early', () => {
  test('a table is linked while its entries may not be visible', () => {
    expect(brief(split(false).check('published-early'))).toEqual(['H5 error 2,3'])
  })

  test('near miss: dsb(ishst) before it, as split_pmd() does', () => {
    expect(split(true).check('published-early')).toEqual([])
  })

  test('near miss: smp_wmb(), a dmb of stores, before it', () => {
    const s = new Script().begin('f', VMALLOC).write('pte', VMALLOC, 0n, RW)
    s.add('dmb', { scope: 'ishst' }).write('pmd', VMALLOC, RW_BLOCK, TABLE)
    expect(s.end('f').check('published-early')).toEqual([])
  })

  test('near miss: the stores were to another table', () => {
    const s = new Script().begin('f', VMALLOC).write('pte', VMALLOC + BLOCK, 0n, RW)
    expect(s.write('pmd', VMALLOC, 0n, TABLE).end('f').check('published-early')).toEqual([])
  })
})

describe('tlbi-unordered', () => {
  test('a TLBI by hand without dsb before and after it', () => {
    const s = new Script().begin('f', VMALLOC).write('pte', VMALLOC, RW, OFF).tlbi(VMALLOC).end('f')
    expect(brief(s.check('tlbi-unordered'))).toEqual(['H4 error 1,2', 'H4 error 2,3'])
  })

  test('near miss: dsb(ishst), TLBI, dsb(ish)', () => {
    const s = new Script().begin('f', VMALLOC).write('pte', VMALLOC, RW, OFF)
    s.add('dsb', { scope: 'ishst' }).tlbi(VMALLOC).add('dsb', { scope: 'ish' }).end('f')
    expect(s.check('tlbi-unordered')).toEqual([])
  })

  test('near miss: inside a flush function, whose barriers are no events', () => {
    const s = new Script().begin('f', VMALLOC).write('pte', VMALLOC, RW, OFF)
    s.flush(VMALLOC, VMALLOC + PAGE)
      .tlbi(VMALLOC)
      .end('f')
    expect(s.check('tlbi-unordered')).toEqual([])
  })
})
