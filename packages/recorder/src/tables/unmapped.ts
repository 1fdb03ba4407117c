import { type EventOf, type Kind, KINDS, type TraceEvent } from '../event/kinds.ts'
import { signedVa } from '../event/words.ts'

/** Functions that unmap their range, or map it anew, by stores that no probe shows. */
const UNMAPPING_FUNCTIONS = [
  'vfree',
  'vunmap',
  'vunmap_range',
  'vunmap_range_noflush',
  '__vunmap_range_noflush',
  '__vmap_pages_range_noflush',
] as const
const NAMES: ReadonlySet<string> = new Set(UNMAPPING_FUNCTIONS)

/** Kinds that such a function may be: inside a call, or called by who asks for it. */
const UNMAPPING_KINDS = ['span_begin', 'op_begin'] as const satisfies readonly Kind[]
export type Unmapping = EventOf<(typeof UNMAPPING_KINDS)[number]>

/** {@link isUnmapping} as SQL on a row of `event`. */
export const UNMAPPING_SQL = `kind in (${UNMAPPING_KINDS.map((kind) => KINDS[kind].id).join(', ')})
  and va is not null and fn in (select id from name where text in (${UNMAPPING_FUNCTIONS.map((fn) => `'${fn}'`).join(', ')}))`

/** 16 GB: no area is larger. */
export const MOST_UNMAPPED = 2 ** 34

/** Whether an event begins what unmaps memory while nobody shows by which stores. */
export const isUnmapping = (e: TraceEvent): e is Unmapping =>
  (e.kind === 'span_begin' || e.kind === 'op_begin') && e.va !== null && NAMES.has(e.fn ?? '')

/** Signed addresses of what it unmaps; `end` is null where only the first one is shown (`vfree`). */
export function unmappedSpan({ va, end }: Unmapping) {
  if (va === null) return null
  const start = signedVa(va)
  if (end === null) return { start, end: null }
  const last = signedVa(end)
  return last <= start || last - start > MOST_UNMAPPED ? null : { start, end: last }
}
