import { fieldsByName } from '../event/codec.ts'
import type { Field } from '../event/kind-spec.ts'
import { fieldsOf, type Kind, KINDS, type TraceEvent } from '../event/kinds.ts'

/**
 * Where an event shows what one entry holds after it: its fields, of which the first that is there counts. Stores do;
 * of a real kernel so do its callbacks and splits, which name the descriptor that they found. (A walker's callback at
 * a level folded away names that level; only real traces carry `val`, unfolded.)
 */
const SHOWN_IN = {
  desc_write: ['new'],
  cb_enter: ['val'],
  split: ['cur', 'val'],
  split_end: ['val'],
} as const satisfies { readonly [K in Kind]?: readonly (keyof (typeof KINDS)[K]['fields'])[] }

export type ShowingKind = keyof typeof SHOWN_IN

const isShowing = (kind: Kind): kind is ShowingKind => Object.hasOwn(SHOWN_IN, kind)

/** The descriptor that an event shows, null: none. */
export function shownValue(event: TraceEvent): bigint | null {
  if (!isShowing(event.kind)) return null
  const fields = fieldsByName(event)
  for (const name of SHOWN_IN[event.kind]) {
    const { [name]: value } = fields
    if (typeof value === 'bigint') return value
  }
  return null
}

const rows = Object.entries(SHOWN_IN).map(([name, shown]) => {
  const kind = name as ShowingKind
  const columns = new Map<string, Field>(fieldsOf(kind))
  const values = shown.map((field) => columns.get(field)!.in)
  return {
    id: KINDS[kind].id,
    value: values.length > 1 ? `coalesce(${values.join(', ')})` : values[0],
  }
})

/** {@link shownValue} as SQL on a row of `event` of one of {@link SHOWING_IDS}. */
export const SHOWN_SQL = `case kind ${rows.map(({ id, value }) => `when ${id} then ${value}`).join(' ')} end`

export const SHOWING_IDS: ReadonlySet<number> = new Set(rows.map(({ id }) => id))
