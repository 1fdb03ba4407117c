import { isJsonObject } from '../event/codec.ts'
import { evidenceOf, showsAll } from '../event/evidence.ts'
import type { Run } from '../event/run.ts'

/** What a run shows of what observers do, as far as the model has to know. */
export interface RunEvidence {
  /** Each TLBI is an event: a flush function without one flushes nothing. */
  readonly tlbi: boolean
  /** Every store is an event: one that replaces another value than the last is a contradiction. */
  readonly allStores: boolean
  /** No other CPU is online: a TLBI of its own is enough. */
  readonly isAlone: boolean
}

/** What a run shows, by what it says of itself. */
export function runEvidence(run: Pick<Run, 'source' | 'facts' | 'flavour'>): RunEvidence {
  const evidence = evidenceOf(run)
  const { features } = run.facts
  const cpus = isJsonObject(features) ? features['online_cpus'] : undefined
  return {
    tlbi: showsAll(evidence, 'tlbi'),
    allStores: run.source !== 'ftrace' && showsAll(evidence, 'desc_write'),
    isAlone: cpus === 1,
  }
}
