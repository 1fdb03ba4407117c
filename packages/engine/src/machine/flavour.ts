import { P4D, PGD, PMD, PUD } from '../arch/level.ts'
import type { Level } from '../arch/level.ts'
import { InputError } from '../arch/input-error.ts'

/** The arm64 lazy-MMU design: absent; one flag a task (6.16); counted and pausable (7.x, generic). */
export type LazyMmu = 'none' | 'flag' | 'counted'

/** How mm/pagewalk.c of a version retries and checks. */
export interface WalkRules {
  /** check_ops_valid() / check_ops_safe(): ops with install_pte are refused. */
  readonly checksOps: boolean
  /** walk_kernel_page_table_range() asserts its lock first and calls the lockless variant; else it walks itself. */
  readonly lockedCallsLockless: boolean
  /** walk_kernel_page_table_range_lockless() exists. */
  readonly lockless: boolean
  /** The PMD loop re-reads its PUD first and asks for a retry; the PUD loop looks at the action after it. */
  readonly pmdRechecksPud: boolean
  /** The PUD loop starts over when the slot went none after its callback. */
  readonly retriesNonePud: boolean
  /** walk->action is reset before the none test, not after it. */
  readonly resetsActionFirst: boolean
  /** walk_page_range_debug() wants init_mm.mmap_lock for write; else any mode does, as it hands init_mm on. */
  readonly debugLocksForWrite: boolean
}

/** What arch/arm64/mm/pageattr.c of a version does. */
export interface PageattrRules {
  readonly walker: 'apply' | 'pagewalk'
  /** Levels above PTE with a callback, top first. Only for `pagewalk`. */
  readonly levels: readonly Level[]
  /** What a callback takes for a block: pXd_sect needs VALID, pXd_leaf does not. */
  readonly block: 'leaf' | 'sect'
  /** Made invalid: VALID cleared only, or NG = PTE_PRESENT_INVALID set as well. */
  readonly presentInvalid: boolean
  /** Set-and-clear masks that need no flush afterwards. */
  readonly elidesFlush: 'never' | 'valid-only' | 'present-invalid-to-valid'
  readonly refusesHugeVmap: boolean
  /** Linear aliases changed: of the whole area (errors ignored or returned), or of the pages asked for. */
  readonly alias: 'area-ignoring-errors' | 'area' | 'range'
  readonly directMapValidNoflush: boolean
  /** Runs in a Realm (RSI): set_memory_encrypted(), and the linear map can always be changed there. */
  readonly realm: boolean
}

/** arch/arm64/mm/mmu.c: whether leaf mappings can be split, and how the caller is turned away. */
export type SplitRules = null | 'bbml2' | 'bbml3'

/** One version of the kernel: a row of {@link FLAVOURS}. */
export interface Flavour {
  readonly name: string
  /** The tree it was read from. */
  readonly kernel: string
  readonly lazyMmu: LazyMmu
  readonly walk: WalkRules
  readonly pageattr: PageattrRules
  readonly split: SplitRules
  /** pgattr_change_is_safe() allows no change at all of an entry with CONT. */
  readonly refusesContChange: boolean
  /** flush_tlb_kernel_range(): page by page, or with range instructions where supported. */
  readonly flush: 'pages' | 'range'
  /** p4d_bad(), pgd_bad() look at bit 1 alone. */
  readonly badIsTypeBit1: boolean
  /**
   * What keeps vmap from freeing a PTE table that ptdump walks: nothing, init_mm.mmap_lock taken and dropped while
   * the static key says that ptdump runs, or mmap_read_trylock() around it all, without which no block is mapped.
   */
  readonly tableFree: 'unprotected' | 'static-key' | 'trylock'
  /** PAGE_KERNEL has the software DIRTY bit. */
  readonly kernelDirty: boolean
  /** Table descriptors carry TABLE_AF. */
  readonly tableAf: boolean
  /** fix_to_virt(FIX_PGD) by page shift. */
  readonly fixPgdVa: Readonly<Record<number, bigint>>
}

