import { type EventSource, shapeOf } from '@pagetrail/recorder'

/** How far it is looked for, in events. */
const FURTHEST = 2_000_000

/** A callback, and what happened in it. */
interface Unit {
  readonly seq: number
  readonly shape: string
}

/**
 * The next callback whose like does not stand before it: the one odd page of ten thousand, and the one after it, from
 * where all are alike again. null: there is none.
 */
export function nextOdd(source: EventSource, from: number, backward: boolean): number | null {
  const low = backward ? Math.max(0, from - FURTHEST) : Math.max(0, from - 1)
  const high = backward ? from - 1 : Math.min(source.run.events - 1, from + FURTHEST)
  let before: Unit | null = null
  let found: number | null = null
  for (const unit of unitsOf(source, low, high)) {
    const differs = before !== null && before.shape !== unit.shape
    if (differs && unit.seq !== from) {
      found = unit.seq
      if (!backward) return found
    }
    before = unit
  }
  return backward ? found : null
}

/** The callbacks of a part of a run that hold no other ones, in order of their end. */
function* unitsOf(source: EventSource, from: number, to: number): Generator<Unit> {
  const open = new Map<number, { seq: number; shapes: string[] }>()
  for (const event of source.events(from, to)) {
    if (event.kind === 'cb_enter') {
      open.set(event.cpu, { seq: event.seq, shapes: [shapeOf(event)] })
      continue
    }
    const unit = open.get(event.cpu)
    if (!unit) continue
    unit.shapes.push(shapeOf(event))
    if (event.kind !== 'cb_exit') continue
    open.delete(event.cpu)
    yield { seq: unit.seq, shape: unit.shapes.join('\n') }
  }
}
