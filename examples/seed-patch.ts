import {
  ACTION_CONTINUE,
  type CallArgs,
  canSetDirectMap,
  type Change,
  type Cpu,
  defineImplementation,
  EINVAL,
  type EntryFn,
  findVmArea,
  flushTlbKernelRange,
  isBelow,
  lazyMmuEnter,
  lazyMmuLeave,
  linearAddress,
  loadHi,
  loadLo,
  masksFor,
  mightSleep,
  pageAddress,
  type PageattrMasks,
  PMD,
  pmdLeaf,
  PUD,
  pudLeaf,
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
 *     pagetrail record clean-ro --module examples/seed-patch.ts
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
    const isLeaf = level === PUD ? pudLeaf(cpu.geometry, lo) : pmdLeaf(lo)
    if (!isLeaf) return 0
    if (next - addr !== cpu.geometry.size[level]) {
      warnOnOnce(cpu, `pageattr_${name}_entry`, 'size')
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

/** ___change_memory_common(): changes [start, start + size), without the flush. */
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

const VM_ALLOC = 0x2
const VM_ALLOW_HUGE_VMAP = 0x400

/** change_memory_common(): the checks, and the linear alias of the whole area. */
function changeArea(
  change: ChangeRange,
  cpu: Cpu,
  { addr, pages }: Pages,
  to: 'ro' | 'rw' | 'x' | 'nx',
): number {
  const { pageSize } = cpu.geometry
  const start = Math.floor(addr / pageSize) * pageSize
  const size = pages * pageSize
  if (start !== addr) warnOnOnce(cpu, 'change_memory_common', 'unaligned')
  const area = findVmArea(cpu, addr)
  if (area === undefined || isBelow(area.start + area.size, start + size)) return EINVAL
  if ((area.flags & (VM_ALLOC | VM_ALLOW_HUGE_VMAP)) !== VM_ALLOC) return EINVAL
  if (pages === 0) return 0
  const masks = masksFor(cpu, to)
  if (cpu.features.rodata_full && (to === 'ro' || to === 'rw')) {
    // An error there is not an error here.
    for (let i = 0; i < area.nrPages; i++) change(cpu, pageAddress(cpu, area, i), pageSize, masks)
  }
  mightSleep(cpu, 'vm_unmap_aliases')
  return change(cpu, start, size, masks)
}

interface Pages {
  readonly addr: Va
  readonly pages: number
}

const pagesOf = (args: CallArgs): Pages => ({
  addr: toVa(BigInt(args['addr'] ?? 0n)),
  pages: Number(args['numpages']),
})

/** set_direct_map_*_noflush(): one page of the linear map, and no flush, ever. */
const onDirectMap = (to: Change) => (cpu: Cpu, args: CallArgs) => {
  if (!canSetDirectMap(cpu)) return 0
  const { pageSize } = cpu.geometry
  const start = linearAddress(cpu, Number(args['pfn']) * pageSize)
  return updateRange(cpu, start, pageSize, masksFor(cpu, to))
}

/** The kernel's calls on top of a way to change a range; what the other examples vary. */
export function callsWith(change: ChangeRange) {
  const onArea = (to: 'ro' | 'rw' | 'x' | 'nx') => (cpu: Cpu, args: CallArgs) =>
    changeArea(change, cpu, pagesOf(args), to)
  return {
    set_memory_ro: onArea('ro'),
    set_memory_rw: onArea('rw'),
    set_memory_x: onArea('x'),
    set_memory_nx: onArea('nx'),
    set_memory_valid: (cpu: Cpu, args: CallArgs) => {
      const { addr, pages } = pagesOf(args)
      const masks = masksFor(cpu, args['enable'] ? 'valid' : 'invalid')
      return change(cpu, addr, pages * cpu.geometry.pageSize, masks)
    },
    set_direct_map_invalid_noflush: onDirectMap('invalid'),
    set_direct_map_default_noflush: onDirectMap('default'),
  }
}

export default defineImplementation({
  name: 'seed-patch.ts',
  // 6.17 with the walker that the patch adds; it also makes the calls that are not here.
  base: 'seed-v1',
  calls: callsWith(changeAndFlush),
})
