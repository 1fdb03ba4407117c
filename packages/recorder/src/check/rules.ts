import { spuriousFault, staleAccess, tlbConflict } from './rules/stale-access.ts'
import { aliasMismatch } from './rules/alias.ts'
import { bareTlbi, barrierMissing, publishedEarly } from './rules/barrier.ts'
import { bootWindow } from './rules/boot.ts'
import { needlessFlush, redundantStore } from './rules/cost.ts'
import { silentNoOp } from './rules/effect.ts'
import { unaskedChange, unseenStore } from './rules/unasked.ts'
import { flushMissing, flushNever } from './rules/flush.ts'
import { materialised, skippedHole } from './rules/hole.ts'
import { allocInLazy, lazyNested, lazyUnbalanced } from './rules/lazy.ts'
import { breakBeforeMake, unsafeChange } from './rules/live-change.ts'
import { lostTable, lostUpdate } from './rules/lost-update.ts'
import { overlappingOwners, strayStore } from './rules/owner.ts'
import { halfChanged, ignoredError, partialBlock, warned } from './rules/partial.ts'
import type { Rule } from './rule.ts'
import { sleepInAtomic, walkUnlocked } from './rules/sleep.ts'
import { splitValidates } from './rules/split-validates.ts'
import { mixedSpan, tornSpan } from './rules/contiguous-span.ts'
import { repeatedCallback, wildWalk } from './rules/stuck.ts'
import { freedInUse } from './rules/table-free.ts'

/** Every rule, in the order of the hazards. */
export const RULES: readonly Rule[] = [
  partialBlock,
  halfChanged,
  warned,
  tornSpan,
  mixedSpan,
  breakBeforeMake,
  unsafeChange,
  tlbConflict,
  flushMissing,
  flushNever,
  staleAccess,
  bareTlbi,
  needlessFlush,
  redundantStore,
  barrierMissing,
  publishedEarly,
  lazyUnbalanced,
  lazyNested,
  spuriousFault,
  sleepInAtomic,
  walkUnlocked,
  lostUpdate,
  lostTable,
  unseenStore,
  silentNoOp,
  unaskedChange,
  wildWalk,
  splitValidates,
  overlappingOwners,
  strayStore,
  materialised,
  skippedHole,
  allocInLazy,
  freedInUse,
  aliasMismatch,
  ignoredError,
  repeatedCallback,
  bootWindow,
]
