import { expect, describe, test } from 'vitest'
import { BLOCK, brief, PAGE, RO, RW, RW_BLOCK, Script, VMALLOC } from '../script.ts'

const EINVAL = -22
const B = VMALLOC + BLOCK

/** set_memory_ro over the two pages below a block and the first one in it. */
function halfDone() {
  const s = new Script().init('pte', B - 2n * PAGE, RW, 2).init('pmd', B, RW_BLOCK, 1, BLOCK)
  s.begin('set_memory_ro', B - 2n * PAGE, 3).walk(B - 2n * PAGE, B + PAGE)
  s.change('pte', B - 2n * PAGE, RW, RO).change('pte', B - PAGE, RW, RO)
  s.enter('pmd', B).add('warn', { fn: 'pageattr_pmd_entry', once: true, fired: true })
  return s.exit('pmd', B, EINVAL, 'subtree').walked(EINVAL).end('set_memory_ro', EINVAL)
}

describe('partial-block', () => {
  test('a range that ends inside a block is refused; the block, the part and the events are named', () => {
    const found = halfDone().check('partial-block')
    expect(brief(found)).toEqual(['H1 error 3,10,11,12,13'])
    expect(found[0]?.message).toContain('the 2M pmd block at 0xffff8000c0200000, covers 4K of it')
  })

  test('apply_to_page_range refuses a whole block, too', () => {
    const s = new Script({ flavour: '6.17' }).init('pmd', B, RW_BLOCK, 1, BLOCK)
    s.begin('set_memory_ro', B, 512).walk(B, B + BLOCK, 'apply_to_page_range')
    s.walked(EINVAL, 'apply_to_page_range').end('set_memory_ro', EINVAL)
    expect(s.check('partial-block')[0]?.message).toContain(
      'covers 2M of it and is refused with -EINVAL',
    )
  })

  test('near miss: the whole block is in the range', () => {
    const s = new Script().init('pmd', B, RW_BLOCK, 1, BLOCK).begin('set_memory_ro', B, 512)
    s.walk(B, B + BLOCK).change('pmd', B, RW_BLOCK, 0xe0_0006_0000_0781n, B + BLOCK)
    expect(s.walked().end('set_memory_ro').check('partial-block')).toEqual([])
  })

  test('near miss: -EINVAL for an empty range', () => {
    const s = new Script().init('pmd', B, RW_BLOCK, 1, BLOCK).begin('set_memory_ro', B, 0)
    expect(s.walk(B, B).walked(EINVAL).end('set_memory_ro', EINVAL).check('partial-block')).toEqual(
      [],
    )
  })
})

describe('half-changed', () => {
  test('entries before the error stay changed', () => {
    const found = halfDone().check('half-changed')
    expect(brief(found)).toEqual(['H1 error 5,8,14'])
    expect(found[0]?.message).toBe(
      'set_memory_ro returned -22, but 2 entries stay changed: [0xffff8000c01fe000, 0xffff8000c0200000)',
    )
  })

  test('near miss: a split that ran out of memory has changed no permission', () => {
    const s = new Script({ features: { bbml: true } }).begin('set_memory_ro', VMALLOC)
    s.write('pte', VMALLOC, RW | (1n << 52n), RW).end('set_memory_ro', -12)
    expect(s.check('half-changed')).toEqual([])
  })
})

const alias = (ret: number) => {
  const s = new Script({ flavour: '6.17' }).begin('set_memory_ro', VMALLOC)
  s.walk(B, B + PAGE, 'apply_to_page_range').walked(EINVAL, 'apply_to_page_range')
  return s.end('set_memory_ro', ret)
}

describe('ignored-error', () => {
  test('success although the walk of the alias failed', () => {
    expect(brief(alias(0).check('ignored-error'))).toEqual(['H16 error 1,2,3'])
  })

  test('near miss: the error is returned', () => {
    expect(alias(EINVAL).check('ignored-error')).toEqual([])
  })
})

describe('warned', () => {
  test('a WARN that printed is a finding, one whose latch had gone off is not', () => {
    const s = new Script().add('warn', { fn: 'change_memory_common', once: true, fired: true })
    s.add('warn', { fn: 'change_memory_common', once: true, fired: false })
    expect(s.check('warned').map((f) => f.message)).toEqual([
      'WARN_ON_ONCE in change_memory_common',
    ])
  })
})
