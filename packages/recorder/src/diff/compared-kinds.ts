import { evidenceOf } from '../event/evidence.ts'
import { type Kind, KIND_NAMES } from '../event/kinds.ts'
import type { Run } from '../event/run.ts'

/** Kinds that captures are full of and the engine hardly makes: inner functions, halves of pairs, contexts. */
const REAL_ONLY: readonly Kind[] = ['span_begin', 'span_end', 'split_end', 'ftrace', 'context']
/** Kinds that say nothing of what the implementation does; never compared. */
const REMARKS: readonly Kind[] = ['note', 'gap', 'init', 'area', 'tlb_flush_done', 'unreadable']

/**
 * The kinds of a run that can be compared: those that it shows, but for remarks. `beside`: the run it is compared
 * with. The engine reports contexts and the spans that it has, which are not those a capture shows: they count between
 * runs of the engine only.
 */
export function comparedKinds(
  run: Pick<Run, 'source' | 'facts' | 'flavour'>,
  beside: Pick<Run, 'source'> = run,
): ReadonlySet<Kind> {
  const kinds = new Set(evidenceOf(run).kinds)
  for (const kind of REMARKS) kinds.delete(kind)
  if (run.source !== 'ftrace' && beside.source === 'ftrace') {
    for (const kind of REAL_ONLY) kinds.delete(kind)
  }
  return kinds
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
