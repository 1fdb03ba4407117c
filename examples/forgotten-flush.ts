import { defineImplementation, flushTlbKernelRange } from '@pagetrail/engine'
import { callsWith, updateRange } from './seed-patch.ts'

/**
 * The patch with a mistake that is easily made: an error returns before the flush, although entries before the error
 * were changed. Nothing is wrong with the tables; TLBs may go on using what was there.
 *
 *     pagetrail record half-changed --module examples/forgotten-flush.ts
 *     pagetrail check
 */
const calls = callsWith((cpu, start, size, masks) => {
  const err = updateRange(cpu, start, size, masks)
  if (err !== 0) return err
  if (!masks.flushElided) flushTlbKernelRange(cpu, start, start + size)
  return 0
})

export default defineImplementation({ name: 'forgotten-flush.ts', base: 'seed-v1', calls })