const WALK_6_12: WalkRules = {
  checksOps: false,
  lockedCallsLockless: false,
  lockless: false,
  pmdRechecksPud: true,
  retriesNonePud: false,
  resetsActionFirst: false,
  debugLocksForWrite: true,
}
const WALK_6_17: WalkRules = {
  ...WALK_6_12,
  checksOps: true,
  pmdRechecksPud: false,
  retriesNonePud: true,
  debugLocksForWrite: false,
}
const WALK_SEED: WalkRules = { ...WALK_6_17, lockless: true }
const WALK_6_18: WalkRules = { ...WALK_SEED, lockedCallsLockless: true }
const WALK_7_3: WalkRules = {
  ...WALK_6_18,
  pmdRechecksPud: true,
  retriesNonePud: false,
  resetsActionFirst: true,
  debugLocksForWrite: true,
}

const PAGEATTR_6_12: PageattrRules = {
  walker: 'apply',
  levels: [],
  block: 'leaf',
  presentInvalid: false,
  elidesFlush: 'never',
  refusesHugeVmap: false,
  alias: 'area-ignoring-errors',
  directMapValidNoflush: false,
  realm: false,
}
const PAGEATTR_6_17: PageattrRules = {
  ...PAGEATTR_6_12,
  elidesFlush: 'valid-only',
  refusesHugeVmap: true,
  directMapValidNoflush: true,
  realm: true,
}
const PAGEATTR_SEED: PageattrRules = {
  ...PAGEATTR_6_17,
  walker: 'pagewalk',
  levels: [PGD, P4D, PUD, PMD],
}
const PAGEATTR_6_18: PageattrRules = {
  ...PAGEATTR_SEED,
  levels: [PUD, PMD],
  block: 'sect',
  alias: 'area',
}
const PAGEATTR_7_3: PageattrRules = {
  ...PAGEATTR_6_18,
  block: 'leaf',
  presentInvalid: true,
  elidesFlush: 'present-invalid-to-valid',
  alias: 'range',
}

const FIX_PGD_6_12 = { 12: 0xffffffffff42f000n, 14: 0xffffffffff3fc000n, 16: 0xffffffffff330000n }
const FIX_PGD_7_3 = { 12: 0xffffffffff428000n, 14: 0xffffffffff3e0000n, 16: 0xffffffffff2c0000n }

const V6_12: Flavour = {
  name: '6.12',
  kernel: '6.12.107',
  lazyMmu: 'none',
  walk: WALK_6_12,
  pageattr: PAGEATTR_6_12,
  split: null,
  refusesContChange: true,
  flush: 'pages',
  tableFree: 'trylock',
  badIsTypeBit1: true,
  kernelDirty: true,
  tableAf: false,
  fixPgdVa: FIX_PGD_6_12,
}
const V6_17: Flavour = {
  ...V6_12,
  name: '6.17',
  kernel: '6.17.8',
  lazyMmu: 'flag',
  walk: WALK_6_17,
  pageattr: PAGEATTR_6_17,
  flush: 'range',
  tableFree: 'unprotected',
  badIsTypeBit1: false,
  kernelDirty: false,
  tableAf: true,
}
const SEED_V1: Flavour = {
  ...V6_17,
  name: 'seed-v1',
  kernel: '6.17.8 with the first pagewalk patch',
  walk: WALK_SEED,
  pageattr: PAGEATTR_SEED,
}
const V6_18: Flavour = {
  ...V6_17,
  name: '6.18',
  kernel: '6.18.15',
  walk: WALK_6_18,
  pageattr: PAGEATTR_6_18,
  split: 'bbml2',
  tableFree: 'static-key',
}
const V7_3: Flavour = {
  ...V6_18,
  name: '7.3',
  kernel: '7.3.4',
  lazyMmu: 'counted',
  walk: WALK_7_3,
  pageattr: PAGEATTR_7_3,
  split: 'bbml3',
  refusesContChange: false,
  tableFree: 'trylock',
  kernelDirty: true,
  fixPgdVa: FIX_PGD_7_3,
}

/** Every flavour, oldest first: one row each, and nothing else in the engine knows a version by its name. */
export const FLAVOURS: readonly Flavour[] = [V6_12, V6_17, SEED_V1, V6_18, V7_3]

export const FLAVOUR_NAMES: readonly string[] = FLAVOURS.map(({ name }) => name)

/** The flavour of this name. @throws InputError naming the ones there are */
export function flavourOf(name: string, path = 'flavour'): Flavour {
  const found = FLAVOURS.find((flavour) => flavour.name === name)
  if (found !== undefined) return found
  throw InputError.of(path, `"${name}" is not known; use one of ${FLAVOUR_NAMES.join(', ')}`)
}
