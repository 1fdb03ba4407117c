import { AUX, NEW, OLD } from '../../event/batch.ts'
import { KINDS } from '../../event/kinds.ts'
import { put, putRange } from './slots-to-columns.ts'
import { F_CLEAR, F_SET, F_VA, F_VAL, type EventFields } from './fields.ts'
import type { TraceState } from './trace-state.ts'
import { PRESENT_INVALID } from './kernel-traits.ts'
import type { MetProbe } from './probe-table.ts'

/** The row of a function's entry. */
export function beginFunction(
  events: TraceState,
  probe: MetProbe,
  fields: EventFields,
  op: number,
  outermost: boolean,
  nest: number,
): void {
  const kind = outermost ? KINDS.op_begin.id : probe.kind
  const row = events.rows.start(kind, op, nest)
  const batch = events.rows.sink.batch
  batch.fn[row] = probe.fnId
  putRange(batch, row, fields, events.pageShift)
  if (fields.has(F_VA)) observeAddress(events, fields.hi[F_VA]!)
  if (fields.has(F_SET) && probe.role === 'span') observeMasks(events, fields)
  if (probe.role === 'callback') {
    batch.setLevel(row, probe.level!)
    put(batch, row, OLD, fields, F_VAL)
    put(batch, row, NEW, fields, F_SET)
    put(batch, row, AUX, fields, F_CLEAR)
    return
  }
  if (!outermost) {
    put(batch, row, OLD, fields, F_SET)
    put(batch, row, NEW, fields, F_CLEAR)
  }
  if (probe.args) batch.extra[row] = argsJson(probe, fields)
}

/** `high`: the upper word. Where bits 63..52 are set and 51..48 are not, addresses have 52 bits. */
function observeAddress(events: TraceState, high: number): void {
  if (high >>> 20 !== 0xfff) return
  events.addressSeen = true
  if (high >>> 16 !== 0xffff) events.va52 = true
  if ((high & 0x8000) === 0) events.va48 = true
}

/** Bit 0 changes where entries become valid or invalid. */
function observeMasks(events: TraceState, fields: EventFields): void {
  const bits = fields.lo[F_SET]! | fields.lo[F_CLEAR]!
  if (bits & 1) events.presentInvalid = (bits & PRESENT_INVALID) !== 0
}

/** Arguments as the corpus has them: addresses in hexadecimal, counts as numbers. */
function argsJson(probe: MetProbe, fields: EventFields): string | null {
  let text = ''
  for (const name of probe.args!) {
    const slot = probe.fields[name]!
    if (!fields.has(slot)) continue
    const value = name === 'addr' || name === 'page' ? `"${fields.hex(slot)}"` : fields.int(slot)
    text += `${text === '' ? '{' : ','}"${name}":${value}`
  }
  return text === '' ? null : `${text}}`
}
