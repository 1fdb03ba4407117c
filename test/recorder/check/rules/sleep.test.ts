import { describe, expect, test } from 'vitest'
import { brief, PAGE, Script, VMALLOC } from '../script.ts'

const valid = (s: Script) => s.begin('set_memory_valid', VMALLOC, 1, { enable: 0 })

describe('sleep-in-atomic', () => {
  test('the split mutex in softirq', () => {
    const s = valid(new Script().context('softirq')).lock('pgtable_split_lock', 'mutex')
    expect(
      brief(
        s.unlock('pgtable_split_lock', 'mutex').end('set_memory_valid').check('sleep-in-atomic'),
      ),
    ).toEqual(['H6 error 2'])
  })

  test('the mmap_lock, or an allocation, under a spinlock', () => {
    const s = new Script().begin('f', VMALLOC).lock('init_mm.page_table_lock', 'spin')
    s.lock('init_mm.mmap_lock', 'read').add('table_alloc', {
      level: 'pte',
      va: VMALLOC,
      pa: 0x1000n,
    })
    expect(brief(s.end('f').check('sleep-in-atomic'))).toEqual(['H6 error 1,2', 'H6 error 1,3'])
  })

  test('what the machine itself reports is counted once', () => {
    const s = valid(new Script().context('irq'))
    s.add('sleep_in_atomic', { fn: 'pgtable_split_lock', context: 'irq' }).lock(
      'pgtable_split_lock',
      'mutex',
    )
    expect(s.end('set_memory_valid').check('sleep-in-atomic')).toHaveLength(1)
  })

  test('a stock kernel shows it by the function that takes the lock', () => {
    const s = new Script({ source: 'ftrace' }).context('softirq')
    s.add('span_begin', { fn: '_vm_unmap_aliases', va: null, end: null })
    expect(s.check('sleep-in-atomic')[0]?.message).toContain('which takes vmap_purge_lock')
  })

  test('near miss: a spinlock in softirq, the mutex in task context, a spinlock that was released', () => {
    const s = new Script()
      .context('softirq')
      .begin('f', VMALLOC)
      .lock('init_mm.page_table_lock', 'spin')
    s.unlock('init_mm.page_table_lock', 'spin').context('task').lock('pgtable_split_lock', 'mutex')
    expect(s.end('f').check('sleep-in-atomic')).toEqual([])
  })
})

const walk = (fn: string, lock: boolean) => {
  const s = new Script({ features: { init_mm_locked: false } })
  if (lock) s.lock('init_mm.mmap_lock', 'read')
  return s.walk(VMALLOC, VMALLOC + PAGE, fn).walked(0, fn)
}

describe('walk-unlocked', () => {
  test('the locked walker without init_mm.mmap_lock', () => {
    expect(brief(walk('walk_kernel_page_table_range', false).check('walk-unlocked'))).toEqual([
      'H6 error 0',
    ])
  })

  test('near miss: with the lock, and the lockless walker without it', () => {
    expect(walk('walk_kernel_page_table_range', true).check('walk-unlocked')).toEqual([])
    expect(walk('walk_kernel_page_table_range_lockless', false).check('walk-unlocked')).toEqual([])
  })
})
