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
