import { expect, test } from 'vitest'
import { BLOCK, brief, NG, PAGE, RW, RW_BLOCK, Script, TABLE, VMALLOC } from '../script.ts'

/** A present-invalid block (nG under KPTI) is split into entries like `piece`. */
function split(block: bigint, piece: bigint) {
  const s = new Script({ flavour: '6.18', features: { bbml: true } }).init(
    'pmd',
    VMALLOC,
    block,
    1,
    BLOCK,
  )
  s.begin('split_kernel_leaf_mapping', VMALLOC + PAGE)
  s.write('pte', VMALLOC, 0n, piece)
    .add('dsb', { scope: 'ishst' })
    .write('pmd', VMALLOC, block, TABLE)
  return s.end('split_kernel_leaf_mapping').check('split-validates')
}
const invalid = (RW_BLOCK | NG) & ~1n

test('an invalid block becomes valid pages', () => {
  expect(brief(split(invalid, RW | NG))).toEqual(['H10 error 2,4'])
})

test('near miss: the pieces stay invalid, or the block was valid', () => {
  expect(split(invalid, (RW | NG) & ~1n)).toEqual([])
  expect(split(RW_BLOCK, RW)).toEqual([])
})

/** The split of a process's huge page: off, TLBI, pages, on as a table. `first`: its event comes before. */
function withBreak(first: boolean) {
  const s = new Script({ flavour: '6.18' }).init('pmd', VMALLOC, RW_BLOCK, 1, BLOCK)
  s.begin('split', VMALLOC + PAGE)
  const event = () => s.add('split', { level: 'pmd', va: VMALLOC })
  if (first) event()
  s.write('pmd', VMALLOC, RW_BLOCK, invalid)
  if (!first) event()
  s.flush(VMALLOC, VMALLOC + BLOCK)
    .write('pte', VMALLOC, 0n, RW)
    .add('dmb', { scope: 'ishst' })
    .write('pmd', VMALLOC, invalid, TABLE)
  return s.end('split').check('split-validates')
}

test('a split that makes its block invalid itself, and valid again, is break-before-make', () => {
  expect(withBreak(true)).toEqual([])
  expect(brief(withBreak(false))).toEqual(['H10 error 5,7'])
})
