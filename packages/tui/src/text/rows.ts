import type { Geometry } from '@pagetrail/engine'
import { type TraceEvent, eventWords, count } from '@pagetrail/recorder'
import type { Clock } from './clock.ts'
import { fit, fitEnd } from './fit.ts'
import { width } from './width.ts'
import type { Theme } from './theme.ts'

/** How the list is laid out; one object per layout, so that rows can be cached by it. */
export interface RowLayout {
  readonly theme: Theme
  readonly columns: number
  readonly geometry: Geometry | null
  /** Columns of the sequence number. */
  readonly seqColumns: number
  /** How the time of an event is written; null: it is not shown. */
  readonly clock: Clock | null
  readonly cpu: boolean
}

/** What a row shows besides its event. */
export interface RowState {
  readonly selected: boolean
  /** Its inside is hidden. */
  readonly folded: boolean
  readonly marked: boolean
  readonly finding: boolean
  readonly matches: boolean
  /** Time of the row above; null: it has none. */
  readonly before: number | null
}

const INDENT_LIMIT = 12
/** Columns of an address and a size, for which a long name gives way. */
const RANGE = 24
/** A name is not cut below this. */
const SHORTEST = 16

export function rowLayout(
  theme: Theme,
  columns: number,
  run: {
    readonly events: number
    readonly geometry: Geometry | null
    readonly clock: Clock | null
    readonly cpus: boolean
  },
): RowLayout {
  const wide = columns >= 62
  return {
    theme,
    columns,
    geometry: run.geometry,
    seqColumns: Math.max(4, count(Math.max(0, run.events - 1)).length),
    clock: wide ? run.clock : null,
    cpu: run.cpus,
  }
}

/** The heading above the rows of a layout. */
export function rowHead(o: RowLayout): string {
  let head = `  ${fitEnd('seq', o.seqColumns)} `
  if (o.clock) head += fitEnd(o.clock.head, o.clock.columns) + ' '
  if (o.cpu) head += 'cpu '
  return o.theme.dim(fit(`${head}event`, o.columns))
}

/** One event as one line of exactly `columns` columns. */
export function eventRow(e: TraceEvent, state: RowState, o: RowLayout): string {
  const { theme } = o
  const said = eventWords(e, o.geometry)
  const flag = state.finding ? '!' : state.marked ? '*' : ' '
  let head = `${state.selected ? '▶' : ' '}${flag}${fitEnd(count(e.seq), o.seqColumns)} `
  if (o.clock) head += fitEnd(o.clock.text(e.ts, state.before), o.clock.columns) + ' '
  if (o.cpu) head += `c${e.cpu}`.padEnd(4)
  const indent = '│ '.repeat(Math.min(e.nest, INDENT_LIMIT))
  const mark = state.folded ? '▸' : said.mark
  const room = o.columns - width(head) - indent.length - 2
  const what = shortened(said.what, room - Math.min(said.detail.length, RANGE) - 1)
  if (state.selected) {
    return theme.inverse(fit(`${head}${indent}${mark} ${what} ${said.detail}`, o.columns))
  }
  const name = state.matches ? theme.paint('match', what) : theme.paint(said.sort, what)
  const detail = said.sort === 'same' ? theme.dim(said.detail) : said.detail
  return fit(
    `${theme.dim(head + indent)}${theme.paint(said.sort, mark)} ${name} ${detail}`,
    o.columns,
  )
}

/** A long name gives way to the values behind it, as far as it stays readable. */
function shortened(name: string, room: number): string {
  if (name.length <= room || name.length <= SHORTEST) return name
  return `${name.slice(0, Math.max(SHORTEST, room) - 1)}…`
}
