import { AUX, NEW, NONE, OLD } from '../../event/batch.ts'
import { KINDS } from '../../event/kinds.ts'
import { put, putBase } from './slots-to-columns.ts'
import {
  F_CLEAR,
  F_COUNT,
  F_END,
  F_MASK,
  F_NEW,
  F_OLD,
  F_SLOT,
  F_VA,
  type EventFields,
  type Slots,
} from './fields.ts'
import type { TraceState } from './trace-state.ts'
import { PRESENT_INVALID } from './kernel-traits.ts'
import type { MetProbe } from './probe-table.ts'
import type { TaskFrame, TaskStack } from './task-stack.ts'
import { putTlbi } from './tlbi-operand.ts'
import { isMaskTorn } from './torn-digits.ts'

/** The function that every traced flush of kernel addresses goes through. */
const FLUSH = 'flush_tlb_kernel_range'
/** What the workloads of the traces announce themselves with, as JSON text. */
const WORKLOAD = /^"wl: begin ([^"\\]{1,64})/
const DSB_SCOPES: readonly string[] = KINDS.dsb.fields.scope.values

/** The row of an event that is neither an entry nor a return. */
export function putPoint(
  events: TraceState,
  probe: MetProbe,
  fields: EventFields,
  stack: TaskStack,
  context: number,
): void {
  const top = stack.top(context)
  const op = top?.op ?? -1
  const { rows } = events
  const { nest } = stack
  if (probe.role === 'store') return putStore(events, probe, fields, top, op, nest)
  const { kind } = probe
  const row = rows.start(kind, op, nest)
  const { batch } = rows.sink
  if (isUnsited(probe)) return putUnsited(events, row, probe, fields)
  const site = siteOf(probe, stack, context)
  events.sites.add(kind, site)
  switch (probe.role) {
    case 'lazy_enter':
    case 'lazy_leave':
      batch.fn[row] = site.fnId
      events.lazyFlagged ||= fields.has(F_MASK)
      if (!fields.has(F_COUNT)) return
      events.lazyCounted = true
      return batch.setRet(row, fields.int(F_COUNT))
    case 'dsb':
      batch.setSmall(row, AUX, DSB_SCOPES.indexOf(probe.insn!))
      batch.fn[row] = site.fnId
      return
    case 'queue':
    case 'isb':
      batch.fn[row] = site.fnId
      return
    case 'flush':
      if (fields.has(F_VA) && fields.has(F_END)) {
        const { lo, hi } = fields
        batch.setRange(row, lo[F_VA]!, hi[F_VA]!, lo[F_END]!, hi[F_END]!)
      }
      return putFlush(events, row, site.fnId)
    case 'flush_done':
      return putFlush(events, row, site.fnId)
    case 'tlbi':
      return putTlbi(events, row, probe, fields, site.fnId)
    default:
  }
}

/** What no function is noted of: a marker, and what Pagetrail has no kind for. */
const isUnsited = ({ role }: MetProbe): boolean => role === 'note' || role === 'unknown'

function putUnsited(events: TraceState, row: number, probe: MetProbe, fields: EventFields): void {
  const { batch } = events.rows.sink
  if (probe.role === 'note') {
    batch.extra[row] = fields.noteJson()
    events.workload ??= WORKLOAD.exec(batch.extra[row])?.[1] ?? null
  } else {
    batch.fn[row] = probe.nameId
    batch.extra[row] = fields.toJson()
  }
}

/**
 * Names of probes inside functions carry the function without its leading underscores, and 6.12 has both
 * change_memory_common and __change_memory_common: the innermost open function of that name is meant.
 */
function siteOf(probe: MetProbe, stack: TaskStack, context: number): MetProbe {
  return stack.findBare(probe.bare, context)?.probe ?? probe
}

function putFlush(events: TraceState, row: number, by: number): void {
  const { batch } = events.rows.sink
  batch.fn[row] = events.rows.sink.intern(FLUSH)
  batch.setSmall(row, AUX, by)
}

/** Quickly: whether bits were cleared that the callback was not asked to clear. */
const isUnexplained = ({ lo, hi }: Slots, fields: Slots): boolean =>
  (fields.lo[F_OLD]! & ~fields.lo[F_NEW]! & ~lo[F_CLEAR]!) !== 0 ||
  (fields.hi[F_OLD]! & ~fields.hi[F_NEW]! & ~hi[F_CLEAR]!) !== 0

/**
 * A store to an entry. Its address is that of the callback around it, and is not known without one: neither where the
 * two name different entries, so that another callback's lines are lost between them.
 */
function putStore(
  events: TraceState,
  probe: MetProbe,
  fields: EventFields,
  top: TaskFrame | undefined,
  op: number,
  nest: number,
): void {
  events.storesSeen = true
  events.sites.add(KINDS.desc_write.id, probe)
  // Made invalid: 7.x keeps in another bit that it is a leaf.
  if ((fields.lo[F_OLD]! & ~fields.lo[F_NEW]! & 1) === 1)
    events.presentInvalid = (fields.lo[F_NEW]! & PRESENT_INVALID) !== 0
  const isOwn =
    top?.probe.role === 'callback' && top.probe.fn === probe.fn && fields.agreement(top) >= 0
  const isStray = top?.probe.role === 'callback' && !isOwn
  const { rows } = events
  if (isOwn && isUnexplained(top, fields) && isMaskTorn(top, fields))
    rows.gap(`a value that ${probe.fn} was called with has lost digits`, null, op, nest)
  const row = rows.start(KINDS.desc_write.id, isStray ? NONE : op, nest)
  const { batch } = rows.sink
  batch.setLevel(row, probe.level!)
  if (isOwn) {
    top.store = rows.total - 1
    top.lo[F_NEW] = fields.lo[F_NEW]!
    top.hi[F_NEW] = fields.hi[F_NEW]!
    putBase(batch, row, top, probe.level!, events.pageShift)
  }
  events.lastStore = rows.total - 1
  put(batch, row, OLD, fields, F_OLD)
  put(batch, row, NEW, fields, F_NEW)
  put(batch, row, AUX, fields, F_SLOT)
}
