import { describe, expect, test } from 'vitest'
import { brief, CONT, PAGE, RO, RW, Script, VMALLOC } from '../script.ts'

/** 16 contiguous pages; those at the indices in `pages` are changed to what `to` gives. */
function change(pages: number[], to: (old: bigint) => bigint, fn = 'set_memory_ro') {
  const s = new Script().init('pte', VMALLOC, RW | CONT, 16).begin(fn, VMALLOC, 16)
  for (const i of pages) {
    const old = (RW | CONT) + BigInt(i) * PAGE
    s.change('pte', VMALLOC + BigInt(i) * PAGE, old, to(old))
  }
  return s.end(fn)
}
const all = Array.from({ length: 16 }, (_, i) => i)
const readOnly = (old: bigint) => old - RW + RO

describe('torn-span', () => {
  test('one page of a contiguous span made read-only, the bit kept (H2)', () => {
    const found = change([3], readOnly).check('torn-span')
    expect(brief(found)).toEqual(['H2 error 3'])
    expect(found[0]?.message).toBe(
      'the contiguous pte span [0xffff8000c0000000, 0xffff8000c0010000) is torn: the entry at ' +
        '0xffff8000c0000000 is valid and contiguous, the one at 0xffff8000c0003000 has other attributes',
    )
  })

  test('one page valid in an invalid span (H11)', () => {
    const s = new Script().init('pte', VMALLOC, (RW | CONT) & ~1n, 16)
    s.begin('set_memory_valid', VMALLOC, 1, { enable: 1 })
    s.change('pte', VMALLOC, (RW | CONT) & ~1n, RW | CONT).end('set_memory_valid')
    expect(brief(s.check('torn-span'))).toEqual(['H11 error 3'])
  })

  test('near miss: the whole span, and the access flag may differ', () => {
    expect(change(all, readOnly).check('torn-span')).toEqual([])
    expect(change([3], (old) => old & ~0x400n).check('torn-span')).toEqual([])
  })

  test('near miss: split first, then one page', () => {
    const s = new Script({ features: { bbml: true } }).init('pte', VMALLOC, RW | CONT, 16)
    s.begin('set_memory_ro', VMALLOC)
    for (const i of all) {
      const old = RW + BigInt(i) * PAGE
      s.write('pte', VMALLOC + BigInt(i) * PAGE, old | CONT, old)
    }
    s.change('pte', VMALLOC, RW, RO).end('set_memory_ro')
    expect(s.check('torn-span')).toEqual([])
  })

  test('is judged when no call is live: half a split is no finding', () => {
    const s = new Script({ features: { bbml: true } }).init('pte', VMALLOC, RW | CONT, 16)
    s.on(0)
      .begin('set_memory_ro', VMALLOC)
      .write('pte', VMALLOC, RW | CONT, RW)
    s.on(1)
      .begin('set_memory_nx', VMALLOC + 0x10_0000n)
      .end('set_memory_nx')
    s.on(0)
    for (const i of all.slice(1)) {
      const old = RW + BigInt(i) * PAGE
      s.write('pte', VMALLOC + BigInt(i) * PAGE, old | CONT, old)
    }
    expect(s.end('set_memory_ro').check('torn-span')).toEqual([])
  })
})

describe('mixed-span', () => {
  test('a whole span changed live is mixed between the first store and the last: a note', () => {
    expect(brief(change(all, readOnly).check('mixed-span'))).toEqual(['H2 note 3,48'])
  })

  test('near miss: made invalid, which is a break', () => {
    expect(change(all, (old) => old & ~1n, 'set_memory_valid').check('mixed-span')).toEqual([])
  })
})
