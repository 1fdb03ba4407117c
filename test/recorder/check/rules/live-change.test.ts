import { describe, expect, test } from 'vitest'
import {
  BLOCK,
  brief,
  CONT,
  NG,
  PAGE,
  RO,
  RW,
  RW_BLOCK,
  Script,
  TABLE,
  VMALLOC,
} from '../script.ts'

const store = (level: 'pte' | 'pmd', old: bigint, desc: bigint, features = { bbml: false }) => {
  const s = new Script({ features }).begin('set_memory_ro', VMALLOC, 512)
  return s.write(level, VMALLOC, old, desc).end('set_memory_ro')
}

const remade = (flushed: boolean) => {
  const s = new Script().begin('f', VMALLOC).write('pte', VMALLOC, RW, 0n)
  if (flushed) s.flush(VMALLOC, VMALLOC + BLOCK).tlbi(VMALLOC, 512, 'rvaale1is')
  return s
    .write('pte', VMALLOC, 0n, RW + PAGE)
    .end('f')
    .check('break-before-make')
}

/** A contiguous page made read-only. */
const readOnly = (flavour: string) => {
  const s = new Script({ flavour })
    .begin('set_memory_ro', VMALLOC)
    .write('pte', VMALLOC, RW | CONT, RO | CONT)
  return s.end('set_memory_ro').check('unsafe-attribute-change')
}

describe('break-before-make', () => {
  test('a table over a live block, on CPUs without BBML2', () => {
    const found = store('pmd', RW_BLOCK, TABLE).check('break-before-make')
    expect(brief(found)).toEqual(['H3 error 1'])
    expect(found[0]?.message).toContain('got another size')
  })

  test('near miss: the same with BBML2 or BBML3', () => {
    expect(store('pmd', RW_BLOCK, TABLE, { bbml: true }).check('break-before-make')).toEqual([])
  })

  test('where the trace does not tell the CPUs, it is undecided', () => {
    const s = new Script({ source: 'ftrace' }).begin('set_memory_ro', VMALLOC)
    const [verdict] = s
      .write('pmd', VMALLOC, RW_BLOCK, TABLE)
      .end('set_memory_ro')
      .report('break-before-make').verdicts
    expect(verdict).toMatchObject({
      status: 'undecided',
      missing: ['whether the CPUs have BBML2 or BBML3'],
    })
  })

  test.each([
    ['output address', RW + PAGE],
    ['contiguous bit', RW | CONT],
    ['memory type', RW | 0x8n],
    ['shareability', RW & ~0x100n],
  ])('another %s', (what, desc) => {
    expect(store('pte', RW, desc).check('break-before-make')[0]?.message).toContain(
      `got another ${what} `,
    )
  })

  test('BBML allows size and contiguity, not another address', () => {
    expect(store('pte', RW, RW + PAGE, { bbml: true }).check('break-before-make')).toHaveLength(1)
  })

  test('non-global to global needs it, the other way does not', () => {
    expect(store('pte', RW | NG, RW).check('break-before-make')).toHaveLength(1)
    expect(store('pte', RW, RW | NG).check('break-before-make')).toEqual([])
  })

  test('near miss: permissions, and Normal to Tagged', () => {
    expect(store('pte', RW, RO).check('break-before-make')).toEqual([])
    expect(store('pte', RW, RW | 0x4n).check('break-before-make')).toEqual([])
  })

  test('broken but not flushed before it was made again', () => {
    expect(brief(remade(false))).toEqual(['H3 error 2'])
    expect(remade(true)).toEqual([])
  })
})

describe('unsafe-attribute-change', () => {
  const GP = 1n << 50n

  test('toggling GP on a live entry: a note, for the kernel does it', () => {
    const found = store('pte', RW, RW | GP).check('unsafe-attribute-change')
    expect(brief(found)).toEqual(['H3 note 1'])
    expect(found[0]?.message).toContain('because of GP')
  })

  test('7.3 no longer refuses contiguous entries as such, 6.18 does', () => {
    expect(readOnly('7.3')).toEqual([])
    expect(readOnly('6.18')).toHaveLength(1)
  })

  test('near miss: the same on an invalid entry', () => {
    expect(store('pte', RW & ~1n, (RW | GP) & ~1n).check('unsafe-attribute-change')).toEqual([])
  })
})
