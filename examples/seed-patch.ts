import {
  ACTION_CONTINUE,
  type CallArgs,
  type Cpu,
  EINVAL,
  type EntryFn,
  flushTlbKernelRange,
  isTable,
  lazyMmuEnter,
  lazyMmuLeave,
  linearAddress,
  loadHi,
  loadLo,
  masksFor,
  type PageattrMasks,
  PMD,
  PUD,
  setPmd,
  setPte,
  setPud,
  toVa,
  type Va,
  walkKernelPageTableRangeLockless,
  walkOps,
  warnOnOnce,
} from '@pagetrail/engine'

/**
 * The first page-walk patch for arch/arm64/mm/pageattr.c (June 2025), ported as its author would write it here:
 * callbacks at the block levels and at PTEs, lazy MMU mode around the whole walk, no split.
 *
 *     pagetrail record clean-ro --flavour seed-v1
 *     pagetrail record clean-ro --flavour seed-v1 --module examples/seed-patch.ts
 *     pagetrail diff
 */

/** new = (old & ~clear) | set, as two words. */
const changed = (cpu: Cpu, slot: number, { set, clear }: PageattrMasks) => ({
  lo: ((loadLo(cpu, slot) & ~clear.lo) | set.lo) >>> 0,
  hi: ((loadHi(cpu, slot) & ~clear.hi) | set.hi) >>> 0,
})

/** A block is changed whole, or not at all: there is nothing here that could split it. */
function blockEntry(level: typeof PUD | typeof PMD): EntryFn<PageattrMasks> {
  const [name, store] = level === PUD ? (['pud', setPud] as const) : (['pmd', setPmd] as const)
  return (slot, addr, next, walk) => {
    const { cpu } = walk
    const lo = loadLo(cpu, slot)
    if (lo === 0 || isTable(lo)) return 0
    if (next - addr !== cpu.geometry.size[level]) {
      warnOnOnce(cpu, `pageattr_${name}_entry`, 'partial')
      return EINVAL
    }
    const { lo: newLo, hi: newHi } = changed(cpu, slot, walk.private)
    store(cpu, slot, newLo, newHi)
    walk.action = ACTION_CONTINUE
    return 0
  }
}

const OPS = walkOps<PageattrMasks>('pageattr', {
  // The patch had these two although no kernel mapping has leaves there.
  pgdEntry: () => 0,
  p4dEntry: () => 0,
  pudEntry: blockEntry(PUD),
  pmdEntry: blockEntry(PMD),
  pteEntry: (slot, _addr, _next, walk) => {
    const { lo, hi } = changed(walk.cpu, slot, walk.private)
    setPte(walk.cpu, slot, lo, hi)
    return 0
  },
})

/** Changes [start, start + size), without the flush. */
export function updateRange(cpu: Cpu, start: Va, size: number, masks: PageattrMasks): number {
  lazyMmuEnter(cpu)
  const err = walkKernelPageTableRangeLockless(cpu, start, start + size, OPS, masks)
  lazyMmuLeave(cpu)
  return err
}

export type ChangeRange = (cpu: Cpu, start: Va, size: number, masks: PageattrMasks) => number

/** __change_memory_common(): what was changed before an error stays changed, so the flush comes all the same. */
export const changeAndFlush: ChangeRange = (cpu, start, size, masks) => {
  const err = updateRange(cpu, start, size, masks)
  if (!masks.flushElided) flushTlbKernelRange(cpu, start, start + size)
  return err
}

/** set_memory_*() on top of a way to change a range; what the other examples vary. */
export function callsWith(change: ChangeRange) {
  const onArea = (to: 'ro' | 'rw' | 'x' | 'nx') => (cpu: Cpu, args: CallArgs) => {
    const start = toVa(BigInt(args['addr'] ?? 0n))
    const size = Number(args['numpages']) * cpu.geometry.pageSize
    const area = cpu.system.areas.find((a) => start >= a.start && start + size <= a.start + a.size)
    if (!area) return EINVAL
    if (size === 0) return 0
    const masks = masksFor(cpu, to)
    if (cpu.features.rodata_full && (to === 'ro' || to === 'rw')) {
      // The linear alias, page by page; an error there is not an error here.
      for (const { pa, count } of area.pages) {
        for (let i = 0; i < count; i++) {
          const page = pa + i * cpu.geometry.pageSize
          change(cpu, linearAddress(cpu, page), cpu.geometry.pageSize, masks)
        }
      }
    }
    return change(cpu, start, size, masks)
  }
  return {
    set_memory_ro: onArea('ro'),
    set_memory_rw: onArea('rw'),
    set_memory_x: onArea('x'),
    set_memory_nx: onArea('nx'),
    set_memory_valid: (cpu: Cpu, args: CallArgs) =>
      change(
        cpu,
        toVa(BigInt(args['addr'] ?? 0n)),
        Number(args['numpages']) * cpu.geometry.pageSize,
        masksFor(cpu, args['enable'] ? 'valid' : 'invalid'),
      ),
  }
}

export const calls = callsWith(changeAndFlush)
