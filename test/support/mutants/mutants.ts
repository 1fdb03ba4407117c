import type { TraceEvent } from '@pagetrail/recorder'

import { CALL_FAULTS } from './call-faults.ts'
import { FLUSH_FAULTS } from './flush-faults.ts'
import type { Mutation } from './marked-run.ts'
import { STORE_FAULTS } from './store-faults.ts'

export const MUTATIONS: readonly Mutation[] = [...FLUSH_FAULTS, ...STORE_FAULTS, ...CALL_FAULTS]

/** So many places, spread over all that there are. */
export function spread(sites: readonly number[], count: number): number[] {
  if (sites.length <= count) return [...sites]
  return Array.from({ length: count }, (_, i) => sites[Math.floor((i * sites.length) / count)]!)
}

/** Numbered anew: what was dropped or put in moves what follows. */
export const numbered = (events: readonly TraceEvent[]): TraceEvent[] =>
  events.map((e, seq) => ({ ...e, seq }))
