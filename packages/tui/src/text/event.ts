import type { Geometry } from '@pagetrail/engine'
import {
  descriptorText,
  type EventOf,
  fieldsOf,
  type Kind,
  KINDS,
  type TraceEvent,
} from '@pagetrail/recorder'
import { describe } from './describe.ts'
import { safe } from './fit.ts'
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

/** One event as a line of the indented call tree: `   127 0 +0.014203  ▾ set_memory_ro ffff800080010000 +3p`. */
export function eventLine(e: TraceEvent, { seqWidth, timed, geometry, paint }: Listing): string {
  const { mark, role, what, detail } = describe(e, geometry)
  const where = `${String(e.seq).padStart(seqWidth)} ${e.cpu}${timed ? ` ${timeText(e.ts)}` : ''}`
  const text = `${'  '.repeat(e.nest)}${mark} ${paint.paint(role, what)}`
  const more = moreOf(e).map(([name, value]) => (name === 'src' ? value : `${name}=${value}`))
  const rest = more.length === 0 ? '' : `  ${paint.dim(safe(more.join(' ')))}`
  return `${paint.dim(where)}  ${text}${detail === '' ? '' : ` ${detail}`}${rest}`.trimEnd()
}

/** What the producer says besides: where in its source, and its own fields. */
const moreOf = (e: TraceEvent): [name: string, value: string][] => [
  ...(e.src === undefined ? [] : [['src', e.src] satisfies [string, string]]),
  ...Object.entries(e.free ?? {}).map(([name, value]): [string, string] => [
    name,
    valueText(value),
  ]),
]

/** Seconds since the run began, to the microsecond: `+0.014203`. */
const timeText = (ns: number | null): string =>
  ns === null ? '         ?' : `+${(ns / 1e9).toFixed(6)}`.padStart(10)

/** What `show` prints of an event: each field with its meaning, a descriptor taken apart. */
export function eventFields(
  e: TraceEvent,
  geometry: Geometry | null,
): [name: string, value: string][] {
  const rows: [string, string][] = [
    ['seq', String(e.seq)],
    ['kind', `${e.kind}  ${KINDS[e.kind].doc}`],
    ['cpu', String(e.cpu)],
    ['call', e.op === null ? 'outside any call' : String(e.op)],
    ['depth', String(e.nest)],
  ]
  if (e.ts !== null) rows.push(['time', `+${e.ts} ns`])
  if (e.task !== null) rows.push(['task', e.task])
  const values = new Map<string, unknown>(Object.entries(e))
  for (const [name, field] of fieldsOf(e.kind)) {
    const value = values.get(name)
    if (value === undefined) continue
    const meaning = DESCRIPTORS.has(`${e.kind}.${name}`)
      ? descriptorOf(e, value, geometry)
      : (field.doc ?? '')
    rows.push([name, `${valueText(value)}${meaning === '' ? '' : `  ${meaning}`}`])
  }
  rows.push(...moreOf(e))
  return rows.map(([name, value]) => [name, safe(value)])
}

/** Fields that hold a descriptor of the event's level. */
const DESCRIPTORS: ReadonlySet<string> = new Set([
  'desc_write.old',
  'desc_write.new',
  'desc_read.val',
  'cb_enter.val',
  'cb_exit.val',
  'split.val',
  'split_end.val',
  'bad_entry.desc',
  'init.new',
])

type Levelled = {
  [K in Kind]: EventOf<K> extends { readonly level: unknown } ? EventOf<K> : never
}[Kind]
const hasLevel = (e: TraceEvent): e is Levelled => 'level' in e

function descriptorOf(e: TraceEvent, value: unknown, geometry: Geometry | null): string {
  const level = hasLevel(e) && typeof e.level === 'string' ? e.level : null
  return typeof value === 'bigint' ? descriptorText(value, level, geometry) : ''
}

function valueText(value: unknown): string {
  if (value === null) return '?'
  if (typeof value === 'bigint') return `0x${value.toString(16)}`
  return typeof value === 'string' ? value : JSON.stringify(value)
}
