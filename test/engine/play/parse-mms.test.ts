import { expect, test } from 'vitest'

import { InputError, parseScenario, runScenario } from '@pagetrail/engine'

const PAGE = { va: '0xaaaac0000000', level: 'pte', desc: '0xe8000500000f43' }
const VMA = { start: '0xaaaac0000000', end: '0xaaaac0002000' }
const MM = { name: 'task', init: [PAGE], vmas: [VMA] }
const RANGE = { addr: VMA.start, end: VMA.end, cb: 'null' }
const CALL = { fn: 'walk_page_range', mm: 'task', ...RANGE }
const parse = (mms: unknown, calls: readonly object[] = [CALL], more: object = {}) =>
  parseScenario({ mms, calls, ...more }, { flavour: '6.18' })

test('what is left out', () => {
  const [mm] = parse([{ name: 'task', vmas: [VMA] }]).mms
  expect(mm).toMatchObject({ name: 'task', mmapLock: 'write', init: [] })
  // PAGE_READONLY, without the address bits that are shareability elsewhere.
  expect(mm!.vmas[0]).toMatchObject({ kind: 'anon', prot: { lo: 0xfc3, hi: 0x600000 } })
  const geometry = { page_shift: 12, va_bits: 52 }
  expect(
    parse([{ name: 'task', vmas: [VMA] }], [CALL], { geometry }).mms[0]!.vmas[0],
  ).toMatchObject({ prot: { lo: 0xcc3, hi: 0x600000 } })
  expect(parse(undefined, []).mms).toEqual([])
})

const wrong: readonly (readonly [string, unknown, string])[] = [
  [
    'an address of the kernel',
    [{ ...MM, init: [{ ...PAGE, va: '0xffff8000c0000000' }] }],
    'mms[0].init[0].va: 0xffff8000c0000000 should be below 0x1000000000000',
  ],
  [
    'a run that leaves the lower half',
    [{ ...MM, init: [{ ...PAGE, va: '0xfffffffff000', count: 2 }] }],
    'mms[0].init[0].count: 0x1000000000fff should be below',
  ],
  [
    'a swap entry',
    [{ ...MM, init: [{ ...PAGE, level: 'pmd', desc: '0x1234560' }] }],
    'mms[0].init[0].desc: 0x1234560 is not present',
  ],
  ['two of one name', [MM, { ...MM, init: [] }], 'mms[1].name: "task" is the name of another one'],
  ['init_mm', [{ ...MM, name: 'init_mm' }], 'mms[0].name: "init_mm" is the name of another one'],
  [
    'one address in two',
    [MM, { ...MM, name: 'other' }],
    'mms[1].init[0].va: lies where task has entries',
  ],
  [
    'a VMA that ends before it starts',
    [{ ...MM, vmas: [{ start: VMA.end, end: VMA.start }] }],
    'mms[0].vmas[0].end: should be above its start',
  ],
  [
    'VMAs out of order',
    [{ ...MM, vmas: [VMA, VMA] }],
    'mms[0].vmas[1].start: should not be below the end of the one before',
  ],
  [
    'part of a page',
    [{ ...MM, vmas: [{ ...VMA, end: '0xaaaac0000800' }] }],
    'mms[0].vmas[0].end: should begin a page',
  ],
  [
    'another kind',
    [{ ...MM, vmas: [{ ...VMA, kind: 'hugetlb' }] }],
    'mms[0].vmas[0].kind: "hugetlb" should be one of anon, file, pfnmap',
  ],
  [
    'PROT_NONE',
    [{ ...MM, vmas: [{ ...VMA, prot: '0xf82' }] }],
    'mms[0].vmas[0].prot: without VALID (PROT_NONE) is not modelled',
  ],
  ['an unknown field', [{ ...MM, pgd: 1 }], 'mms[0].pgd: is not known here'],
  [
    'another mode',
    [{ ...MM, mmap_lock: 'held' }],
    'mms[0].mmap_lock: "held" should be one of write, read, none',
  ],
]

test.each(wrong)('%s is refused', (_, mms, message) => {
  expect(() => parse(mms)).toThrow(InputError)
  expect(() => parse(mms)).toThrow(message)
})

test('a call names an mm that there is', () => {
  expect(() => parse([], [CALL])).toThrow(
    'calls[0]: "task" is not one of `mms`: the scenario has none',
  )
  const pgd = { fn: 'walk_kernel_page_table_range', pgd: 'efi_mm', ...RANGE }
  expect(() => parse([MM], [pgd])).toThrow('calls[0]: "efi_mm" is not one of `mms`: has task')
  expect(() => parse([MM], [{ ...pgd, mm: 'task' }])).toThrow('calls[0].mm: is not known here')
  expect(() => parse([MM], [{ ...CALL, cb: 'own' }])).toThrow('calls[0].cb: "own" should be one of')
})

test('several CPUs have the tables of init_mm alone', () => {
  const several = { mms: [MM], cpus: [{ calls: [CALL] }] }
  expect(() => runScenario(several, { flavour: '7.3' })).toThrow(
    'mms: should be left out where there is `cpus`',
  )
})

test('an entry under a block, and entries where only the top table is', () => {
  const block = { ...PAGE, level: 'pmd', desc: '0xe8000500000f41' }
  const mms = [{ ...MM, init: [block, PAGE] }]
  expect(() => runScenario({ mms, calls: [CALL] }, { flavour: '7.3' })).toThrow(
    'mms[0].init[1]: 0xaaaac0000000 is already mapped by a pmd entry',
  )
})

test('beside them the start state of init_mm has kernel addresses', () => {
  expect(() => parse([MM], [], { init: [PAGE] })).toThrow(
    'init[0].va: 0xaaaac0000000 is an address of the lower half, where `mms` have theirs',
  )
})
