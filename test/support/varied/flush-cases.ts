import { caseList, SOUND, UNFLUSHED, ro, roCall, off, linear } from './case.ts'
import { AF, RW, RO, type Scene } from './scene.ts'

/** Flushes, barriers, accesses and calls side by side: in time, too late, too little, by others. */
const { cases, add } = caseList()
export const FLUSH_CASES = cases

add('clean ro', SOUND, (t) => roCall(t).barrier().flush(t.at(0)).end('set_memory_ro'))
add('ro unflushed', UNFLUSHED, (t) => roCall(t).barrier().end('set_memory_ro'))
add('ro flushed other page', UNFLUSHED, (t) =>
  roCall(t).barrier().flush(t.at(1)).end('set_memory_ro'),
)
add('ro flushed first', UNFLUSHED, (t) =>
  ro(t.init(RW, 4).begin('set_memory_ro', t.at(0), 1).flush(t.at(0)))
    .barrier()
    .end('set_memory_ro'),
)
add('ro two pages one flushed', UNFLUSHED, (t) =>
  t
    .init(RW, 4)
    .begin('set_memory_ro', t.at(0), 2)
    .walk(t.at(0), [
      [t.at(0), t.desc(RW, 0), t.desc(RO, 0)],
      [t.at(1), t.desc(RW, 1), t.desc(RO, 1)],
    ])
    .barrier()
    .flush(t.at(0))
    .end('set_memory_ro'),
)
add('ro two pages flushed', SOUND, (t) =>
  t
    .init(RW, 4)
    .begin('set_memory_ro', t.at(0), 2)
    .walk(t.at(0), [
      [t.at(0), t.desc(RW, 0), t.desc(RO, 0)],
      [t.at(1), t.desc(RW, 1), t.desc(RO, 1)],
    ])
    .barrier()
    .flush(t.at(0), 2)
    .end('set_memory_ro'),
)
// barriers
const making = (t: Scene) =>
  t
    .init(off(t), 4)
    .begin('set_memory_valid', t.at(0), 1, { enable: 1 })
    .walk(t.at(0), [[t.at(0), t.desc(off(t), 0), t.desc(RW, 0)]])
