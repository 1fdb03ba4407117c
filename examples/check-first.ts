import {
  defineImplementation,
  EINVAL,
  type EntryFn,
  isTable,
  type Level,
  loadLo,
  PMD,
  PUD,
  walkKernelPageTableRangeLockless,
  walkOps,
} from '@pagetrail/engine'
import { callsWith, changeAndFlush } from './seed-patch.ts'

/**
 * Looks before it changes: a walk of its own callbacks refuses a range that ends inside a block while nothing has been
 * changed yet. What it costs is a second walk.
 *
 *     pagetrail record half-changed --module examples/seed-patch.ts
 *     pagetrail record half-changed --module examples/check-first.ts
 *     pagetrail diff
 */
const whole =
  (level: Level): EntryFn<null> =>
  (slot, addr, next, { cpu }) => {
    const lo = loadLo(cpu, slot)
    const partial = lo !== 0 && !isTable(lo) && next - addr !== cpu.geometry.size[level]
    return partial ? EINVAL : 0
  }

const LOOK = walkOps<null>('look', { pudEntry: whole(PUD), pmdEntry: whole(PMD) })

const calls = callsWith((cpu, start, size, masks) => {
  const err = walkKernelPageTableRangeLockless(cpu, start, start + size, LOOK, null)
  return err === 0 ? changeAndFlush(cpu, start, size, masks) : err
})

export default defineImplementation({ name: 'check-first.ts', base: 'seed-v1', calls })
