import { PTE } from '@pagetrail/engine'

import { AUX, NEW, OLD, VA } from '../../event/batch.ts'
import { KINDS } from '../../event/kinds.ts'
import { put, putBase } from './slots-to-columns.ts'
import { F_CLEAR, F_NEW, F_RET, F_SET, F_SLOT, F_VA, F_VAL, type EventFields } from './fields.ts'
import type { TraceState } from './trace-state.ts'
import type { MetProbe } from './probe-table.ts'
import type { TaskFrame } from './task-stack.ts'

/** The row of a function's return; also of one whose entry was not seen. */
export function endFunction(
  events: TraceState,
  probe: MetProbe,
  fields: EventFields,
  op: number,
  outermost: boolean,
  nest: number,
): void {
  const kind = outermost ? KINDS.op_end.id : probe.kind
  const row = events.rows.start(kind, op, nest)
  const batch = events.rows.sink.batch
  batch.fn[row] = probe.fnId
  if (fields.has(F_RET)) batch.setRet(row, fields.int(F_RET))
  if (kind === KINDS.span_end.id || kind === KINDS.cb_exit.id) put(batch, row, NEW, fields, F_VAL)
  if (kind === KINDS.cb_exit.id || kind === KINDS.split_end.id) {
    batch.setLevel(row, probe.level!)
    put(batch, row, VA, fields, F_VA)
  }
}

/**
 * The rows of a callback's return. Where no probe sees the store itself, it is inferred from the descriptor before and
 * after: a PTE callback always writes (change_page_range, pageattr_pte_entry), those above it only to a leaf. Where
 * events were lost in between, nothing says that the two values are of one store.
 */
export function endCallback(
  events: TraceState,
  probe: MetProbe,
  fields: EventFields,
  frame: TaskFrame,
): void {
  if (frame.store >= 0) vouch(events, fields, frame)
  else if (!frame.suspect && !events.storesSeen && isLeaf(frame)) inferWrite(events, fields, frame)
  const row = events.rows.start(KINDS.cb_exit.id, frame.op, frame.nest)
  const batch = events.rows.sink.batch
  batch.setLevel(row, probe.level!)
  batch.fn[row] = probe.fnId
  if (fields.has(F_VA)) put(batch, row, VA, fields, F_VA)
  else put(batch, row, VA, frame, F_VA)
  put(batch, row, NEW, fields, F_VAL)
  if (fields.has(F_RET)) batch.setRet(row, fields.int(F_RET))
}

/**
 * The callback returns with another value than it stored, though nobody has stored since: one of the two lines has lost
 * digits, or a line is missing between them. What was stored is not known then.
 */
function vouch(events: TraceState, fields: EventFields, frame: TaskFrame): void {
  if (frame.store !== events.lastStore || !fields.has(F_VAL)) return
  if (frame.lo[F_NEW] === fields.lo[F_VAL] && frame.hi[F_NEW] === fields.hi[F_VAL]) return
  const { rows } = events
  const row = rows.indexOf(frame.store)
  if (row >= 0) rows.sink.batch.unset(row, NEW)
  rows.gap(
    `${frame.probe.fn} returned with another value than it stored`,
    null,
    frame.op,
    frame.inner,
  )
}

/** Bit 1 distinguishes a table from a leaf above PTEs, valid or not; an empty entry is neither. */
function isLeaf(frame: TaskFrame): boolean {
  if (frame.probe.level === PTE) return true
  const lo = frame.lo[F_VAL]!
  return (lo & 2) === 0 && (lo | frame.hi[F_VAL]!) !== 0
}

/**
 * Whether the value at the return follows from the one at the entry by the masks: the two may be of different calls if
 * the lines between them are lost.
 */
function follows(frame: TaskFrame, fields: EventFields): boolean {
  if (!frame.has(F_SET) || !frame.has(F_CLEAR)) return true
  return follow(frame.lo, fields.lo) && follow(frame.hi, fields.hi)
}

/** The same of one of the two words. */
const follow = (entry: Uint32Array, exit: Uint32Array): boolean =>
  ((entry[F_VAL]! & ~entry[F_CLEAR]!) | entry[F_SET]!) >>> 0 === exit[F_VAL]!

function inferWrite(events: TraceState, fields: EventFields, frame: TaskFrame): void {
  if (!fields.has(F_VAL) || !frame.has(F_VAL)) return
  if (!events.whole && !follows(frame, fields)) {
    events.doubtful++
    return
  }
  events.inferred = true
  events.sites.add(KINDS.desc_write.id, frame.probe)
  const row = events.rows.start(KINDS.desc_write.id, frame.op, frame.inner)
  const batch = events.rows.sink.batch
  batch.setLevel(row, frame.probe.level!)
  putBase(batch, row, frame, frame.probe.level!, events.pageShift)
  put(batch, row, OLD, frame, F_VAL)
  put(batch, row, NEW, fields, F_VAL)
  put(batch, row, AUX, frame, F_SLOT)
}
