import { LO } from '@pagetrail/engine'
import type { RunGeometry } from '../../event/run.ts'
import type { TraceState } from './trace-state.ts'

/** The kernels whose implementation Pagetrail follows. */
export const TRACED_FLAVOURS = ['6.12', '6.17', '6.18', '7.3'] as const
export type TracedFlavour = (typeof TRACED_FLAVOURS)[number]

/** PTE_PRESENT_INVALID, from 7.0: what makes an entry invalid without losing that it is a leaf. */
export const PRESENT_INVALID = LO.NG

/**
 * Which implementation a trace shows: before or after the page walker (6.18) by the functions that were hit, within
 * them by what their probes could show. Null where the trace has none of the signs.
 */
export function tracedFlavour(
  events: TraceState,
  { names }: { readonly names: Readonly<Record<string, number>> },
): TracedFlavour | null {
  if (
    names['update_range_prot'] ||
    names['pageattr_pte_entry'] ||
    names['pageattr_pte_entry_store']
  ) {
    if (events.lazyCounted || events.presentInvalid === true) return '7.3'
    return events.lazyFlagged || events.presentInvalid === false ? '6.18' : null
  }
  if (names['__change_memory_common']) return '6.12'
  if (!names['change_page_range']) return null
  if (events.lazyFlagged || names['change_memory_common']) return '6.17'
  return events.storesSeen ? '6.12' : null
}

/**
 * Pages as given or shown, address bits as seen: kernels of 16K pages have 47 unless an address needs more. Null where
 * no address was seen.
 */
export function tracedGeometry(events: TraceState): RunGeometry | null {
  if (!events.addressSeen) return null
  const { pageShift, va48, va52 } = events
  const stock = pageShift === 14 && !va48 ? 47 : 48
  const vaBits = va52 ? 52 : stock
  return { pageShift, vaBits, levels: Math.ceil((vaBits - pageShift) / (pageShift - 3)) }
}
