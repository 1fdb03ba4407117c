import type { Run } from '../event/run.ts'

/** The hazards of page-table changes, numbered as in docs/hazards.md. */
export type Hazard =
  | 'H1'
  | 'H2'
  | 'H3'
  | 'H4'
  | 'H5'
  | 'H6'
  | 'H7'
  | 'H9'
  | 'H10'
  | 'H11'
  | 'H12'
  | 'H13'
  | 'H14'
  | 'H15'
  | 'H16'
  | 'H17'
  | 'H18'

/**
 * `error`: the architecture or the kernel's own contract is broken. `warning`: something a reviewer has to look at.
 * `note`: true and worth knowing (a cost, a window that is safe only by ownership), but nothing is broken.
 */
export type Severity = 'error' | 'warning' | 'note'

/** One thing a rule found, with what proves it. */
export interface Finding {
  readonly rule: string
  readonly hazard: Hazard
  readonly severity: Severity
  /** Index of the top-level call; null outside calls and for findings about the whole run. */
  readonly op: number | null
  readonly cpu: number
  /** Events that prove it, ascending, at most MAX_PROOF of them; the last one is where it became certain. */
  readonly proof: readonly number[]
  /** What it is about; null where it is about no address. */
  readonly va: bigint | null
  readonly end: bigint | null
  readonly message: string
  /** The same for the same finding in another run of the same work, wherever its addresses and events lie. */
  readonly fingerprint: string
}

/** What one rule said about a run. */
export interface RuleVerdict {
  readonly rule: string
  readonly hazard: Hazard
  /** `undecided`: the run lacks what the rule needs, named in `missing`. */
  readonly status: 'clean' | 'found' | 'undecided'
  readonly missing: readonly string[]
  /** How many findings there were, also those beyond MAX_FINDINGS that are not listed. */
  readonly count: number
}

export interface CheckReport {
  readonly run: Pick<Run, 'id' | 'label' | 'flavour'> & {
    /** JSON Lines that it was imported from, or that `export` makes of it: event n is on line n + 2. */
    readonly file: string
  }
  readonly events: number
  readonly findings: readonly Finding[]
  readonly verdicts: readonly RuleVerdict[]
}

/** Events listed as proof of one finding; more would not be read. */
export const MAX_PROOF = 16

/** Findings listed for one rule; the rest are counted. */
export const MAX_FINDINGS = 200

/** The first and the last events of a long proof. */
export function shortProof(seqs: Iterable<number>): number[] {
  const all = [...new Set(seqs)].toSorted((a, b) => a - b)
  if (all.length <= MAX_PROOF) return all
  return [...all.slice(0, MAX_PROOF - 2), ...all.slice(-2)]
}

/** True when nothing of weight was found: notes do not count. */
export const isClean = (report: CheckReport): boolean =>
  report.findings.every((f) => f.severity === 'note')

/** Rules that could not decide. */
export const undecided = (report: CheckReport): RuleVerdict[] =>
  report.verdicts.filter((v) => v.status === 'undecided')

/** What is left of a message when numbers and addresses, which differ from boot to boot, are taken out of it. */
const shapeOf = (message: string): string =>
  message.replace(/0x[0-9a-f]+/gi, '0x').replace(/\d+/g, '0')

const FNV_OFFSET = 0xcbf29ce484222325n
const FNV_PRIME = 0x100000001b3n

/** Names findings: by rule, hazard and the words of the message, and among those that agree in them by number. */
export class Fingerprints {
  readonly #seen = new Map<string, number>()

  of(rule: string, hazard: Hazard, message: string): string {
    const text = `${rule} ${hazard} ${shapeOf(message)}`
    const count = (this.#seen.get(text) ?? 0) + 1
    this.#seen.set(text, count)
    let hash = FNV_OFFSET
    for (const letter of `${text} ${count}`) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(letter.codePointAt(0)!)) * FNV_PRIME)
    }
    return hash.toString(16).padStart(16, '0')
  }
}
