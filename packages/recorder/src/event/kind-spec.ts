import type { ColumnsOf } from './event-columns.ts'

/** How a kind of event and its fields are described: the rows of KINDS. */
export type FieldType =
  /** 64 bits: bigint here, `0x…` in JSON, two's complement in SQLite */
  | 'u64'
  /** a u64 kept as its distance from `va`, which is small: the column holds end - va */
  | 'end'
  | 'int'
  | 'bool'
  /** a page-table level by name; SQLite holds its number */
  | 'level'
  /** a level by number: what pte_hole() was given */
  | 'depth'
  /** a short text that recurs: interned in `name` */
  | 'name'
  /** one of `values`; SQLite holds its index */
  | 'enum'
  /** any JSON value, as text */
  | 'json'

/** Physical columns a kind may use for its own fields. */
export type FieldColumn = ColumnsOf<'word' | 'flagged' | 'text'> | 'level' | 'fn'

export interface Field {
  readonly type: FieldType
  readonly in: FieldColumn
  readonly optional?: true
  readonly values?: readonly string[]
  /** What the value is; printed in docs/events.md. */
  readonly doc?: string
}

export interface KindSpec {
  readonly id: number
  readonly doc: string
  /** Opens (+1) or closes (-1) a level of the call tree of its task. */
  readonly nest?: 1 | -1
  /** Of a closing kind: the opening one. */
  readonly closes?: string
  /** The call on its CPU ends here without returning. */
  readonly halts?: true
  readonly fields: Readonly<Record<string, Field>>
  /** Former names of fields that files of older versions have, and their names now. */
  readonly renamed?: Readonly<Record<string, string>>
}

export const u64 = (col: FieldColumn, doc?: string) => ({ type: 'u64', in: col, doc }) as const
export const int = (col: FieldColumn, doc?: string) => ({ type: 'int', in: col, doc }) as const
export const bool = (col: FieldColumn, doc?: string) => ({ type: 'bool', in: col, doc }) as const
export const name = (col: FieldColumn, doc?: string) => ({ type: 'name', in: col, doc }) as const
export const json = (doc?: string) => ({ type: 'json', in: 'extra', doc }) as const
export const oneOf = <const V extends readonly string[]>(
  col: FieldColumn,
  values: V,
  doc?: string,
) => ({ type: 'enum', in: col, values, doc }) as const
export const opt = <const F extends Field>(field: F) => ({ ...field, optional: true }) as const
