import type { Geometry } from '@pagetrail/engine'
import { eventWords, moreOf, type TraceEvent } from '@pagetrail/recorder'
import type { Theme } from './theme.ts'

/** What the lines of one listing have in common. */
export interface Listing {
  /** Digits of the largest seq, so that all stand in one column. */
  readonly seqWidth: number
  /** Whether the run has a clock. */
  readonly timed: boolean
  readonly geometry: Geometry | null
  readonly paint: Theme
}

/** One event as a line of the indented call tree: `   127 0 +0.014203  ▾ set_memory_ro 0xffff800080010000 +3p`. */
export function eventLine(e: TraceEvent, { seqWidth, timed, geometry, paint }: Listing): string {
  const { mark, sort, what, detail } = eventWords(e, geometry)
  const where = `${String(e.seq).padStart(seqWidth)} ${e.cpu}${timed ? ` ${timeText(e.ts)}` : ''}`
  const text = `${'  '.repeat(e.nest)}${mark} ${paint.paint(sort, what)}`
  const more = moreOf(e).map(([name, value]) => (name === 'src' ? value : `${name}=${value}`))
  const rest = more.length === 0 ? '' : `  ${paint.dim(more.join(' '))}`
  return `${paint.dim(where)}  ${text}${detail === '' ? '' : ` ${detail}`}${rest}`.trimEnd()
}

/** Seconds since the run began, to the microsecond: `+0.014203`. */
const timeText = (ns: number | null): string =>
  ns === null ? '         ?' : `+${(ns / 1e9).toFixed(6)}`.padStart(10)
