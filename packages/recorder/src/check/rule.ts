import type { EventOf, Kind } from '../event/kinds.ts'
import type { EvidenceName } from './fold/missing-evidence.ts'
import type { Hazard, Severity } from './finding.ts'
import type { Fold } from './fold/fold.ts'
import type { OpenCall } from './fold/lane.ts'

/** What a rule does at events of each kind. */
export type Handlers = { readonly [K in Kind]?: (e: EventOf<K>) => void }

/** One rule at work on one run. */
export interface RuleWatch {
  readonly on: Handlers
  /** No top-level call is live any more: what several of them did together can be judged. */
  quiet?(): void
  /** Events are missing: nobody may be accused of what was only half seen. */
  gap?(): void
  end?(): void
}

/** What a rule says of a finding; the driver adds the rule's name and hazard. */
export interface Report {
  readonly severity: Severity
  /** The call; left out: the one that the event at hand belongs to. */
  readonly call?: OpenCall | null
  readonly op?: number | null
  readonly cpu?: number
  readonly proof: Iterable<number>
  /** 4K pages. */
  readonly start?: number
  readonly end?: number
  readonly message: string
  /** Where one rule distinguishes two hazards. */
  readonly hazard?: Hazard
}

/** What a rule works with. */
export interface Scope {
  readonly fold: Fold
  report(finding: Report): void
  /** Something came up that the run cannot decide; the rule is then undecided unless it found something. */
  lacks(what: string): void
}

/** A rule, as a row of the table RULES. */
export interface Rule {
  readonly name: string
  readonly hazard: Hazard
  /** What is right, in one sentence: what a finding says is broken. */
  readonly sentence: string
  /** What a run must show for the rule to decide. */
  readonly needs: readonly EvidenceName[]
  /** What was proposed, done or rejected about it. */
  readonly remedies: readonly string[]
  start(scope: Scope): RuleWatch
}

/** What a rule lacks that judges a call at its return. */
export const unreturned = ({ op, fn }: OpenCall): string => `the end of call ${op}, ${fn}`
