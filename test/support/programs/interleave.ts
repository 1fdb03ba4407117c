import type { Call, EventSource, TraceEvent } from '@pagetrail/recorder'

/** What keeps its order: a task or, without tasks, a CPU. */
const laneOf = ({ task, cpu }: TraceEvent): string => task ?? `CPU ${cpu}`

/**
 * The same run as if its tasks had been scheduled otherwise: events of one task keep their order, those of different
 * tasks are mixed. `next(n)` picks one of n. What comes before the first call stays there.
 */
export function interleaved(source: EventSource, next: (n: number) => number): EventSource {
  const all = [...source.events()]
  const start = all.findIndex(({ op }) => op !== null)
  const lanes = [...Map.groupBy(all.slice(start), laneOf).values()]
  const at = lanes.map(() => 0)
  const mixed = all.slice(0, start)
  while (mixed.length < all.length) {
    const open = lanes.flatMap((lane, i) => (at[i]! < lane.length ? [i] : []))
    const lane = open[next(open.length)]!
    // A few at a time, so that calls are cut and also stay whole.
    for (let n = 1 + next(40); n > 0 && at[lane]! < lanes[lane]!.length; n--)
      mixed.push(lanes[lane]![at[lane]!++]!)
  }
  return numbered(source, mixed)
}

/** Events and calls numbered anew, calls as they begin. */
function numbered(source: EventSource, mixed: readonly TraceEvent[]): EventSource {
  const ops = new Map<number, number>()
  const events = mixed.map((event, seq) => {
    if (event.op === null) return Object.assign({}, event, { seq })
    const op = ops.get(event.op) ?? ops.size
    ops.set(event.op, op)
    return Object.assign({}, event, { seq, op })
  })
  const places = new Map(mixed.map(({ seq }, i) => [seq, i]))
  const calls = [...source.calls()]
    .map((call): Call =>
      Object.assign({}, call, {
        op: ops.get(call.op)!,
        first: places.get(call.first)!,
        last: call.last === null ? null : places.get(call.last)!,
      }),
    )
    .toSorted((p, q) => p.op - q.op)
  return {
    run: source.run,
    calls: () => calls,
    events: (from = 0, to = events.length - 1) => events.slice(from, to + 1),
  }
}