add('valid, barrier', SOUND, (t) => making(t).barrier().end('set_memory_valid'))
add('valid, none', [['barrier-missing']], (t) => making(t).end('set_memory_valid'))
add('valid, dsb only', [['barrier-missing']], (t) =>
  making(t).add('dsb', { scope: 'ishst' }).end('set_memory_valid'),
)
add('valid, isb only', [['barrier-missing']], (t) => making(t).add('isb').end('set_memory_valid'))
add('valid, isb dsb', [['barrier-missing']], (t) =>
  making(t).add('isb').add('dsb', { scope: 'ishst' }).end('set_memory_valid'),
)
add('valid, dsb isb', SOUND, (t) =>
  making(t).add('dsb', { scope: 'ishst' }).add('isb').end('set_memory_valid'),
)
add('valid, dsb ishld isb', [['barrier-missing']], (t) =>
  making(t).add('dsb', { scope: 'ishld' }).add('isb').end('set_memory_valid'),
)
add('valid, barrier elsewhere', [['barrier-missing']], (t) =>
  making(t).on(1).barrier().on(0).end('set_memory_valid'),
)
add(
  'valid in lazy section, left',
  SOUND,
  (t) =>
    t
      .init(off(t), 4)
      .begin('set_memory_valid', t.at(0), 1, { enable: 1 })
      .add('lazy_mmu_enter', { depth: 1 })
      .walk(t.at(0), [[t.at(0), t.desc(off(t), 0), t.desc(RW, 0)]])
      .barrier()
      .add('lazy_mmu_leave', { depth: 0 })
      .end('set_memory_valid'),
  { only: (w) => w.flavour !== '6.12' },
)
add(
  'lazy left open',
  [['lazy-unbalanced']],
  (t) =>
    t
      .init(off(t), 4)
      .begin('set_memory_valid', t.at(0), 1, { enable: 1 })
      .add('lazy_mmu_enter', { depth: 1 })
      .walk(t.at(0), [[t.at(0), t.desc(off(t), 0), t.desc(RW, 0)]])
      .barrier()
      .end('set_memory_valid'),
  { only: (w) => w.flavour !== '6.12' },
)
// end missing
add('end missing', [], (t) => roCall(t).barrier(), { undecided: ['flush-missing'] })
// other cpu
add(
  'flush by other before dsb',
  [['flush-missing', 'tlbi-unordered']],
  (t) => {
    roCall(t).on(1).flush(t.at(0))
    return t.on(0).end('set_memory_ro')
  },
  { also: ['tlbi-unordered', 'flush-missing'] },
)
add(
  'flush by other before dsb, then dsb',
  [['flush-missing', 'tlbi-unordered']],
  (t) => {
    roCall(t).on(1).flush(t.at(0)).on(0).barrier()
    return t.end('set_memory_ro')
  },
  { also: ['tlbi-unordered', 'flush-missing'] },
)
add('flush by other after dsb', SOUND, (t) => {
  roCall(t)
    .barrier()
    .on(1)
    .flush(t.at(0))
    .add('access', { mode: 'read', va: t.at(3), outcome: 'ok', stale: false })
    .on(0)
  return t.end('set_memory_ro')
})
// local tlbi
add(
  'local tlbi',
  UNFLUSHED,
  (t) => {
    roCall(t)
      .add('dsb', { scope: 'ishst' })
      .tlbi(t.at(0), 'vaale1')
      .add('dsb', { scope: 'nsh' })
      .add('isb')
    return t.end('set_memory_ro')
  },
  { only: (w) => w.style === 'instructions', also: ['tlbi-unordered'] },
)
add(
  'tlbi by asid 0',
  UNFLUSHED,
  (t) => {
    roCall(t)
      .add('dsb', { scope: 'ishst' })
      .add('tlbi', { insn: 'aside1is', va: null, pages: null, scale: null, num: null })
      .add('dsb', { scope: 'ish' })
      .add('isb')
    return t.end('set_memory_ro')
  },
  { only: (w) => w.style === 'instructions' },
)
add(
  'no dsb after tlbi',
  [['flush-missing', 'tlbi-unordered']],
  (t) => {
    roCall(t).add('dsb', { scope: 'ishst' }).tlbi(t.at(0))
    return t.end('set_memory_ro')
  },
  { only: (w) => w.style === 'instructions', also: ['tlbi-unordered', 'flush-missing'] },
)
add(
  'dsb ishst after tlbi',
  [['flush-missing', 'tlbi-unordered']],
  (t) => {
    roCall(t).add('dsb', { scope: 'ishst' }).tlbi(t.at(0)).add('dsb', { scope: 'ishst' }).add('isb')
    return t.end('set_memory_ro')
  },
  { only: (w) => w.style === 'instructions', also: ['tlbi-unordered', 'flush-missing'] },
)
add(
  'vmalle1is',
  SOUND,
  (t) => {
    roCall(t)
      .add('dsb', { scope: 'ishst' })
      .add('tlbi', { insn: 'vmalle1is', va: null, pages: null, scale: null, num: null })
      .add('dsb', { scope: 'ish' })
      .add('isb')
    return t.end('set_memory_ro')
  },
  { only: (w) => w.style === 'instructions' },
)
add(
  'erratum pair',
  SOUND,
  (t) => {
    roCall(t)
      .add('dsb', { scope: 'ishst' })
      .tlbi(t.at(0))
      .add('dsb', { scope: 'ish' })
      .tlbi(t.at(0))
      .add('dsb', { scope: 'ish' })
      .add('isb')
    return t.end('set_memory_ro')
  },
  { only: (w) => w.style === 'instructions' },
)
add(
  'flush function without tlbi',
  UNFLUSHED,
  (t) => {
    roCall(t).add('tlb_flush', { fn: 'flush_tlb_kernel_range', va: t.at(0), end: t.at(1) })
    return t.end('set_memory_ro')
  },
  { only: (w) => w.style === 'function and tlbi' },
)
// noflush
const nf = (t: Scene, fn: string, old: bigint, now: bigint, args = {}) =>
  t
    .begin(fn, t.world.linear, 1, args)
    .walk(t.world.linear, [[t.world.linear, t.desc(old, 0), t.desc(now, 0)]])
    .barrier()
    .end(fn)
