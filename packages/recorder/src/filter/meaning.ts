import type { Kind } from '../event/kinds.ts'

/** What a name in a filter stands for. */

/** How the values of a field are compared. */
export type ValueClass =
  /** unsigned 64 bits */
  | 'u64'
  /** a whole number with sign */
  | 'int'
  /** names in an order, of which SQLite holds the number: levels, enums, kinds, booleans */
  | 'code'
  /** interned text */
  | 'name'
  /** JSON text */
  | 'json'
  /** a producer's own: text as JSON, whole numbers in their order */
  | 'free'

/** One meaning of a field's name: the same column and type in all of `kinds`. */
export interface Meaning {
  readonly class: ValueClass
  /** null: common to all kinds. */
  readonly kinds: readonly Kind[] | null
  /** SQL of the stored value, null where the event has none. */
  readonly sql: string
  /** Of a name: SQL of what is compared, where that is not the whole text. */
  readonly text?: string
  /** Of a code: its names, and the number of each. */
  readonly codes: ReadonlyMap<string, number>
  /** Of a code: whether < and > mean something. */
  readonly ordered: boolean
}

export const NO_CODES: ReadonlyMap<string, number> = new Map()

export const plain = (sql: string, cls: ValueClass): Meaning => ({
  class: cls,
  kinds: null,
  sql,
  codes: NO_CODES,
  ordered: true,
})
