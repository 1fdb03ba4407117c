import { kernelShows } from './kernel-shows.ts'
import { isKind, type Json, type Kind, KIND_NAMES } from './kinds.ts'
import type { Run } from './run.ts'

/**
 * What a run can show. A kind that is not among `kinds` may have happened all the same: it is unknown, never absent.
 */
export interface Evidence {
  readonly kinds: ReadonlySet<Kind>
  /**
   * By kind, the functions in which alone it is shown: those where a capture had its probes (none: which they were was
   * not noted). A kind may be shown in some functions and yet not be among `kinds`, which promises all usual ones.
   */
  readonly sites: ReadonlyMap<Kind, ReadonlySet<string>>
}

/** Whether a run shows each event of the kind, wherever it happens. */
export const showsAll = (evidence: Evidence, kind: Kind): boolean =>
  evidence.kinds.has(kind) && !evidence.sites.has(kind)

/** Whether a run shows the kind in this function. */
export const showsIn = (evidence: Evidence, kind: Kind, fn: string): boolean =>
  evidence.sites.get(kind)?.has(fn) ?? evidence.kinds.has(kind)

/** What no probe on a stock kernel shows. */
const UNPROBED: readonly Kind[] = [
  'hole',
  'table_alloc',
  'table_alloc_fail',
  'table_free',
  'lock',
  'unlock',
  'warn',
  'bad_entry',
  'livelock',
  'wild_deref',
  'bug',
  'too_many_events',
  'sleep_in_atomic',
  'access',
  'desc_read',
  'tlb_fill',
  'tlb_evict',
  'dmb',
  'init',
  'area',
]
/** What probes in the middle of functions show, each in its own function. */
const MID_FUNCTION: readonly Kind[] = [
  'lazy_mmu_enter',
  'lazy_mmu_leave',
  'barrier_queue',
  'barrier',
  'dsb',
  'isb',
  'tlb_flush',
  'tlb_flush_done',
  'tlbi',
  'ftrace',
]
/** Stores are shown in the callbacks that have a probe, not in splits, nor where tables are made. */
const IN_FUNCTIONS: readonly Kind[] = [
  'desc_write',
  ...MID_FUNCTION.filter((kind) => kind !== 'ftrace'),
]

/**
 * What a run can show, by where it is from: of the engine and of a module everything that happens; of a real kernel
 * what its probes are for; of other producers what they say (`shows` of the header), else what their flavour shows,
 * else what occurs.
 */
export function evidenceOf(run: Pick<Run, 'source' | 'flavour' | 'facts'>): Evidence {
  const declared = kindsIn(run.facts[SHOWS])
  if (declared) return { kinds: declared, sites: new Map() }
  if (run.source === 'ftrace') return captured(run)
  const tells = run.source === 'engine' || run.source === 'module' || run.flavour !== null
  return { kinds: new Set(tells ? KIND_NAMES : []), sites: new Map() }
}

/** The fact of a run that holds the kinds which it shows, where its producer says so or nothing else does. */
export const SHOWS = 'shows'
/** The fact of a capture that holds, by kind, the functions in which it is shown. */
export const SITES = 'sites'
/** The fact of a capture that lists what the form of its text does not show. */
export const LACKS = 'lacks'

function captured(run: Pick<Run, 'flavour' | 'facts'>): Evidence {
  const { facts } = run
  const noted = sitesIn(facts[SITES])
  const kinds = new Set(KIND_NAMES)
  for (const kind of UNPROBED) kinds.delete(kind)
  const { definitions, [LACKS]: lacks } = facts
  if (Array.isArray(lacks) && lacks.includes('flags')) kinds.delete('context')
  for (const kind of MID_FUNCTION) {
    // Without a callback it is unknown which definitions there were: what occurs has had a probe.
    if (definitions === 'lean' || (definitions !== 'full' && !noted?.has(kind))) kinds.delete(kind)
  }
  // From 6.17 on the TLBI sits in local copies of flush_tlb_kernel_range() that kprobes refuse.
  if (!kernelShows(run).inlinesFlushes) kinds.delete('tlbi')
  const sites = new Map(noted ?? [])
  for (const kind of IN_FUNCTIONS)
    if (kinds.has(kind) && !sites.has(kind)) sites.set(kind, new Set())
  return { kinds, sites }
}

const kindsIn = (json: Json | undefined): ReadonlySet<Kind> | null =>
  Array.isArray(json) ? new Set(json.filter((kind) => isKind(kind))) : null

function sitesIn(json: Json | undefined): ReadonlyMap<Kind, ReadonlySet<string>> | null {
  if (typeof json !== 'object' || json === null) return null
  const entries = Object.entries(json).map(([kind, fns]) => [kind, fns] as const)
  return new Map(
    entries.flatMap(([kind, fns]) =>
      isKind(kind) && Array.isArray(fns) ? [[kind, new Set(fns.map(String))] as const] : [],
    ),
  )
}
