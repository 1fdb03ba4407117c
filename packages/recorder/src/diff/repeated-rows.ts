import { KINDS, type TraceEvent } from '../event/kinds.ts'
import type { EventSource } from '../event/run.ts'
import type { RowScript } from './align/row-script.ts'
import { HAS, T, type Tokens } from './align/tokens.ts'
import type { DivergenceRow, RowStatus } from './pair-result.ts'

/**
 * One way in which rows of a pair differ, with the first of them, and how often it occurs there: a changed bit in 9,999
 * entries is one.
 */
export interface RepeatedRow extends DivergenceRow {
  readonly count: number
}

/** The same by the numbers of its rows: what follows from the streams alone. */
export interface FoundRows {
  readonly status: RowStatus
  count: number
  readonly left: number | null
  readonly right: number | null
  /** What is the same in all boots, of either side; empty where it has no event. */
  readonly ways: readonly [left: string, right: string]
  /** Of two that read alike, the fields that are apart. */
  readonly apart: string
}

/** Ways in which rows differ, in the order in which they come. */
export function repeatedRows({ runs }: RowScript, left: Tokens, right: Tokens): FoundRows[] {
  const found = new Map<string, FoundRows>()
  for (const run of runs) {
    const { status } = run
    if (status === 'same' || status === 'renamed') continue
    for (let n = 0; n < run.length; n++) {
      const i = status === 'right' ? null : run.left + n
      const j = status === 'left' ? null : run.right + n
      const ways = [i === null ? '' : wayOf(left, i), j === null ? '' : wayOf(right, j)] as const
      const alike = i !== null && j !== null && ways[0] === ways[1]
      const apart = alike ? fieldsApart(left, i, right, j) : ''
      const key = wayText({ status, ways, apart }, false)
      const known = found.get(key)
      if (known) known.count++
      else found.set(key, { status, count: 1, left: i, right: j, ways, apart })
    }
  }
  return [...found.values()]
}

/** All the ways of a pair, and what is alike of pairs with the same, as they are and with their sides exchanged. */
export interface RowWays {
  readonly rows: readonly FoundRows[]
  readonly texts: readonly [string, string]
}

export function rowWays(script: RowScript, left: Tokens, right: Tokens): RowWays {
  const rows = repeatedRows(script, left, right)
  const text = (exchanged: boolean): string =>
    JSON.stringify(rows.map((row) => `${wayText(row, exchanged)}×${row.count}`).toSorted())
  return { rows, texts: [text(false), text(true)] }
}

/** A way as text, as it is or with its sides exchanged. */
export function wayText(
  { status, ways, apart }: Pick<FoundRows, 'status' | 'ways' | 'apart'>,
  exchanged: boolean,
): string {
  const [left, right] = exchanged ? [ways[1], ways[0]] : ways
  return `${exchanged ? (EXCHANGED[status] ?? status) : status} ${left}|${right}|${apart}`
}

const EXCHANGED: Readonly<Partial<Record<RowStatus, RowStatus>>> = { left: 'right', right: 'left' }

/** Kind, level, function, masks and result; of a store the attribute bits that it set and cleared. */
function wayOf(tokens: Tokens, i: number): string {
  const word = (field: number): number => tokens.word(i, field)
  const head = `${word(T.KIND)} ${word(T.ROLE)} ${word(T.RET)}`
  if (tokens.kindAt(i) === KINDS.desc_write.id) {
    const set = (half: 0 | 1): number => word(T.NEW + half) & ~word(T.OLD + half) & ATTRIBUTES[half]
    const cleared = (half: 0 | 1): number =>
      word(T.OLD + half) & ~word(T.NEW + half) & ATTRIBUTES[half]
    return `${head} ${set(0)} ${set(1)} ${cleared(0)} ${cleared(1)}`
  }
  if (!MASKED.has(tokens.kindAt(i))) return head
  return `${head} ${word(T.OLD)} ${word(T.OLD + 1)} ${word(T.NEW)} ${word(T.NEW + 1)}`
}

/** All but bits 49:12. */
const ATTRIBUTES = [0xfff, 0xfffc0000] as const

/** Kinds whose columns hold what was asked for, not where. */
const MASKED: ReadonlySet<number> = new Set(
  [KINDS.walk_begin, KINDS.span_begin, KINDS.cb_enter].map(({ id }) => id),
)

const APART = [
  [HAS.VA, T.VA],
  [HAS.SIZE, T.SIZE],
  [HAS.OLD, T.OLD],
  [HAS.NEW, T.NEW],
  [HAS.AUX, T.AUX],
] as const

function fieldsApart(left: Tokens, i: number, right: Tokens, j: number): string {
  const apart = APART.filter(
    ([bit, field]) =>
      left.has(i, bit) !== right.has(j, bit) ||
      left.word(i, field) !== right.word(j, field) ||
      left.word(i, field + 1) !== right.word(j, field + 1),
  )
  return apart.map(([bit]) => bit).join(' ')
}

/** By the numbers of events: of one pair of calls. */
export type PlacedRow = Pick<FoundRows, 'status' | 'count' | 'left' | 'right'>

export const placedRows = (found: readonly FoundRows[], left: Tokens, right: Tokens): PlacedRow[] =>
  found.map(({ status, count, left: i, right: j }) => ({
    status,
    count,
    left: i === null ? null : left.seqAt(i),
    right: j === null ? null : right.seqAt(j),
  }))

/** With the events themselves. */
export const readRows = (
  a: EventSource,
  b: EventSource,
  found: readonly PlacedRow[],
): RepeatedRow[] =>
  found.map(({ status, count, left, right }) => ({
    status,
    count,
    left: eventAt(a, left),
    right: eventAt(b, right),
  }))

/** The event with this number; null: none is asked for. */
export function eventAt(source: EventSource, seq: number | null): TraceEvent | null {
  if (seq === null) return null
  for (const event of source.events(seq, seq)) return event
  return null
}
