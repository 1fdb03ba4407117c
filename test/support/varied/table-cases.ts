import { caseList, SOUND, UNFLUSHED, ro, linear } from './case.ts'
import { DBM, RW, RO, TABLE, type Scene } from './scene.ts'

/** Tables that are freed, and the linear aliases of an area. */
const { cases, add } = caseList()
export const TABLE_CASES = cases

// tables
add('table freed still linked', [['table-freed-in-use']], (t) => {
  const base = t.world.va
  const pa = 0x4_3800_0000n
  return t
    .add('init', { level: 'pmd', va: base, new: TABLE | pa, count: 1, pa_step: 0n })
    .init(RW, 1)
    .begin('pmd_clear', base, 1)
    .add('table_free', { level: 'pte', va: base, pa })
    .end('pmd_clear')
})
const unlink = (t: Scene, mid: (t: Scene) => Scene) => {
  const base = t.world.va
  const pa = 0x4_3800_0000n
  t.add('init', { level: 'pmd', va: base, new: TABLE | pa, count: 1, pa_step: 0n })
    .init(RW, 1)
    .begin('unmap', base, 1)
    .add('desc_write', { level: 'pmd', va: base, old: TABLE | pa, new: 0n })
  return mid(t).add('table_free', { level: 'pte', va: base, pa }).end('unmap')
}
add('table freed unflushed', [['table-freed-in-use']], (t) => unlink(t, (x) => x.barrier()), {
  also: ['flush-never', 'flush-missing'],
})
add(
  'table freed last-level flush',
  [['table-freed-in-use']],
  (t) => unlink(t, (x) => x.barrier().flush(x.at(0))),
  { also: ['flush-never', 'flush-missing'] },
)
add('table freed flushed', SOUND, (t) =>
  unlink(t, (x) => {
    x.barrier()
    if (x.world.style !== 'instructions')
      x.add('tlb_flush', { fn: '__flush_tlb_kernel_pgtable', va: x.at(0), end: x.at(1) })
    if (x.world.style === 'function') return x
    x.tlbi(x.at(0), 'vaae1is')
    return x.add('dsb', { scope: 'ish' }).add('isb')
  }),
)
// alias
const area = (t: Scene) => {
  t.init(RW, 2)
  linear(t)
  return t.add('area', {
    va: t.at(0),
    end: t.at(3),
    flags: '0x2',
    nr_pages: 2,
    pages: [{ pfn: '0x' + (t.world.pa / t.page).toString(16), count: 2 }] as never,
  })
}
const aliasOf = (t: Scene, p: number) => t.world.linear + BigInt(p) * t.page
const aliasRo = (t: Scene, p: number, old = RW, now = RO) =>
  t
    .walk(aliasOf(t, p), [[aliasOf(t, p), t.desc(old, p), t.desc(now, p)]])
    .barrier()
    .flush(aliasOf(t, p))
const RODATA_FULL = { features: { rodata_full: 1 } }
add(
  'alias changed',
  SOUND,
  (t) => {
    area(t).begin('set_memory_ro', t.at(0), 1)
    aliasRo(t, 0)
    return ro(t).barrier().flush(t.at(0)).end('set_memory_ro')
  },
  RODATA_FULL,
)
add(
  'alias forgotten',
  [['alias-mismatch']],
  (t) => {
    area(t).begin('set_memory_ro', t.at(0), 1)
    return ro(t).barrier().flush(t.at(0)).end('set_memory_ro')
  },
  RODATA_FULL,
)
add(
  'alias of another page',
  [['alias-mismatch']],
  (t) => {
    area(t).begin('set_memory_ro', t.at(0), 1)
    aliasRo(t, 1)
    return ro(t).barrier().flush(t.at(0)).end('set_memory_ro')
  },
  { ...RODATA_FULL, only: (w) => w.flavour === '7.3' },
)
add(
  'alias of one of two',
  [['alias-mismatch']],
  (t) => {
    area(t).begin('set_memory_ro', t.at(0), 2)
    aliasRo(t, 0)
    return t
      .walk(t.at(0), [
        [t.at(0), t.desc(RW, 0), t.desc(RO, 0)],
        [t.at(1), t.desc(RW, 1), t.desc(RO, 1)],
      ])
      .barrier()
      .flush(t.at(0), 2)
      .end('set_memory_ro')
  },
  RODATA_FULL,
)
add(
  'alias unflushed',
  UNFLUSHED,
  (t) => {
    area(t).begin('set_memory_ro', t.at(0), 1)
    t.walk(aliasOf(t, 0), [[aliasOf(t, 0), t.desc(RW, 0), t.desc(RO, 0)]]).barrier()
    return ro(t).barrier().flush(t.at(0)).end('set_memory_ro')
  },
  RODATA_FULL,
)
add(
  'alias writable',
  [['alias-mismatch', 'unasked-change']],
  (t) => {
    area(t).begin('set_memory_ro', t.at(0), 1)
    aliasRo(t, 0, RW, RW ^ (1n << 57n))
    return ro(t).barrier().flush(t.at(0)).end('set_memory_ro')
  },
  { ...RODATA_FULL, also: ['alias-mismatch', 'unasked-change'] },
)
add(
  'alias without DBM, still writable by AP[2]',
  [['alias-mismatch']],
  (t) => {
    area(t).begin('set_memory_ro', t.at(0), 1)
    aliasRo(t, 0, RW, RW & ~DBM)
    return ro(t).barrier().flush(t.at(0)).end('set_memory_ro')
  },
  RODATA_FULL,
)
add(
  'alias not asked for (rodata_full 0)',
  SOUND,
  (t) => {
    area(t).begin('set_memory_ro', t.at(0), 1)
    return ro(t).barrier().flush(t.at(0)).end('set_memory_ro')
  },
  { features: { rodata_full: 0 } },
)
