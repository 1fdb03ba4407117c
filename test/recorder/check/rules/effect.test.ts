import { describe, expect, test } from 'vitest'
import { BLOCK, brief, CONT, PAGE, RO, RW, RW_BLOCK, Script, TABLE, VMALLOC } from '../script.ts'

const OFF_BLOCK = RW_BLOCK & ~1n

describe('silent-no-op', () => {
  test('an invalid block stays invalid though set_memory_valid() returned 0', () => {
    const s = new Script({ flavour: '6.18' }).init('pmd', VMALLOC, OFF_BLOCK, 1, BLOCK)
    s.begin('set_memory_valid', VMALLOC, 512, { enable: 1 }).walk(VMALLOC, VMALLOC + BLOCK)
    s.enter('pmd', VMALLOC, VMALLOC + BLOCK)
      .exit('pmd', VMALLOC)
      .walked()
      .end('set_memory_valid')
    const found = s.check('silent-no-op')
    expect(brief(found)).toEqual(['H9 error 1,6'])
    expect(found[0]?.message).toContain('[0xffff8000c0000000, 0xffff8000c0200000) is not valid')
  })

  test('near miss: nothing was to do', () => {
    const s = new Script()
      .init('pte', VMALLOC, RO)
      .begin('set_memory_ro', VMALLOC)
      .end('set_memory_ro')
    expect(s.check('silent-no-op')).toEqual([])
  })

  test('near miss: the call failed, and said so', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
    expect(s.end('set_memory_ro', -22).check('silent-no-op')).toEqual([])
  })

  test('near miss: set_direct_map_*() without a walk: the direct map cannot be changed', () => {
    const s = new Script().init('pte', VMALLOC, RW).begin('set_direct_map_invalid_noflush', VMALLOC)
    expect(s.end('set_direct_map_invalid_noflush').check('silent-no-op')).toEqual([])
  })

  test('calls that overlap in time are judged when all have returned', () => {
    const s = new Script({ flavour: '6.18', features: { bbml: true } }).init(
      'pte',
      VMALLOC,
      RW | CONT,
      16,
    )
    s.on(0).begin('set_memory_ro', VMALLOC + PAGE)
    s.on(1)
      .begin('set_memory_ro', VMALLOC)
      .write('pte', VMALLOC, RW | CONT, RO | CONT)
      .end('set_memory_ro')
    s.on(0).write('pte', VMALLOC, RO | CONT, RW)
    s.write('pte', VMALLOC + PAGE, (RW + PAGE) | CONT, RO + PAGE).end('set_memory_ro')
    const found = s.check('silent-no-op')
    expect(found.map((f) => [f.op, f.message])).toEqual([
      [
        1,
        'set_memory_ro returned 0, but when all calls had returned [0xffff8000c0000000, 0xffff8000c0001000) is not read-only',
      ],
    ])
  })
})

const clear = (level: 'pmd' | 'pte', old: bigint) => {
  const s = new Script({ flavour: '6.17' }).begin('set_memory_ro', VMALLOC, 512)
  s.walk(VMALLOC, VMALLOC + BLOCK).add('bad_entry', { level: 'pmd', desc: old })
  return s.write(level, VMALLOC, old, 0n).walked().end('set_memory_ro').check('mapping-destroyed')
}

describe('mapping-destroyed', () => {
  test('a walk takes an invalid block for bad and clears it', () => {
    expect(brief(clear('pmd', OFF_BLOCK))).toEqual(['H9 error 0,3'])
  })

  test('near miss: the fixmap page of a top-level store, and a table put into an empty entry', () => {
    expect(clear('pte', RW)).toEqual([])
    const s = new Script().begin('set_memory_ro', VMALLOC).walk(VMALLOC, VMALLOC + PAGE)
    s.write('pmd', VMALLOC, 0n, TABLE).walked().end('set_memory_ro')
    expect(s.check('mapping-destroyed')).toEqual([])
  })
})
