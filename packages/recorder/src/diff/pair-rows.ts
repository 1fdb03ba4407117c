import type { RowRun } from './align/row-script.ts'
import type { Tokens } from './align/tokens.ts'
import type { RowOf } from './result.ts'

/** By the numbers of its events. */
export type PairRow = RowOf<number>

/**
 * The rows of a pair in order, with what was set aside in its place. Equal rows that are further than `context` from
 * their run's ends are folded; what was set aside among them is passed over.
 */
export function* pairRows(
  runs: Iterable<RowRun>,
  left: Tokens,
  right: Tokens,
  context: number,
): Generator<PairRow> {
  const sideA = new Side(left)
  const sideB = new Side(right)
  for (const run of runs) {
    const equal = run.status === 'same' || run.status === 'renamed'
    const folded = equal && run.length > 2 * context ? run.length - 2 * context : 0
    for (let n = 0; n < run.length; n++) {
      if (folded > 0 && n === context) {
        const [l, r] = [left.seqAt(run.left + n), right.seqAt(run.right + n)]
        yield { row: 'fold', count: folded, left: l, right: r }
        n += folded
      }
      if (n >= run.length) break
      const i = run.status === 'right' ? null : run.left + n
      const j = run.status === 'left' ? null : run.right + n
      yield* aside(sideA.before(i), sideB.before(j))
      yield { row: 'events', status: run.status, left: sideA.seq(i), right: sideB.seq(j) }
    }
  }
  yield* aside(sideA.before(left.length), sideB.before(right.length))
}

function* aside(left: Iterable<number>, right: Iterable<number>): Generator<PairRow> {
  for (const seq of left) yield { row: 'events', status: 'unknown', left: seq, right: null }
  for (const seq of right) yield { row: 'events', status: 'unknown', left: null, right: seq }
}

/** One call's events as its rows ask for them, with those set aside in their places. */
class Side {
  private readonly tokens: Tokens
  private at = 0

  constructor(tokens: Tokens) {
    this.tokens = tokens
  }

  seq(index: number | null): number | null {
    return index === null ? null : this.tokens.seqAt(index)
  }

  /** What was set aside before this row's event and has not been handed out. */
  *before(index: number | null): Generator<number> {
    if (index === null) return
    const { aside, length } = this.tokens
    const bound = index < length ? this.tokens.seqAt(index) : Number.POSITIVE_INFINITY
    for (; this.at < aside.length && aside[this.at]! < bound; this.at++) yield aside[this.at]!
  }
}
