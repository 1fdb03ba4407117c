import { leadsToTable } from '../descriptor/bits.ts'
import type { LevelName } from '@pagetrail/engine'
import { CONT_HI } from './descriptor-words.ts'

/**
 * Whether a store undoes what another CPU has changed: an entry was read as one value and holds another by now, and
 * the store gives a bit that was changed in between back what it was. Two that make the same of an entry undo nothing.
 * A contiguous bit that comes back is for `torn-span` to judge, a table for `lost-table`.
 */
export function undoesChange(
  level: LevelName,
  read: { readonly lo: number; readonly hi: number },
  old: { readonly lo: number; readonly hi: number },
  stored: { readonly lo: number; readonly hi: number },
): boolean {
  if (leadsToTable(level, old.lo) || leadsToTable(level, stored.lo)) return false
  const lo = (old.lo ^ read.lo) & (old.lo ^ stored.lo)
  const hi = (old.hi ^ read.hi) & (old.hi ^ stored.hi) & ~CONT_HI
  return (lo | hi) !== 0
}
