import type { BarrierScope, Context, LockMode, WalkAction } from '@pagetrail/engine'
import { KINDS } from '../event/kinds.ts'

/** The number that the file keeps for a value of an enum. */
const codes = <V extends string>(values: readonly V[]): Readonly<Record<V, number>> => {
  const entries = values.map((value, code) => [value, code] as const)
  return Object.fromEntries(entries) as Record<V, number>
}

export const MODE: Readonly<Record<LockMode, number>> = codes(KINDS.lock.fields.mode.values)
export const ACTION: Readonly<Record<WalkAction, number>> = codes(
  KINDS.cb_exit.fields.action.values,
)
export const API = codes(KINDS.lazy_mmu_enter.fields.api.values)
export const CONTEXT: Readonly<Record<Context, number>> = codes(
  KINDS.sleep_in_atomic.fields.context.values,
)
export const ACCESS = codes(KINDS.access.fields.mode.values)
export const OUTCOME = codes(KINDS.access.fields.outcome.values)
export const SCOPE: Readonly<Record<BarrierScope, number>> = codes(KINDS.dsb.fields.scope.values)
