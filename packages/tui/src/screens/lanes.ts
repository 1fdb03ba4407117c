import type { Geometry } from '@pagetrail/engine'
import { count, type EventWords, type TraceEvent, eventWords, valueText } from '@pagetrail/recorder'
import { laneKindOf, laneOf, type Meeting, meetings } from '../model/lanes.ts'
import { fit, fitEnd, fitMiddle, safe } from '../text/fit.ts'
import { width } from '../text/width.ts'
import type { RowState } from '../text/rows.ts'
import type { Role, Theme } from '../text/theme.ts'

/** A column is not narrower than this; what has no room waits for the cursor to come to it. */
const NARROWEST = 21
const INDENT_LIMIT = 5

/** Columns of the events on the screen, and what happens between them. */
export interface Lanes {
  readonly names: readonly string[]
  /** Lanes for which there is no room. */
  readonly hidden: number
  readonly laneColumns: number
  readonly seqColumns: number
  readonly columns: number
  readonly of: (e: TraceEvent) => string
  readonly meetings: ReadonlyMap<number, Meeting>
  readonly geometry: Geometry | null
  readonly theme: Theme
}

/** A colour for each lane; its place says the same. */
const COLOURS: readonly Role[] = ['walk', 'write', 'flush', 'barrier', 'memory', 'match']

interface Given {
  /** All rows at hand: more than are shown, so that a store is known whose read is above the screen. */
  readonly rows: readonly TraceEvent[]
  readonly shown: readonly TraceEvent[]
  readonly cursor: TraceEvent | undefined
  readonly columns: number
  readonly events: number
  readonly geometry: Geometry | null
  readonly theme: Theme
}

