/**
 * The columns of table `event`, in the order in which rows are read and written, with how each lies in a Batch: an
 * array of its own that is `always` set or may be `unset` (NONE), one of the 64-bit `word`s, …
 */
export const EVENT_COLUMNS = {
  id: 'rowid',
  ts: 'unset',
  cpu: 'always',
  task: 'unset',
  op: 'unset',
  nest: 'always',
  kind: 'always',
  level: 'unset',
  fn: 'unset',
  va: 'word',
  size: 'word',
  old: 'word',
  new: 'word',
  aux: 'word',
  ret: 'flagged',
  extra: 'text',
  more: 'rare text',
} as const

export type EventColumn = keyof typeof EVENT_COLUMNS

type InBatch = (typeof EVENT_COLUMNS)[EventColumn]

/** Columns that lie in one of these ways. */
export type ColumnsOf<F extends InBatch> = {
  [C in EventColumn]: (typeof EVENT_COLUMNS)[C] extends F ? C : never
}[EventColumn]

export const COLUMN_NAMES: readonly EventColumn[] = Object.keys(EVENT_COLUMNS).filter(isColumn)

function isColumn(name: string): name is EventColumn {
  return Object.hasOwn(EVENT_COLUMNS, name)
}

/** In the order of the table. */
export const columnsThat = <F extends InBatch>(...forms: readonly F[]): readonly ColumnsOf<F>[] =>
  COLUMN_NAMES.filter((name): name is ColumnsOf<F> => forms.some((f) => f === EVENT_COLUMNS[name]))

/** A row of `event` as read with safe integers and `.raw()`; {@link AT} says where each column stands. */
export type EventRow = readonly (bigint | string | null)[]

export const AT = Object.fromEntries(COLUMN_NAMES.map((name, i) => [name, i])) as {
  readonly [C in EventColumn]: number
}
