import { spuriousFault, staleAccess, tlbConflict } from './access.ts'
import { aliasMismatch } from './alias.ts'
import { bareTlbi, barrierMissing, publishedEarly } from './barrier.ts'
import { bootWindow } from './boot.ts'
import { needlessFlush, redundantStore } from './cost.ts'
import { mappingDestroyed, silentNoOp } from './effect.ts'
import { flushMissing, flushNever, staleRevalidated } from './flush.ts'
import { materialised, skippedHole } from './hole.ts'
import { allocInLazy, lazyNested, lazyUnbalanced } from './lazy.ts'
import { breakBeforeMake, unsafeChange } from './live-change.ts'
import { lostTable, lostUpdate } from './lost-update.ts'
import { overlappingOwners, strayStore } from './owner.ts'
import { halfChanged, ignoredError, partialBlock, warned } from './partial.ts'
import type { Rule } from './rule.ts'
import { sleepInAtomic, walkUnlocked } from './sleep.ts'
import { splitValidates } from './split.ts'
import { mixedSpan, tornSpan } from './span.ts'
import { repeatedCallback, wildWalk } from './stuck.ts'
import { freedInUse } from './table-free.ts'

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
  staleRevalidated,
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
  silentNoOp,
  mappingDestroyed,
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