add('noflush unflushed', [['flush-never']], (t) =>
  nf(linear(t), 'set_direct_map_invalid_noflush', RW, off(t)),
)
add('noflush then flush', SOUND, (t) =>
  nf(linear(t), 'set_direct_map_invalid_noflush', RW, off(t)).flush(t.world.linear),
)
add('noflush, restored, no flush', SOUND, (t) =>
  nf(
    nf(linear(t), 'set_direct_map_invalid_noflush', RW, off(t)),
    'set_direct_map_default_noflush',
    off(t),
    RW,
  ),
)
add('noflush other page flushed', [['flush-never']], (t) =>
  nf(linear(t), 'set_direct_map_invalid_noflush', RW, off(t)).flush(t.world.linear + t.page),
)
add('secretmem_fault does not flush', [['flush-never', 'flush-missing']], (t) => {
  t = linear(t)
    .begin('secretmem_fault', t.world.linear, 1)
    .walk(t.world.linear, [[t.world.linear, t.desc(RW, 0), t.desc(off(t), 0)]])
    .barrier()
  return t.end('secretmem_fault')
})
// accesses
add('access fault before barrier is a note', SOUND, (t) => {
  making(t)
    .on(1)
    .add('access', { mode: 'read', va: t.at(0), outcome: 'fault', stale: false })
    .on(0)
    .barrier()
  return t.end('set_memory_valid')
})
add('access fault after barrier', [['spurious-fault']], (t) => {
  making(t)
    .barrier()
    .end('set_memory_valid')
    .on(1)
    .add('access', { mode: 'read', va: t.at(0), outcome: 'fault', stale: false })
  return t
})
add('af0 fault', SOUND, (t) =>
  t.init(RW & ~AF, 2).add('access', { mode: 'read', va: t.at(0), outcome: 'fault', stale: false }),
)
add(
  'gap in the middle',
  [],
  (t) => {
    roCall(t).barrier().add('gap', { reason: 'lost', lost: 5 })
    return t
  },
  { undecided: ['flush-missing'] },
)

// concurrency
add('two cpus, own pages', SOUND, (t) => {
  t.init(RW, 4)
  t.begin('set_memory_ro', t.at(0), 1)
  t.on(1).begin('set_memory_ro', t.at(1), 1).on(0)
  ro(t)
  t.on(1)
  ro(t, 1)
  t.barrier().flush(t.at(1)).end('set_memory_ro').on(0)
  return t.barrier().flush(t.at(0)).end('set_memory_ro')
})
add('two cpus, one forgets', UNFLUSHED, (t) => {
  t.init(RW, 4)
  t.begin('set_memory_ro', t.at(0), 1)
  t.on(1).begin('set_memory_ro', t.at(1), 1).on(0)
  ro(t)
  t.on(1)
  ro(t, 1)
  t.barrier().end('set_memory_ro').on(0)
  return t.barrier().flush(t.at(0)).end('set_memory_ro')
})
add('two cpus, other flushes both late', UNFLUSHED, (t) => {
  t.init(RW, 4)
  t.begin('set_memory_ro', t.at(0), 1)
  t.on(1).begin('set_memory_ro', t.at(1), 1).on(0)
  ro(t)
  t.barrier().end('set_memory_ro').on(1)
  ro(t, 1)
  t.barrier().flush(t.at(0), 2).end('set_memory_ro')
  return t.on(0)
})
add('nested interrupt call', SOUND, (t) => {
  t.init(RW, 4).begin('set_memory_ro', t.at(0), 1)
  ro(t).barrier()
  t.flush(t.at(0)).end('set_memory_ro')
  return t
})
