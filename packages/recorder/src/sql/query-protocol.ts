/** A value of a result: integers are bigint, so that none is rounded. */
export type SqlValue = bigint | number | string | Uint8Array | null

/** What the child is asked to run. */
export interface QueryRequest {
  readonly path: string
  readonly text: string
  /** The most rows that are wanted. */
  readonly rows: number
  /** Value of the parameter `:run`. */
  readonly run: number | null
  /** As of {@link OpenOptions}. */
  readonly proofs: string | undefined
}

/** What the child says; it sends the next rows when it was sent `more`. */
export type QueryMessage =
  /** The file is open and proven: the statement's time begins. */
  | { readonly type: 'begins' }
  | { readonly type: 'columns'; readonly names: readonly string[] }
  | { readonly type: 'rows'; readonly rows: SqlValue[][]; readonly cut: number }
  | { readonly type: 'end'; readonly more: boolean }
  | { readonly type: 'refused'; readonly message: string }

/** Rows per message. */
export const CHUNK_ROWS = 256
/** A text or blob longer than this (characters, bytes) is cut when it leaves the child. */
export const VALUE_MAX = 64 * 1024
/** Resident memory at which the child is ended: sorts and huge values live there. */
export const MEMORY_MAX_BYTES = 1 << 30

/** Signal with which the child ends itself when it needs more than {@link MEMORY_MAX_BYTES}. */
export const MEMORY_SIGNAL = 'SIGUSR2'
