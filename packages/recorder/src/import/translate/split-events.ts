import { AUX, NEW, OLD } from '../../event/batch.ts'
import { KINDS } from '../../event/kinds.ts'
import { put, putBase } from './slots-to-columns.ts'
import { F_NEW, F_RET, F_SLOT, F_VAL, type EventFields } from './fields.ts'
import type { TraceState } from './trace-state.ts'
import type { MetProbe } from './probe-table.ts'
import type { TaskStack } from './task-stack.ts'

/** The function that splits gets an entry, not an address: that is its caller's. */
const CALLER = 'split_kernel_leaf_mapping_locked'

/** split_pmd() or split_pud() is entered. */
export function beginSplit(
  events: TraceState,
  probe: MetProbe,
  fields: EventFields,
  stack: TaskStack,
  context: number,
): void {
  const row = events.rows.start(KINDS.split.id, stack.top(context)?.op ?? -1, stack.nest)
  const batch = events.rows.sink.batch
  batch.setLevel(row, probe.level!)
  putSplitBase(events, row, probe, stack, context)
  put(batch, row, OLD, fields, F_VAL)
  put(batch, row, NEW, fields, F_NEW)
  put(batch, row, AUX, fields, F_SLOT)
}

/** It returned; the frame of its entry is at `index` of the stack. */
export function endSplit(
  events: TraceState,
  probe: MetProbe,
  fields: EventFields,
  stack: TaskStack,
  index: number,
): void {
  const frame = stack.at(index)
  const row = events.rows.start(KINDS.split_end.id, frame.op, frame.nest)
  const batch = events.rows.sink.batch
  batch.setLevel(row, probe.level!)
  putSplitBase(events, row, probe, stack, frame.context)
  if (fields.has(F_RET)) batch.setRet(row, fields.int(F_RET))
  put(batch, row, NEW, fields, F_VAL)
}

function putSplitBase(
  events: TraceState,
  row: number,
  probe: MetProbe,
  stack: TaskStack,
  context: number,
): void {
  const { batch } = events.rows.sink
  const caller = stack.findBare(CALLER, context)
  if (caller) putBase(batch, row, caller, probe.level!, events.pageShift)
}
