import type { Geometry, LevelName } from '@pagetrail/engine'

import { descriptorText } from '../descriptor/text.ts'
import { fieldsOf, KINDS, type TraceEvent } from '../event/kinds.ts'
import { escapeControls, factText, valueText } from './value.ts'

/** Every field of an event that is there, by name, as text. */
export function fieldValues(e: TraceEvent): [name: string, value: string][] {
  const values = new Map<string, unknown>(Object.entries(e))
  return fieldsOf(e.kind)
    .filter(([name]) => values.has(name))
    .map(([name]) => [name, escapeControls(fieldText(values.get(name)))])
}

/** What the producer says besides: where in its source, and its own fields. */
export const moreOf = (e: TraceEvent): [name: string, value: string][] => [
  ...(e.src === undefined ? [] : [['src', escapeControls(e.src)] satisfies [string, string]]),
  ...Object.entries(e.free ?? {}).map(([name, value]): [string, string] => [
    name,
    escapeControls(fieldText(value)),
  ]),
]

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
  if (e.task !== null) rows.push(['task', escapeControls(e.task)])
  const meanings = new Map(fieldsOf(e.kind).map(([name, { doc }]) => [name, doc ?? '']))
  for (const { name, desc } of descriptorsOf(e)) {
    if (desc !== null) meanings.set(name, descriptorText(desc, levelOf(e), geometry))
  }
  for (const [name, value] of fieldValues(e)) {
    rows.push([name, `${value}  ${meanings.get(name) ?? ''}`.trimEnd()])
  }
  return [...rows, ...moreOf(e)]
}

/** The descriptors that an event carries, by the names of its fields; null: not seen. */
export function descriptorsOf(e: TraceEvent): { name: string; desc: bigint | null }[] {
  switch (e.kind) {
    case 'desc_write':
      return [
        { name: 'old', desc: e.old },
        { name: 'new', desc: e.new },
      ]
    case 'desc_read':
      return [{ name: 'val', desc: e.val }]
    case 'bad_entry':
    case 'tlb_fill':
      return [{ name: 'desc', desc: e.desc }]
    case 'init':
      return [{ name: 'new', desc: e.new }]
    case 'cb_enter':
    case 'cb_exit':
    case 'split_end':
      return e.val === undefined ? [] : [{ name: 'val', desc: e.val }]
    case 'split':
      return [
        ...(e.val === undefined ? [] : [{ name: 'val', desc: e.val }]),
        ...(e.cur === undefined ? [] : [{ name: 'cur', desc: e.cur }]),
      ]
    default:
      return []
  }
}

/** The level of an event that has one by name. */
export const levelOf = (e: TraceEvent): LevelName | null =>
  'level' in e && typeof e.level === 'string' ? e.level : null

function fieldText(value: unknown): string {
  return value === null || typeof value === 'bigint' ? valueText(value) : factText(value)
}
