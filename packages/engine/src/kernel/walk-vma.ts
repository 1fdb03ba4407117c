/** walk_page_range() (mm/pagewalk.c): a process is walked by its VMAs. Not modelled: VM_HUGETLB, the locks of VMAs. */
import { EINVAL } from '../arch/errno.ts'
import { isBelow } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'
import type { Cpu } from '../machine/cpu.ts'
import type { Mm } from '../machine/mm.ts'
import { accepts, assertMmapLock, begin } from './walk-api.ts'
import { hole, walkPgdRange } from './walk.ts'
import { ACTION_SUBTREE } from './walk-ops.ts'
import type { Walk, WalkLock, WalkOps } from './walk-ops.ts'

/**
 * walk_page_range(), all versions, from 6.17 walk_page_range_mm(), in 7.3 walk_page_range_mm_unsafe(): [start, end) of
 * `mm`, VMA by VMA, and pte_hole() with depth −1 between them. The PTEs of a VMA are walked under their lock, its huge
 * pages are split before. Returns 0, -EINVAL (empty range, from 6.17 ops with install_pte), or what a callback did.
 */
export function walkPageRange<P>(
  cpu: Cpu,
  mm: Mm,
  start: Va,
  end: Va,
  ops: WalkOps<P>,
  data: P,
): number {
  const name = 'walk_page_range'
  begin(cpu, name, start, end)
  let err = EINVAL
  if (accepts(cpu, start, end, ops)) {
    processMmWalkLock(cpu, mm, ops.walkLock ?? 'rdlock')
    const action = ACTION_SUBTREE
    err = walkVmas({ cpu, ops, private: data, table: mm.table, mm, vma: null, action }, start, end)
  }
  cpu.hooks?.walkEnd(name, err)
  return err
}

/** process_mm_walk_lock(): 6.12 knows nothing of `vma_rdlock_verify` and wants the lock for write. */
function processMmWalkLock(cpu: Cpu, mm: Mm, walkLock: WalkLock): void {
  if (walkLock === 'vma_rdlock_verify' && cpu.flavour.walk.checksOps) return
  assertMmapLock(cpu, walkLock === 'rdlock' ? 'read' : 'write', 'walk_page_range', mm)
}

function walkVmas<P>(walk: Walk<P>, from: Va, end: Va): number {
  const vmas = walk.mm?.vmas ?? []
  let start = from
  while (isBelow(start, end)) {
    // find_vma(): the first that ends above.
    const vma = vmas.find((each) => isBelow(start, each.end))
    let next = end
    let err: number
    if (vma === undefined || isBelow(start, vma.start)) {
      if (vma !== undefined && isBelow(vma.start, end)) next = vma.start
      walk.vma = null
      err = hole(walk, -1, start, next)
    } else {
      if (isBelow(vma.end, end)) next = vma.end
      walk.vma = vma
      err = walkPageTest(walk, start, next)
      // A positive answer passes over the VMA and is nobody else's business.
      err = err === 0 ? walkPgdRange(walk, start, next) : Math.min(err, 0)
    }
    if (err !== 0) return err
    start = next
  }
  return 0
}

/** walk_page_test(): 0 walks the VMA, 1 passes over it, less ends the walk. VM_PFNMAP is one hole. */
function walkPageTest<P>(walk: Walk<P>, start: Va, next: Va): number {
  const { ops, vma } = walk
  if (ops.testWalk !== undefined) return ops.testWalk(start, next, walk)
  if (vma?.kind !== 'pfnmap') return 0
  return hole(walk, -1, start, next) || 1
}
