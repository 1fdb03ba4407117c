import { describe, expect, test } from 'vitest'
import { brief, CONT, PAGE, RO, RW, Script, TABLE, VMALLOC } from '../script.ts'

/** Two CPUs on one contiguous PTE: 0 splits (clears CONT) for another page, 1 makes the page read-only. */
function race(reads: boolean) {
  const s = new Script({ flavour: '6.18', features: { bbml: true } })
  s.init('pte', VMALLOC, RW | CONT, 16)
  s.on(0).begin('set_memory_ro', VMALLOC + 4n * PAGE)
  s.on(1).begin('set_memory_ro', VMALLOC)
  if (reads) {
    s.on(0).add('desc_read', { level: 'pte', va: VMALLOC, val: RW | CONT })
    s.on(1).add('desc_read', { level: 'pte', va: VMALLOC, val: RW | CONT })
  }
  s.on(1).write('pte', VMALLOC, RW | CONT, RO | CONT)
  s.on(0).write('pte', VMALLOC, RO | CONT, RW)
  s.on(1).end('set_memory_ro')
  return s.on(0).end('set_memory_ro')
}

describe('lost-update', () => {
  test('a store derived from a value that was read before another CPU stored', () => {
    const found = race(true).check('lost-update')
    expect(brief(found)).toEqual(['H7 error 3,5,6'])
    expect(found[0]?.message).toContain('which CPU 1 stored at event 5')
  })

  test('without loads in the trace: no change of that call makes this from what was there', () => {
    expect(brief(race(false).check('lost-update'))).toEqual(['H7 error 3,4'])
  })

  test('a callback of a real kernel read the entry on entry', () => {
    const s = new Script({ source: 'ftrace' }).begin('set_memory_nx', VMALLOC)
    s.add('cb_enter', {
      level: 'pte',
      fn: 'pageattr_pte_entry',
      va: VMALLOC,
      end: VMALLOC + PAGE,
      val: RW,
    })
    s.write('pte', VMALLOC, RO, RW).end('set_memory_nx')
    expect(brief(s.check('lost-update'))).toEqual(['H7 error 1,2'])
  })

  test('near miss: each CPU stores what it read last, changed as its call changes', () => {
    const s = new Script({ flavour: '6.18', features: { bbml: true } }).init(
      'pte',
      VMALLOC,
      RW | CONT,
    )
    s.on(0)
      .begin('set_memory_ro', VMALLOC + PAGE)
      .add('desc_read', { level: 'pte', va: VMALLOC, val: RW | CONT })
    s.write('pte', VMALLOC, RW | CONT, RW)
    s.on(1).begin('set_memory_ro', VMALLOC).add('desc_read', { level: 'pte', va: VMALLOC, val: RW })
    s.write('pte', VMALLOC, RW, RO).end('set_memory_ro')
    expect(s.on(0).end('set_memory_ro').check('lost-update')).toEqual([])
  })
})

test('near miss: a module whose set_memory_ro() also clears the access flag, alone', () => {
  const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC)
  s.write('pte', VMALLOC, RW, RO & ~0x400n).end('set_memory_ro')
  expect(s.check('lost-update')).toEqual([])
})

describe('lost-table', () => {
  test('two CPUs split one block: the second table replaces the first', () => {
    const s = new Script({ features: { bbml: true } }).write('pmd', VMALLOC, 0n, TABLE)
    expect(brief(s.write('pmd', VMALLOC, TABLE, TABLE + PAGE).check('lost-table'))).toEqual([
      'H7 error 0,1',
    ])
  })

  test('near miss: the entry keeps its table', () => {
    const s = new Script().write('pmd', VMALLOC, TABLE, TABLE | (1n << 59n))
    expect(s.check('lost-table')).toEqual([])
  })
})
