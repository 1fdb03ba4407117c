import { caseList, SOUND, UNFLUSHED, UNASKED } from './case.ts'
import { USER, CONT, RW, RO, type World, type Scene } from './scene.ts'

/** Blocks, contiguous spans, splits, and what a table descriptor allows. */
const { cases, add } = caseList()
export const BLOCK_CASES = cases

// blocks and splits: what a pmd translates, and the block at the case's address
const pmdSize = (t: Scene) => t.page * (t.page / 8n)
const blockAt = (t: Scene) => (t.world.va / pmdSize(t)) * pmdSize(t)
const blockOf = (attributes: bigint, pa: bigint) => (attributes & ~2n) | pa
const BLOCK_PA = 0x8_0000_0000n
const entries = (t: Scene) => Number(t.page / 8n)
const blockCall = (t: Scene, fn: string, stores: [bigint, bigint][], args = {}) => {
  const b = blockAt(t)
  t.begin(fn, b, entries(t), args)
    .add('walk_begin', { fn: 'walk_kernel_page_table_range_lockless', va: b, end: b + pmdSize(t) })
    .add('cb_enter', {
      level: 'pmd',
      fn: 'pageattr_pmd_entry',
      va: b,
      end: b + pmdSize(t),
      val: stores[0]![0],
    })
  for (const [o, w] of stores) t.add('desc_write', { level: 'pmd', va: b, old: o, new: w })
  return t
    .add('cb_exit', { level: 'pmd', fn: 'pageattr_pmd_entry', va: b, ret: 0, action: 'continue' })
    .add('walk_end', { fn: 'walk_kernel_page_table_range_lockless', ret: 0 })
}
const withBlock = (t: Scene, a: bigint) =>
  t.add('init', { level: 'pmd', va: blockAt(t), new: blockOf(a, BLOCK_PA), count: 1, pa_step: 0n })
const SPLITTING = { only: (w: World) => w.flavour === '6.18' || w.flavour === '7.3' }
add(
  'block ro flushed',
  SOUND,
  (t) =>
    blockCall(withBlock(t, RW), 'set_memory_ro', [[blockOf(RW, BLOCK_PA), blockOf(RO, BLOCK_PA)]])
      .barrier()
      .flush(blockAt(t))
      .end('set_memory_ro'),
  SPLITTING,
)
add(
  'block ro unflushed',
  UNFLUSHED,
  (t) =>
    blockCall(withBlock(t, RW), 'set_memory_ro', [[blockOf(RW, BLOCK_PA), blockOf(RO, BLOCK_PA)]])
      .barrier()
      .end('set_memory_ro'),
  SPLITTING,
)
add(
  'block transient',
  UNFLUSHED,
  (t) =>
    blockCall(withBlock(t, RO), 'set_memory_ro', [
      [blockOf(RO, BLOCK_PA), blockOf(RW, BLOCK_PA)],
      [blockOf(RW, BLOCK_PA), blockOf(RO, BLOCK_PA)],
    ])
      .barrier()
      .end('set_memory_ro'),
  { ...SPLITTING, also: ['unasked-change'] },
)
add(
  'block emptied',
  UNASKED,
  (t) =>
    blockCall(withBlock(t, RW), 'set_memory_ro', [[blockOf(RW, BLOCK_PA), 0n]])
      .barrier()
      .flush(blockAt(t))
      .end('set_memory_ro'),
  { ...SPLITTING, also: ['silent-no-op'] },
)
add(
  'block also user',
  UNASKED,
  (t) =>
    blockCall(withBlock(t, RW), 'set_memory_ro', [
      [blockOf(RW, BLOCK_PA), blockOf(RO | USER, BLOCK_PA)],
    ])
      .barrier()
      .flush(blockAt(t))
      .end('set_memory_ro'),
  SPLITTING,
)
add(
  'block moved',
  UNASKED,
  (t) =>
    blockCall(withBlock(t, RW), 'set_memory_ro', [
      [blockOf(RW, BLOCK_PA), blockOf(RO, BLOCK_PA + pmdSize(t))],
    ])
      .barrier()
      .flush(blockAt(t))
      .end('set_memory_ro'),
  { ...SPLITTING, also: ['break-before-make'] },
)
const split = (
  t: Scene,
  odd: (i: number, v: bigint) => bigint,
  tail: (t: Scene) => Scene,
  dsb = true,
) => {
  const b = blockAt(t)
  withBlock(t, RW).begin('set_memory_ro', b + 3n * t.page, 1)
  for (let i = 0; i < entries(t); i++)
    t.add('desc_write', {
      level: 'pte',
      va: b + BigInt(i) * t.page,
      old: 0n,
      new: odd(i, RW | (BLOCK_PA + BigInt(i) * t.page)),
    })
  t.add('table_alloc', { level: 'pte', va: b, pa: 0x600000000n })
  if (dsb) t.barrier()
  t.add('desc_write', {
    level: 'pmd',
    va: b,
    old: blockOf(RW, BLOCK_PA),
    new: 0x1000_0000_0000_0403n | 0x600000000n,
  }).barrier()
  return tail(t)
}
const ro3 = (t: Scene) => {
  const va = blockAt(t) + 3n * t.page
  return t.walk(va, [[va, RW | (BLOCK_PA + 3n * t.page), RO | (BLOCK_PA + 3n * t.page)]]).barrier()
}
const WITH_BBML = { features: { bbml: 1, cpu_bbml: 1 }, ...SPLITTING }
add(
  'split, ro, flushed',
  SOUND,
  (t) =>
    split(
      t,
      (_, v) => v,
      (x) =>
        ro3(x)
          .flush(blockAt(x) + 3n * x.page)
          .end('set_memory_ro'),
    ),
  WITH_BBML,
)
add(
  'split, ro, unflushed',
  UNFLUSHED,
  (t) =>
    split(
      t,
      (_, v) => v,
      (x) => ro3(x).end('set_memory_ro'),
    ),
  WITH_BBML,
)
add(
  'split, ro, flushed page 4',
  UNFLUSHED,
  (t) =>
    split(
      t,
      (_, v) => v,
      (x) =>
        ro3(x)
          .flush(blockAt(x) + 4n * x.page)
          .end('set_memory_ro'),
    ),
  WITH_BBML,
)
add(
  'split makes page 3 ro, unflushed',
  [['flush-missing', 'unasked-change', 'break-before-make']],
  (t) =>
    split(
      t,
      (i, v) => (i === 3 ? RO | (BLOCK_PA + 3n * t.page) : v),
      (x) => x.end('set_memory_ro'),
    ),
  { ...WITH_BBML, also: ['break-before-make', 'unasked-change', 'flush-missing'] },
)
add(
  'split makes page 9 ro',
  UNASKED,
  (t) =>
    split(
      t,
      (i, v) => (i === 9 ? RO | (BLOCK_PA + 9n * t.page) : v),
      (x) =>
        ro3(x)
          .flush(blockAt(x) + 3n * x.page)
          .end('set_memory_ro'),
    ),
  { ...WITH_BBML, also: ['break-before-make', 'flush-missing', 'flush-never'] },
)
add(
  'split maps page 9 elsewhere',
  UNASKED,
  (t) =>
    split(
      t,
      (i, v) => (i === 9 ? v + 64n * t.page : v),
      (x) =>
        ro3(x)
          .flush(blockAt(x) + 3n * x.page)
          .end('set_memory_ro'),
    ),
  { ...WITH_BBML, also: ['break-before-make', 'flush-missing', 'flush-never'] },
)
add(
  'split linked before dsb',
  [['published-early']],
  (t) =>
    split(
      t,
      (_, v) => v,
      (x) =>
        ro3(x)
          .flush(blockAt(x) + 3n * x.page)
          .end('set_memory_ro'),
      false,
    ),
  WITH_BBML,
)
add(
  'split forgets page 9',
  UNASKED,
  (t) =>
    split(
      t,
      (i, v) => (i === 9 ? 0n : v),
      (x) =>
        ro3(x)
          .flush(blockAt(x) + 3n * x.page)
          .end('set_memory_ro'),
    ),
  { ...WITH_BBML, also: ['break-before-make', 'flush-missing', 'flush-never'] },
)
// contiguous
const spanOf = (t: Scene) =>
  ({ 12: 16, 14: 128, 16: 32 } as Record<number, number>)[t.world.pageShift]!
