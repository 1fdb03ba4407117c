/** A condition on the columns of `event`, with `?` for its parameters. */
export interface Condition {
  readonly sql: string
  readonly parameters: readonly (bigint | string)[]
  /** Bit k set: events of kind k may fulfil it. Batches without such kinds are passed over. */
  readonly kindMask?: bigint
}

/**
 * va + size modulo 2^64. SQLite's own sum becomes a rounded real where it leaves the signed range, so the halves are
 * added and the last bit is put back.
 */
export const END_SQL = wrappingSum('coalesce(va, 0)', 'size')

function wrappingSum(a: string, b: string): string {
  const half = `(${a} >> 1) + (${b} >> 1) + (${a} & ${b} & 1)`
  return `(((${half}) << 1) | (((${a} & 1) + (${b} & 1)) & 1))`
}
