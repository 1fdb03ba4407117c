import { type Kind, KIND_NAMES } from './kinds.ts'
import type { Run } from './run.ts'

/** Kinds that captures are full of and the engine hardly makes: inner functions, halves of pairs, contexts. */
const REAL_ONLY: readonly Kind[] = ['span_begin', 'span_end', 'split_end', 'ftrace', 'context']
/** Kinds that say nothing of what the implementation does; never compared. */
const REMARKS: readonly Kind[] = ['note', 'gap', 'init', 'area', 'tlb_flush_done', 'unreadable']
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
]
/** What the probes in the middle of functions show: absent from captures with the lean definitions. */
const MID_FUNCTION: readonly Kind[] = [
  'lazy_mmu_enter',
  'lazy_mmu_leave',
  'barrier_queue',
  'barrier',
  'dsb',
  'isb',
  'tlb_flush',
  'tlbi',
  'ftrace',
]

/**
 * The kinds that a run would contain if they happened. What is not among them is unknown, not absent: spec of the
 * captures, "What a stock kernel cannot show". `beside`: the run it is compared with. The engine tells of contexts and
 * of the spans that it has, which are not those a capture shows: they count between runs of the engine only.
 */
export function shownKinds(
  run: Pick<Run, 'source' | 'facts' | 'flavour'>,
  beside: Pick<Run, 'source'> = run,
): ReadonlySet<Kind> {
  const shown = new Set<Kind>(KIND_NAMES)
  const hide = (kinds: readonly Kind[]): void => kinds.forEach((kind) => shown.delete(kind))
  hide(REMARKS)
  if (run.source !== 'ftrace') {
    if (beside.source === 'ftrace') hide(REAL_ONLY)
    return shown
  }
  hide(UNPROBED)
  if (run.facts['definitions'] === 'lean') hide(MID_FUNCTION)
  // From 6.17 on the TLBI sits in local copies of flush_tlb_kernel_range() that kprobes refuse.
  if (run.flavour !== '6.12') shown.delete('tlbi')
  return shown
}

/** Kinds of one side that the other cannot show, for a reader: in the order of the vocabulary. */
export const hiddenKinds = (shown: ReadonlySet<Kind>, other: ReadonlySet<Kind>): Kind[] =>
  KIND_NAMES.filter((kind) => shown.has(kind) && !other.has(kind))

/** Kinds that neither side could show although some source does: nothing is known of them. */
export const neitherShows = (left: ReadonlySet<Kind>, right: ReadonlySet<Kind>): Kind[] =>
  KIND_NAMES.filter(
    (kind) =>
      !left.has(kind) && !right.has(kind) && !REMARKS.includes(kind) && !REAL_ONLY.includes(kind),
  )
