import { describe, expect, test } from 'vitest'
import { BLOCK, brief, CONT, PAGE, RO, RW, RW_BLOCK, Script, TABLE, VMALLOC } from '../script.ts'

const USER = 1n << 6n
const AF = 1n << 10n
const PXN = 1n << 53n

/** set_memory_ro() that stores `desc` where RW was. */
const ro = (desc: bigint) => {
  const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
  s.walk(VMALLOC, VMALLOC + PAGE)
    .change('pte', VMALLOC, RW, desc)
    .walked()
    .end('set_memory_ro')
  return s.check('unasked-change')
}

/** A block is split into pieces of which the fourth differs. */
const split = (third: bigint) => {
  const s = new Script({ features: { bbml: true } }).init('pmd', VMALLOC, RW_BLOCK, 1, BLOCK)
  s.begin('set_memory_ro', VMALLOC + BLOCK)
  const first = RW_BLOCK | 2n
  for (let i = 0n; i < 512n; i++) {
    const page = first + i * PAGE
    s.write('pte', VMALLOC + i * PAGE, 0n, i === 3n ? page + third : page)
  }
  return s.barrier().write('pmd', VMALLOC, RW_BLOCK, TABLE).end('set_memory_ro')
}

describe('unasked-change', () => {
  test.each([
    ['execution at EL1', RO & ~PXN],
    ['EL0 access', RO | USER],
    ['the access flag', RO & ~AF],
    ['the output address', RO + PAGE],
    ['the mapping is gone', 0n],
  ])('%s', (why, desc) => {
    const found = ro(desc)
    expect(brief(found)).toEqual(['H9 error 1,4'])
    expect(found[0]?.message).toContain(why)
  })

  test('the bits of the call, turned the other way', () => {
    const s = new Script().init('pte', VMALLOC, RO).begin('set_memory_ro', VMALLOC)
    s.change('pte', VMALLOC, RO, RW).change('pte', VMALLOC, RW, RO).end('set_memory_ro')
    expect(brief(s.check('unasked-change'))).toEqual(['H9 error 1,3'])
  })

  test('near miss: the bits of the call, and the contiguous bit that a split clears', () => {
    expect(ro(RO)).toEqual([])
    const s = new Script().init('pte', VMALLOC, RW | CONT).begin('set_memory_ro', VMALLOC)
    s.write('pte', VMALLOC, RW | CONT, RW)
      .write('pte', VMALLOC, RW, RO)
      .end('set_memory_ro')
    expect(s.check('unasked-change')).toEqual([])
  })

  test('an output address that changes while the entry is made invalid', () => {
    const s = new Script()
      .init('pte', VMALLOC, RW)
      .begin('set_memory_valid', VMALLOC, 1, { enable: 0 })
    s.change('pte', VMALLOC, RW, (RW & ~1n) + PAGE).end('set_memory_valid')
    expect(brief(s.check('unasked-change'))).toEqual(['H9 error 1,3'])
  })

  test('a walk takes an invalid block for bad and clears it; its table is another', () => {
    const off = RW_BLOCK & ~1n
    const s = new Script({ flavour: '6.17' }).begin('set_memory_ro', VMALLOC, 512)
    s.walk(VMALLOC, VMALLOC + BLOCK).add('bad_entry', { level: 'pmd', desc: off })
    s.write('pmd', VMALLOC, off, 0n).walked().end('set_memory_ro')
    expect(brief(s.check('unasked-change'))).toEqual(['H9 error 0,3'])
  })

  test('the pieces of a split say otherwise than the block did', () => {
    expect(split(0n).check('unasked-change')).toEqual([])
    expect(split(0x80n).check('unasked-change')[0]?.message).toContain('other permissions')
    expect(split(PAGE).check('unasked-change')[0]?.message).toContain('do not map what it mapped')
  })

  test('near miss: derived from another value than memory held is a lost update', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    s.add('desc_read', { level: 'pte', va: VMALLOC, val: RW })
    s.on(1).write('pte', VMALLOC, RW, RW & ~PXN)
    s.on(0)
      .write('pte', VMALLOC, RW & ~PXN, RO)
      .end('set_memory_ro')
    expect(s.check('unasked-change')).toEqual([])
    expect(s.check('lost-update')).toHaveLength(1)
  })

  test('near miss: the fixmap page of a store to the top table', () => {
    const fixmap = 0xffff_ffff_ff43_8000n
    const s = new Script().begin('set_memory_ro', VMALLOC).write('pte', fixmap, RW, 0n)
    expect(s.end('set_memory_ro').check('unasked-change')).toEqual([])
  })

  test('of a capture the masks of the callback count, also of one in an interrupt', () => {
    const s = new Script({ source: 'ftrace', flavour: '6.18' }).begin('set_memory_ro', VMALLOC)
    const callback = {
      level: 'pte',
      fn: 'pageattr_pte_entry',
      va: VMALLOC,
      end: VMALLOC + PAGE,
    } as const
    s.add('cb_enter', { ...callback, val: RW, set: 0n, clear: 1n }).write(
      'pte',
      VMALLOC,
      RW,
      RW & ~1n,
    )
    s.exit('pte', VMALLOC).end('set_memory_ro')
    expect(s.check('unasked-change')).toEqual([])
  })
})

describe('unseen-store', () => {
  test('a store replaces what no event has put there', () => {
    const s = new Script().init('pte', VMALLOC, RW).write('pte', VMALLOC, RO, RW)
    expect(brief(s.check('unseen-store'))).toEqual(['H7 error 1'])
  })

  test('near miss: a capture does not show every store', () => {
    const s = new Script({ source: 'ftrace' }).write('pte', VMALLOC, RO, RW)
    expect(s.write('pte', VMALLOC, RO, RW).check('unseen-store')).toEqual([])
  })
})
