import type { Geometry } from '@pagetrail/engine'
import {
  decodeDescriptor,
  type DescriptorField,
  descriptorsOf,
  fieldValues,
  levelOf,
  type TraceEvent,
  count,
} from '@pagetrail/recorder'
import type { Theme } from '../text/theme.ts'
import { duration, fit, fitEnd, safe, wrap } from '../text/fit.ts'

const NAME_COLUMNS = 10

/** From here on the bits stand beside the fields. */
const BESIDE = 74
const FIELDS = 34

/** Every field of an event, and the descriptors in it bit by bit: below, or beside where there is room. */
export function eventDetails(
  e: TraceEvent,
  geometry: Geometry | null,
  columns: number,
  theme: Theme,
): string[] {
  const bits = bitsOf(e, geometry)
  if (bits.length === 0) return fieldLines(e, columns, theme)
  if (columns < BESIDE)
    return [...fieldLines(e, columns, theme), '', ...bitTable(bits, columns, theme)]
  const left = fieldLines(e, FIELDS, theme)
  const right = bitTable(bits, columns - FIELDS - 3, theme)
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    return `${fit(left[i] ?? '', FIELDS)} ${theme.dim('│')} ${right[i] ?? ''}`
  })
}

function fieldLines(e: TraceEvent, columns: number, theme: Theme): string[] {
  const at = e.ts === null ? '' : `  ${duration(e.ts)}`
  const call = e.op === null ? 'outside calls' : `call ${e.op}`
  const lines = [
    `${theme.bold(e.kind)}  ${theme.dim(`#${count(e.seq)}  cpu ${e.cpu}${at}`)}`,
    theme.dim(`${call}, depth ${e.nest}${e.task ? `, ${safe(e.task)}` : ''}`),
  ]
  for (const [name, value] of fieldValues(e)) {
    const [first, ...rest] = wrap(value, Math.max(8, columns - NAME_COLUMNS - 1))
    lines.push(`${theme.dim(fit(name, NAME_COLUMNS))} ${first ?? ''}`)
    for (const line of rest) lines.push(`${' '.repeat(NAME_COLUMNS + 1)}${line}`)
  }
  return lines
}

/** The descriptors that an event carries, bit by bit. */
function bitsOf(e: TraceEvent, geometry: Geometry | null): DescriptorField[] {
  if (e.kind === 'desc_write') return decodeDescriptor(e.old, e.new, e.level, geometry)
  const [first] = descriptorsOf(e)
  return first ? decodeDescriptor(null, first.desc, levelOf(e), geometry) : []
}

/** One line a field: changed ones are marked with `~` and come first. */
function bitTable(bits: readonly DescriptorField[], columns: number, theme: Theme): string[] {
  const both = bits.some((b) => b.old !== null && b.new !== null)
  const names = Math.max(...bits.map((b) => b.name.length))
  const places = Math.max(5, ...bits.map((b) => b.bits.length))
  const head = `  ${fit('field', names)} ${fitEnd('bits', places)} ${both ? 'old new' : 'value'}`
  const order = [...bits.filter((b) => b.changed), ...bits.filter((b) => !b.changed)]
  return [
    theme.dim(fit(head, columns)),
    ...order.map((b) => bitLine(b, { names, places, both }, theme)),
  ]
}

function bitLine(
  b: DescriptorField,
  { names, places, both }: { names: number; places: number; both: boolean },
  theme: Theme,
): string {
  const now = b.new ?? b.old ?? ''
  const value = b.changed ? `${b.old} → ${now}` : now.length === 1 && both ? `    ${now}` : now
  const text = `${b.changed ? '~' : ' '} ${fit(b.name, names)} ${fitEnd(b.bits, places)} ${value}`
  return `${b.changed ? theme.paint('write', text) : text}  ${theme.dim(b.meaning)}`
}
