import { KIND_NAMES, nestOf, type TraceEvent } from '@pagetrail/recorder'

/** The filter for events that begin something: calls, walks, spans and callbacks. */
export const BEGINS = `(${KIND_NAMES.filter((k) => nestOf(k) === 1)
  .map((k) => `kind == ${k}`)
  .join(' || ')})`

/** Address and level an event is about. */
export function descriptorOf(e: TraceEvent): { va: bigint; level: string | null } | null {
  const va = 'va' in e ? e.va : null
  if (va === null) return null
  return { va, level: 'level' in e && typeof e.level === 'string' ? e.level : null }
}
