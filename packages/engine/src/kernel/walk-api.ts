/** The entry points of mm/pagewalk.c without VMAs: what each checks and asserts, in the order of its version. */
import { isUnwatched } from '../machine/cpu.ts'
import type { Cpu } from '../machine/cpu.ts'
import { EINVAL } from '../arch/errno.ts'
import { InputError } from '../arch/input-error.ts'
import { hiOf, isBelow, loOf } from '../arch/u64.ts'
import type { Va } from '../arch/u64.ts'
import type { Mm } from '../machine/mm.ts'
import { walkPgdRange } from './walk.ts'
import { ACTION_SUBTREE } from './walk-ops.ts'
import type { Walk, WalkOps } from './walk-ops.ts'
import { warnOn } from '../machine/warn.ts'

/**
 * Walks [start, end) of init_mm's kernel page tables. Returns 0, -EINVAL (empty range, ops with install_pte), or what
 * a callback returned. `table`: another top table than swapper_pg_dir.
 */
export type WalkRange = <P>(
  cpu: Cpu,
  start: Va,
  end: Va,
  ops: WalkOps<P>,
  data: P,
  table?: number,
) => number

/**
 * walk_kernel_page_table_range_lockless() (seed-v1, 6.18, 7.3): [start, end) of the kernel, without any lock; the
 * caller owns the range. Returns 0, -EINVAL (empty range, ops with install_pte), or what a callback returned.
 * `table`: another top table than swapper_pg_dir. @throws InputError in flavours that do not have it.
 */
export const walkKernelPageTableRangeLockless: WalkRange = (
  cpu,
  start,
  end,
  ops,
  data,
  table = 0,
) => {
  const name = 'walk_kernel_page_table_range_lockless'
  const { walk: rules } = cpu.flavour
  if (!rules.lockless) throw InputError.of('flavour', `${cpu.flavour.name} has no ${name}()`)
  begin(cpu, name, start, end)
  const err = accepts(cpu, start, end, ops) ? startWalk(cpu, start, end, ops, data, table) : EINVAL
  cpu.hooks?.walkEnd(name, err)
  return err
}

/**
 * walk_kernel_page_table_range(): the same for a caller that holds init_mm.mmap_lock in any mode; a missing lock is
 * a WARN and changes nothing. From 6.18 on the assertion comes before the checks.
 */
export const walkKernelPageTableRange: WalkRange = (cpu, start, end, ops, data, table = 0) => {
  const name = 'walk_kernel_page_table_range'
  let err = EINVAL
  begin(cpu, name, start, end)
  if (cpu.flavour.walk.lockedCallsLockless) {
    assertMmapLock(cpu, 'read', name)
    err = walkKernelPageTableRangeLockless(cpu, start, end, ops, data, table)
  } else if (accepts(cpu, start, end, ops)) {
    assertMmapLock(cpu, 'read', name)
    err = startWalk(cpu, start, end, ops, data, table)
  }
  cpu.hooks?.walkEnd(name, err)
  return err
}

/**
 * walk_page_range_debug(), ptdump's entry: 6.12 and 7.3 want the mmap_lock of the mm and of init_mm for write and say
 * so before they check. 6.17 and 6.18 hand init_mm on to walk_kernel_page_table_range(), and want that of another mm
 * for write. `mm` null: init_mm; `table`: another top table than the mm's own.
 */
export const walkPageRangeDebug = <P>(
  cpu: Cpu,
  start: Va,
  end: Va,
  ops: WalkOps<P>,
  data: P,
  table?: number,
  mm: Mm | null = null,
): number => {
  const name = 'walk_page_range_debug'
  const top = table ?? mm?.table ?? 0
  let err = EINVAL
  begin(cpu, name, start, end)
  if (cpu.flavour.walk.debugLocksForWrite) {
    // Once for the walked mm and once for init_mm, which may be the same.
    assertMmapLock(cpu, 'write', name, mm)
    assertMmapLock(cpu, 'write', name)
    if (accepts(cpu, start, end, ops)) err = startWalk(cpu, start, end, ops, data, top, mm)
  } else if (mm === null) {
    err = walkKernelPageTableRange(cpu, start, end, ops, data, top)
  } else if (accepts(cpu, start, end, ops)) {
    assertMmapLock(cpu, 'write', name, mm)
    err = startWalk(cpu, start, end, ops, data, top, mm)
  }
  cpu.hooks?.walkEnd(name, err)
  return err
}

export function begin(cpu: Cpu, name: string, start: Va, end: Va): void {
  cpu.hooks?.walkBegin(name, loOf(start), hiOf(start), loOf(end), hiOf(end))
}

/** The range check, then check_ops_valid() / check_ops_safe(). */
export const accepts = <P>(cpu: Cpu, start: Va, end: Va, ops: WalkOps<P>): boolean =>
  isBelow(start, end) && !(cpu.flavour.walk.checksOps && ops.installPte !== undefined)

/** mmap_assert_locked(), mmap_assert_write_locked() without lockdep: anybody's hold will do. `mm` null: init_mm. */
export function assertMmapLock(
  cpu: Cpu,
  mode: 'read' | 'write',
  fn: string,
  mm: Mm | null = null,
): void {
  if (mm !== null) {
    if (mm.mmapLock === 'none' || (mode === 'write' && mm.mmapLock === 'read')) warnOn(cpu, fn)
    return
  }
  if (cpu.assumesMmapLock) return
  const look = (): number => Number(cpu.system.locks.mmap.isHeld(mode))
  const held = cpu.stepper === null ? look() : cpu.stepper.shared(look)
  if (held === 0) warnOn(cpu, fn)
}

function startWalk<P>(
  cpu: Cpu,
  start: Va,
  end: Va,
  ops: WalkOps<P>,
  data: P,
  table: number,
  mm: Mm | null = null,
): number {
  const action = ACTION_SUBTREE
  const walk: Walk<P> = { cpu, ops, private: data, table, mm, vma: null, action }
  // Unwatched, the descent to the table that the last walk came to only loads.
  if (ops.passesTables === true && table === 0 && isUnwatched(cpu)) {
    const near = cpu.memory.nearSlot(start, end)
    if (near !== -1) {
      ops.pteRun?.(near, start, Math.ceil((end - start) / cpu.geometry.pageSize), walk)
      return 0
    }
  }
  return walkPgdRange(walk, start, end)
}