const withSpan = (t: Scene) => t.init(RW | CONT, spanOf(t))
const spanStores = (t: Scene, k: number) =>
  Array.from(
    { length: k },
    (_, i) => [t.at(i), t.desc(RW | CONT, i), t.desc(RO | CONT, i)] as const,
  )
const aligned = (w: World) => (w.va / (1n << BigInt(w.pageShift))) % 128n === 0n
add(
  'span ro flushed',
  SOUND,
  (t) =>
    withSpan(t)
      .begin('set_memory_ro', t.at(0), spanOf(t))
      .walk(t.at(0), spanStores(t, spanOf(t)))
      .barrier()
      .flush(t.at(0), spanOf(t))
      .end('set_memory_ro'),
  { only: aligned },
)
add(
  'span ro one page short',
  UNFLUSHED,
  (t) =>
    withSpan(t)
      .begin('set_memory_ro', t.at(0), spanOf(t))
      .walk(t.at(0), spanStores(t, spanOf(t)))
      .barrier()
      .flush(t.at(0), spanOf(t) - 1)
      .end('set_memory_ro'),
  { only: aligned },
)
add(
  'span one page ro',
  [['torn-span']],
  (t) =>
    withSpan(t)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), spanStores(t, 1))
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  { only: aligned, also: ['torn-span', 'flush-never'] },
)
// tables with limits
add(
  'APTable set, unflushed',
  [['flush-never', 'flush-missing', 'unasked-change']],
  (t) => {
    t.add('init', {
      level: 'pmd',
      va: blockAt(t),
      new: 0x1000_0000_0000_0403n | 0x600000000n,
      count: 1,
      pa_step: 0n,
    }).init(RW, 1, 'pte', blockAt(t))
    t.add('desc_write', {
      level: 'pmd',
      va: blockAt(t),
      old: 0x1000_0000_0000_0403n | 0x600000000n,
      new: 0x5000_0000_0000_0403n | 0x600000000n,
    }).barrier()
    return t
  },
  { also: ['break-before-make'] },
)
