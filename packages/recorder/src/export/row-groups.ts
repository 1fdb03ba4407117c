import type { TraceEvent } from '../event/kinds.ts'

/** Events of a row group at most: the unit that a reader passes over or takes. */
export const GROUP_EVENTS = 16_384
/** Events that are held in memory at most. */
const HELD_EVENTS = 8 * GROUP_EVENTS

/**
 * Events in groups for a file of columns: those of one kind and function stand together, in the order of the run, so
 * that a question about some of them passes over most groups. Whatever does not fill a group of its own shares one
 * with its neighbours by name.
 */
export function* rowGroups(events: Iterable<TraceEvent>): Generator<readonly TraceEvent[]> {
  let buckets = new Map<string, TraceEvent[]>()
  let held = 0
  for (const event of events) {
    const key = `${event.kind} ${functionOf(event)}`
    const bucket = buckets.get(key)
    if (bucket === undefined) buckets.set(key, [event])
    else if (bucket.push(event) === GROUP_EVENTS) {
      yield bucket
      buckets.delete(key)
      held -= GROUP_EVENTS
    }
    if (++held < HELD_EVENTS) continue
    yield* packed(buckets)
    buckets = new Map()
    held = 0
  }
  yield* packed(buckets)
}

const functionOf = (event: TraceEvent): string => ('fn' in event ? (event.fn ?? '') : '')

/** What is left over, by kind and function. */
function* packed(buckets: ReadonlyMap<string, TraceEvent[]>): Generator<readonly TraceEvent[]> {
  const names = [...buckets.keys()].toSorted()
  let group: TraceEvent[] = []
  for (const name of names) {
    const bucket = buckets.get(name)
    if (bucket === undefined) continue
    const room = GROUP_EVENTS - group.length
    if (bucket.length < room) {
      for (const event of bucket) group.push(event)
      continue
    }
    yield [...group, ...bucket.slice(0, room)]
    group = bucket.slice(room)
  }
  if (group.length > 0) yield group
}
