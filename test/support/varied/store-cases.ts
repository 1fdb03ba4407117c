import { caseList, SOUND, UNFLUSHED, UNASKED, off, switched } from './case.ts'
import { AF, USER, PXN, UXN, NG, CONT, DBM, RW, RO } from './scene.ts'

/** Stores: what a call was for, more than that, less than that, elsewhere. */
const { cases, add } = caseList()
export const STORE_CASES = cases

// transient
for (const [name, mid] of [
  ['rw', RW],
  ['user', RO | USER],
  ['exec', RO & ~PXN],
  ['uexec', RO & ~UXN],
] as const)
  add(
    `transient ${name} unflushed`,
    UNFLUSHED,
    (t) =>
      t
        .init(RO, 4)
        .begin('set_memory_ro', t.at(0), 1)
        .walk(t.at(0), [
          [t.at(0), t.desc(RO, 0), t.desc(mid, 0)],
          [t.at(0), t.desc(mid, 0), t.desc(RO, 0)],
        ])
        .barrier()
        .end('set_memory_ro'),
    { also: ['unasked-change'] },
  )
add(
  'transient rw flushed',
  UNASKED,
  (t) =>
    t
      .init(RO, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [
        [t.at(0), t.desc(RO, 0), t.desc(RW, 0)],
        [t.at(0), t.desc(RW, 0), t.desc(RO, 0)],
      ])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  { also: ['unasked-change'] },
)
add('transient rw by walker', [['flush-never']], (t) =>
  t
    .init(RO, 4)
    .begin('walk_kernel_page_table_range_lockless', t.at(0), 1)
    .walk(t.at(0), [
      [t.at(0), t.desc(RO, 0), t.desc(RW, 0)],
      [t.at(0), t.desc(RW, 0), t.desc(RO, 0)],
    ])
    .barrier()
    .end('walk_kernel_page_table_range_lockless'),
)
add('transient rw outside calls', [['flush-never']], (t) =>
  t
    .init(RO, 4)
    .add('desc_write', { level: 'pte', va: t.at(0), old: t.desc(RO, 0), new: t.desc(RW, 0) })
    .add('desc_write', { level: 'pte', va: t.at(0), old: t.desc(RW, 0), new: t.desc(RO, 0) })
    .barrier(),
)
add('transient rw in a call flushed between', SOUND, (t) =>
  t
    .init(RO, 4)
    .begin('set_memory_rw', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(RO, 0), t.desc(RW, 0)]])
    .barrier()
    .flush(t.at(0))
    .end('set_memory_rw')
    .begin('set_memory_ro', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0)]])
    .barrier()
    .flush(t.at(0))
    .end('set_memory_ro'),
)
add('rw then ro, second unflushed', UNFLUSHED, (t) =>
  t
    .init(RO, 4)
    .begin('set_memory_rw', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(RO, 0), t.desc(RW, 0)]])
    .barrier()
    .flush(t.at(0))
    .end('set_memory_rw')
    .begin('set_memory_ro', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0)]])
    .barrier()
    .end('set_memory_ro'),
)
add('rw unflushed (too-little)', UNFLUSHED, (t) =>
  t
    .init(RO, 4)
    .begin('set_memory_rw', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(RO, 0), t.desc(RW, 0)]])
    .barrier()
    .end('set_memory_rw'),
)
add(
  'transient off',
  UNASKED,
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [
        [t.at(0), t.desc(RW, 0), t.desc(RW & ~1n, 0)],
        [t.at(0), t.desc(RW & ~1n, 0), t.desc(RO, 0)],
      ])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  { also: ['unasked-change'] },
)
// emptied
add(
  'pte emptied',
  UNASKED,
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [[t.at(0), t.desc(RW, 0), 0n]])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  { also: ['silent-no-op'] },
)
add(
  'second pte emptied by nx',
  UNASKED,
  (t) =>
    t
      .init(RW & ~PXN, 4)
      .begin('set_memory_nx', t.at(0), 2)
      .walk(t.at(0), [
        [t.at(0), t.desc(RW & ~PXN, 0), t.desc(RW, 0)],
        [t.at(1), t.desc(RW & ~PXN, 1), 0n],
      ])
      .barrier()
      .flush(t.at(0), 2)
      .end('set_memory_nx'),
  { also: ['silent-no-op'] },
)
// altered bits
for (const [name, f] of [
  ['exec', (v: bigint) => v & ~PXN],
  ['user', (v: bigint) => v | USER],
  ['af', (v: bigint) => v & ~AF],
  ['uexec', (v: bigint) => v & ~UXN],
  ['attr', (v: bigint) => v | (4n << 2n)],
  ['addr', (v: bigint) => v + (1n << 17n)],
  ['sw', (v: bigint) => v ^ (1n << 56n)],
  ['gp', (v: bigint) => v | (1n << 50n)],
  ['ng', (v: bigint) => v | NG],
  ['cont', (v: bigint) => v | CONT],
] as const) {
  add(
    `ro also ${name}`,
    UNASKED,
    (t) =>
      t
        .init(RW, 4)
        .begin('set_memory_ro', t.at(0), 1)
        .walk(t.at(0), [[t.at(0), t.desc(RW, 0), f(t.desc(RO, 0))]])
        .barrier()
        .flush(t.at(0))
        .end('set_memory_ro'),
    {
      also: [
        'break-before-make',
        'unsafe-attribute-change',
        'torn-span',
        'silent-no-op',
        'spurious-fault',
      ],
    },
  )
  // nG of an entry that maps nothing is how 7.3 marks it.
  if (name === 'ng') continue
  add(`valid0 also ${name}`, UNASKED, (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_valid', t.at(0), 1, { enable: 0 })
      .walk(t.at(0), [[t.at(0), t.desc(RW, 0), f(t.desc(RW & ~1n, 0))]])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_valid'),
  )
}
add('nx also writes', UNASKED, (t) =>
  t
    .init(RO & ~PXN, 4)
    .begin('set_memory_nx', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(RO & ~PXN, 0), t.desc(RW, 0)]])
    .barrier()
    .flush(t.at(0))
    .end('set_memory_nx'),
)
add('rox', SOUND, (t) =>
  t
    .init(RW, 4)
    .begin('set_memory_rox', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO & ~PXN, 0)]])
    .barrier()
    .flush(t.at(0))
    .end('set_memory_rox'),
)
add('rox in two walks', SOUND, (t) =>
  t
    .init(RW, 4)
    .begin('set_memory_rox', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0)]])
    .barrier()
    .flush(t.at(0))
    .walk(t.at(0), [[t.at(0), t.desc(RO, 0), t.desc(RO & ~PXN, 0)]])
    .barrier()
    .flush(t.at(0))
    .end('set_memory_rox'),
)
add('rox forgets x', [['silent-no-op']], (t) =>
  t
    .init(RW, 4)
    .begin('set_memory_rox', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0)]])
    .barrier()
    .flush(t.at(0))
    .end('set_memory_rox'),
)
// no-op
add('returned 0 nothing done', [['silent-no-op']], (t) =>
  t.init(RW, 4).begin('set_memory_ro', t.at(0), 1).end('set_memory_ro'),
)
add('second page left', [['silent-no-op']], (t) =>
  t
    .init(RW, 4)
    .begin('set_memory_ro', t.at(0), 2)
    .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0)]], 2)
    .barrier()
    .flush(t.at(0), 2)
    .end('set_memory_ro'),
)
add('failed, nothing done', SOUND, (t) =>
  t.init(RW, 4).begin('set_memory_ro', t.at(0), 1).end('set_memory_ro', -22),
)
add(
  'failed half, unflushed',
  UNFLUSHED,
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 2)
      .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0)]], 2)
      .barrier()
      .end('set_memory_ro', -22),
  { also: ['half-changed'] },
)
add(
  'failed half, flushed',
  [['half-changed']],
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 2)
      .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0)]], 2)
      .barrier()
      .flush(t.at(0), 2)
      .end('set_memory_ro', -22),
  { also: ['half-changed'] },
)
// off/on
add('off on', SOUND, (t) =>
  switched(
    switched(t.init(RW, 4), 0, RW, off(t)).flush(t.at(0)).end('set_memory_valid'),
    1,
    off(t),
    RW,
  ).end('set_memory_valid'),
)
add('off unflushed', UNFLUSHED, (t) =>
  switched(t.init(RW, 4), 0, RW, off(t)).end('set_memory_valid'),
)
add('off unflushed, on again same', UNFLUSHED, (t) =>
  switched(switched(t.init(RW, 4), 0, RW, off(t)).end('set_memory_valid'), 1, off(t), RW).end(
    'set_memory_valid',
  ),
)
add('off on another page', UNASKED, (t) =>
  t
    .init(RW, 4)
    .begin('set_memory_valid', t.at(0), 1, { enable: 0 })
    .walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(off(t), 1)]])
    .barrier()
    .flush(t.at(0))
    .end('set_memory_valid')
    .begin('set_memory_valid', t.at(0), 1, { enable: 1 })
    .walk(t.at(0), [[t.at(0), t.desc(off(t), 1), t.desc(RW, 1)]])
    .barrier()
    .end('set_memory_valid'),
)
add('off, on maps another page', UNASKED, (t) =>
  switched(t.init(RW, 4), 0, RW, off(t))
    .flush(t.at(0))
    .end('set_memory_valid')
    .begin('set_memory_valid', t.at(0), 1, { enable: 1 })
    .walk(t.at(0), [[t.at(0), t.desc(off(t), 0), t.desc(RW, 1)]])
    .barrier()
    .end('set_memory_valid'),
)
add('on as read-only', UNASKED, (t) =>
  t
    .init(off(t), 4)
    .begin('set_memory_valid', t.at(0), 1, { enable: 1 })
    .walk(t.at(0), [[t.at(0), t.desc(off(t), 0), t.desc(RO, 0)]])
    .barrier()
    .end('set_memory_valid'),
)
// lost update
add(
  'lost update',
  [['lost-update']],
  (t) => {
    const x = RW & ~UXN
    t.init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .add('walk_begin', { fn: 'walk_kernel_page_table_range_lockless', va: t.at(0), end: t.at(1) })
      .add('cb_enter', {
        level: 'pte',
        fn: 'pageattr_pte_entry',
        va: t.at(0),
        end: t.at(1),
        val: t.desc(RW, 0),
      })
      .on(1)
      .add('desc_write', { level: 'pte', va: t.at(0), old: t.desc(RW, 0), new: t.desc(x, 0) })
      .barrier()
      .flush(t.at(0))
      .on(0)
      .add('desc_write', { level: 'pte', va: t.at(0), old: t.desc(x, 0), new: t.desc(RO, 0) })
      .add('cb_exit', { level: 'pte', fn: 'pageattr_pte_entry', va: t.at(0), ret: 0, action: null })
      .add('walk_end', { fn: 'walk_kernel_page_table_range_lockless', ret: 0 })
      .barrier()
      .flush(t.at(0))
    return t.end('set_memory_ro')
  },
  { also: ['overlapping-owners'] },
)
add('other changed before the read', SOUND, (t) => {
  const x = (RW & ~(1n << 56n)) ^ (1n << 57n)
  t.init(RW, 4)
    .on(1)
    .add('desc_write', { level: 'pte', va: t.at(0), old: t.desc(RW, 0), new: t.desc(x, 0) })
    .barrier()
    .flush(t.at(0))
    .add('access', { mode: 'read', va: t.at(3), outcome: 'ok', stale: false })
    .on(0)
    .begin('set_memory_ro', t.at(0), 1)
    .walk(t.at(0), [[t.at(0), t.desc(x, 0), t.desc((x & ~DBM) | 0x80n, 0)]])
    .barrier()
    .flush(t.at(0))
  return t.end('set_memory_ro')
})
// outside the range
add(
  'stores outside its range',
  UNASKED,
  (t) => {
    t.init(RW, 4).begin('set_memory_ro', t.at(0), 1)
    t.walk(t.at(0), [[t.at(0), t.desc(RW, 0), t.desc(RO, 0)]])
    t.walk(t.at(2), [[t.at(2), t.desc(RW, 2), t.desc(RO, 2)]])
    return t.barrier().flush(t.at(0)).flush(t.at(2)).end('set_memory_ro')
  },
  { also: ['alias-mismatch'] },
)
add('walk stores behind its end', UNASKED, (t) => {
  t.init(RW, 4).begin('set_memory_ro', t.at(0), 1)
  t.walk(
    t.at(0),
    [
      [t.at(0), t.desc(RW, 0), t.desc(RO, 0)],
      [t.at(1), t.desc(RW, 1), t.desc(RO, 1)],
    ],
    1,
  )
  return t.barrier().flush(t.at(0), 2).end('set_memory_ro')
})
add(
  'log contradicts itself',
  [['unseen-store']],
  (t) =>
    t
      .init(RW, 4)
      .begin('set_memory_ro', t.at(0), 1)
      .walk(t.at(0), [[t.at(0), t.desc(RW, 1), t.desc(RO, 1)]])
      .barrier()
      .flush(t.at(0))
      .end('set_memory_ro'),
  { also: ['unasked-change', 'lost-update'] },
)
