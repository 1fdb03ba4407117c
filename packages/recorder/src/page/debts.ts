import type { EventSource } from '../event/run.ts'
import { byHarm, type HeldVersion, heldVersions } from '../observers/held-versions.ts'
import { Observers } from '../observers/observers.ts'
import { type Harm, isHarm } from '../observers/translation.ts'

/** What observers may still hold after an event, of what the tables do not say any more. */
export interface Debts {
  readonly seq: number
  /** Old versions of entries that are not gone, by what an observer that uses one does. */
  readonly harms: Readonly<Record<Harm, number>>
  /** All of these. */
  readonly harmful: number
  /** Those beside tables that were never seen: whether they do harm is not known. */
  readonly unknown: number
}

/** The ledger of a run over its events. */
export interface DebtsOverTime {
  /** Null: complete; else why not all of it can be known. */
  readonly lacks: string | null
  /** Events from one sample to the next. */
  readonly step: number
  readonly samples: readonly Debts[]
  /** The sample with most harm. */
  readonly most: Debts
  readonly end: Debts
  /** Harm that is left at the end, the gravest first, and how much there is. */
  readonly open: { readonly items: readonly HeldVersion[]; readonly total: number }
}

/** Samples over a run; a run with no more events has one after each. */
const SAMPLES = 240
/** Debts listed one by one. */
const LISTED = 12

/** Follows what observers may hold through a run, in one pass. */
export function debtsOverTime(source: EventSource): DebtsOverTime {
  const { run } = source
  const observers = new Observers(run)
  const step = Math.max(1, Math.ceil(run.events / SAMPLES))
  const samples: Debts[] = []
  let seq = -1
  let flushes = false
  for (const e of source.events()) {
    observers.apply(e)
    if (e.kind === 'table_free') observers.freed(e)
    flushes ||= e.kind === 'tlb_flush' || e.kind === 'tlbi'
    seq = e.seq
    if ((seq + 1) % step === 0) samples.push(debtsOf(heldVersions(observers), seq))
  }
  observers.finish()
  const held = heldVersions(observers)
  const end = debtsOf(held, seq)
  if (samples.at(-1)?.seq === seq) samples.pop()
  samples.push(end)
  const harmful = held.filter(({ relation }) => isHarm(relation)).toSorted(byHarm)
  return {
    lacks: lackOfDebts(observers, flushes)?.text ?? null,
    step,
    samples,
    most: samples.reduce((most, sample) => (sample.harmful > most.harmful ? sample : most)),
    end,
    open: { items: harmful.slice(0, LISTED), total: harmful.length },
  }
}

function debtsOf(held: readonly HeldVersion[], seq: number): Debts {
  const harms = { 'wrong-place': 0, 'too-much': 0, 'too-little': 0 }
  let harmful = 0
  let unknown = 0
  for (const { relation } of held) {
    if (isHarm(relation)) {
      harms[relation]++
      harmful++
    } else if (relation === 'unknown') unknown++
  }
  return { seq, harms, harmful, unknown }
}

/** Why it cannot all be known what is owed in a run. */
export interface LackOfDebts {
  readonly text: string
  /** What the model says is owed may have been paid, unseen. */
  readonly mayBePaid: boolean
}

/**
 * Null: all that is owed can be known. `flushes`: the run shows some flush. Where it never shows one, one may
 * have been made all the same, unless it shows all that happens.
 */
export function lackOfDebts({ run, evidence }: Observers, flushes: boolean): LackOfDebts | null {
  if (run.lost > 0) {
    return { text: `${run.lost} events were lost, flushes among them perhaps`, mayBePaid: true }
  }
  if (!flushes && run.source !== 'engine' && run.source !== 'module') {
    const text = 'the run does not show TLB flushes: what is owed may have been paid'
    return { text, mayBePaid: true }
  }
  if (evidence.allStores) return null
  const text =
    'the run shows stores in the functions that have a probe: what others change is not in it'
  return { text, mayBePaid: false }
}