export function lanesOf({ rows, shown, cursor, columns, events, geometry, theme }: Given): Lanes {
  const kind = laneKindOf(rows) ?? 'cpu'
  const of = (e: TraceEvent) => laneOf(e, kind)
  const all = [...new Set(shown.map(of))].toSorted((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  )
  const seqColumns = Math.max(4, count(events).length) + 3
  const room = Math.max(1, Math.floor((columns - seqColumns) / (NARROWEST + 1)))
  const here = cursor ? all.indexOf(of(cursor)) : 0
  const first = Math.max(0, Math.min(all.length - room, here - (room >> 1)))
  const names = all.slice(first, first + room)
  const laneColumns = Math.floor((columns - seqColumns) / Math.max(1, names.length)) - 1
  const met = meetings(rows, kind)
  return {
    names,
    hidden: all.length - names.length,
    laneColumns,
    seqColumns,
    columns,
    of,
    meetings: met,
    geometry,
    theme,
  }
}

export function lanesHead(o: Lanes): string {
  const { theme, names, laneColumns, seqColumns, columns, hidden } = o
  const more = hidden > 0 ? ` +${hidden} more` : ''
  const heads = names.map((name, i) =>
    theme.paint(
      colour(i),
      fit(
        fitMiddle(` ${safe(name)}`, laneColumns - width(more)) +
          (i === names.length - 1 ? more : ''),
        laneColumns,
      ),
    ),
  )
  return fit(`${fitEnd('seq', seqColumns - 1)} ${heads.join('│')}`, columns)
}

const colour = (lane: number): Role => COLOURS[lane % COLOURS.length] ?? 'walk'

/** One event in the column of its CPU, with what it has to do with another one. */
export function laneRow(e: TraceEvent, state: RowState, o: Lanes): string {
  const { theme, names, laneColumns, seqColumns } = o
  const at = names.indexOf(o.of(e))
  const meeting = o.meetings.get(e.seq)
  const flag = state.finding ? '!' : state.marked ? '*' : ' '
  const seq = `${state.selected ? '▶' : ' '}${flag}${fitEnd(count(e.seq), seqColumns - 3)} `
  const cells = names.map((name, i): string => {
    if (i === at) return fit(eventText(e, state, meeting, o), laneColumns)
    return fit(meeting ? besideText(meeting, i, at, name, o) : '', laneColumns)
  })
  const plainRow = `${seq}${cells.join('│')}`
  if (state.selected) return theme.inverse(fit(plainRow, o.columns))
  const loses = meeting?.kind === 'loses'
  const painted = cells.map((cell, i) => {
    if (i !== at) return meeting ? theme.paint(loses ? 'bad' : 'good', cell) : cell
    return theme.paint(state.matches ? 'match' : loses ? 'bad' : colour(at), cell)
  })
  return `${theme.dim(seq)}${painted.join(theme.dim('│'))}`
}

function eventText(e: TraceEvent, state: RowState, meeting: Meeting | undefined, o: Lanes): string {
  const { mark, what, detail } = o.laneColumns < NARROW ? fewWords(e, o) : eventWords(e, o.geometry)
  const indent = (o.laneColumns >= 40 ? '│ ' : '│').repeat(Math.min(e.nest, INDENT_LIMIT))
  const sign = state.folded ? '▸' : mark
  const room = o.laneColumns - width(indent) - 2
  // In a narrow column the address gives way to what happened to it, and to what its CPU had read of it.
  const bits = detail.replace(/^0x[0-9a-f]+ /, '')
  const short = `${what} ${bits}`.trimStart()
  // That it is a store its sign says.
  const texts = [`${what} ${detail}`.trimStart(), short, ...(e.kind === 'desc_write' ? [bits] : [])]
  const read = readTexts(meeting)
  for (const end of read) {
    const text = texts.find((words) => width(words) + width(end) <= room)
    if (text !== undefined) return `${indent}${sign} ${text}${end}`
  }
  const end = read.at(-1) ?? ''
  return `${indent}${sign} ${fit(short, Math.min(width(short), room - width(end)))}${end}`
}

/** What a store's CPU had read of the entry, and at which event, the longest first; ✓: memory still held it, ✗: not. */
function readTexts(meeting: Meeting | undefined): readonly string[] {
  if (meeting?.kind !== 'from' && meeting?.kind !== 'loses') return ['']
  const [sign, seq] = meeting.kind === 'loses' ? [' ✗', meeting.read] : [' ✓', meeting.seq]
  const { value } = meeting
  const values = value === null ? [] : [valueText(value), fewDigits(value)]
  return [...values.map((text) => `${sign} ${text} of #${seq}`), `${sign} #${seq}`, sign]
}

/** In a column narrower than this an event says no more than it must. */
const NARROW = 30

/** The bits that calls change are at both ends of a descriptor: `68…0703`. */
const fewDigits = (value: bigint): string =>
  `${(value >> 48n).toString(16)}…${BigInt.asUintN(16, value).toString(16).padStart(4, '0')}`

/** Of an entry that is read the value without its address, of a store what it changes: its sign says that it is one. */
function fewWords(e: TraceEvent, { geometry }: Lanes): EventWords {
  const words = eventWords(e, geometry)
  if (e.kind === 'desc_read' && e.val !== null) {
    return { ...words, what: 'read', detail: fewDigits(e.val) }
  }
  return e.kind === 'desc_write' ? { ...words, what: '' } : words
}

/** What stands in another column on an event's row: the arrow from the store it saw, or the one that it undoes. */
function besideText(meeting: Meeting, i: number, at: number, name: string, o: Lanes): string {
  if (meeting.kind === 'from') return ''
  const source = o.names.indexOf(meeting.lane)
  const [low, high] = [Math.min(source, at), Math.max(source, at)]
  if (i < low || i > high) return ''
  const { laneColumns } = o
  if (meeting.kind === 'loses') {
    if (name !== meeting.lane) return '┄'.repeat(laneColumns)
    const text = ` ✗ #${meeting.seq} is lost`
    const read = `, read at #${meeting.read}`
    return width(text + read) + 3 <= laneColumns ? `${text}${read} ` : `${text} `
  }
  // The head of the arrow stands beside the column of the reader.
  const head = i === at + 1 ? '◀' : i === at - 1 ? '▶' : ''
  const label = name === meeting.lane ? ` #${meeting.seq} ` : ''
  const line = '─'.repeat(Math.max(1, laneColumns - width(label) - width(head)))
  return source < at ? `${label}${line}${head}` : `${head}${line}${label}`
}
