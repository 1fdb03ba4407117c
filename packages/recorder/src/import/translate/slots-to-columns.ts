import { PTE } from '@pagetrail/engine'

import { SIZE, VA } from '../../event/batch.ts'
import type { Batch } from '../../event/batch.ts'
import { KINDS } from '../../event/kinds.ts'
import { F_END, F_PAGES, F_SIZE, F_VA, type Slots } from './fields.ts'

const TWO_32 = 0x1_0000_0000

/** Copies a slot, where it was given, to a 64-bit column. */
export function put(batch: Batch, row: number, column: number, fields: Slots, slot: number): void {
  if (fields.has(slot)) batch.setWord(row, column, fields.lo[slot]!, fields.hi[slot]!)
}

/** va and end, from whichever of end, bytes and pages the probe gave; one page where it gave none of them. */
export function putRange(batch: Batch, row: number, fields: Slots, pageShift: number): void {
  if (!fields.has(F_VA)) return
  const lo = fields.lo[F_VA]!
  const hi = fields.hi[F_VA]!
  if (fields.has(F_END)) {
    batch.setRange(row, lo, hi, fields.lo[F_END]!, fields.hi[F_END]!)
    return
  }
  batch.setWord(row, VA, lo, hi)
  if (fields.has(F_SIZE)) put(batch, row, SIZE, fields, F_SIZE)
  else if (fields.has(F_PAGES)) {
    const bytes = (fields.lo[F_PAGES]! | 0) * (1 << pageShift)
    batch.setWord(row, SIZE, bytes >>> 0, Math.floor(bytes / TWO_32))
  } else if (batch.kind[row] === KINDS.cb_enter.id) batch.setWord(row, SIZE, 1 << pageShift, 0)
}

/** va of a written entry: the address its function was given, rounded down to what the entry translates. */
export function putBase(
  batch: Batch,
  row: number,
  frame: Slots,
  level: number,
  pageShift: number,
): void {
  if (!frame.has(F_VA)) return
  const shift = pageShift + (PTE - level) * (pageShift - 3)
  const lo = shift < 32 ? frame.lo[F_VA]! & -(2 ** shift) : 0
  const hi = shift < 32 ? frame.hi[F_VA]! : frame.hi[F_VA]! & -(2 ** (shift - 32))
  batch.setWord(row, VA, lo >>> 0, hi >>> 0)
}
