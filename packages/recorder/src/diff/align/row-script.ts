import { KINDS } from '../../event/kinds.ts'
import { align } from './align.ts'
import type { PathCounts } from '../pair-result.ts'
import { RowRuns } from './row-runs.ts'
import { comparedFields, hashTokens, isRenamed, sameToken } from './token-equality.ts'
import { HAS, KINDS_LIMIT, type Tokens } from './tokens.ts'

/** How the rows of two calls lie side by side. */
export interface RowScript {
  readonly runs: RowRuns
  readonly minimal: boolean
}

/** By kind: a flush or invalidation without address means everything; that is a value, not something unknown. */
const ALWAYS = new Uint32Array(KINDS_LIMIT)
ALWAYS[KINDS.tlb_flush.id] = HAS.VA | HAS.SIZE
ALWAYS[KINDS.tlbi.id] = HAS.VA

/**
 * Aligns two calls' events: as many equal ones as possible in order; then, between those, events of one kind, place
 * and function whose values differ are one changed row.
 */
export function alignRows(left: Tokens, right: Tokens, budget: number): RowScript {
  const compared = comparedFields(left, right, ALWAYS)
  const a = hashTokens(left, compared, false)
  const b = hashTokens(right, compared, false)
  const whole = align(a, b, budget)
  const builder = new RowBuilder(left, right, compared)
  let { minimal } = whole
  let i = 0
  let j = 0
  const gap = (iEnd: number, jEnd: number): void => {
    if (i < iEnd && j < jEnd) {
      const inside = align(
        hashTokens(left, compared, true, i, iEnd),
        hashTokens(right, compared, true, j, jEnd),
        budget,
      )
      minimal &&= inside.minimal
      builder.gap(i, iEnd, j, jEnd, inside.matches)
    } else builder.gap(i, iEnd, j, jEnd, EMPTY)
  }
  const { matches } = whole
  for (let at = 0; at < matches.length; at += 3) {
    gap(matches[at]!, matches[at + 1]!)
    builder.equal(matches[at]!, matches[at + 1]!, matches[at + 2]!)
    i = matches[at]! + matches[at + 2]!
    j = matches[at + 1]! + matches[at + 2]!
  }
  gap(left.length, right.length)
  return { runs: builder.runs, minimal }
}

const EMPTY = new Int32Array(0)

class RowBuilder {
  readonly runs = new RowRuns()
  private readonly left: Tokens
  private readonly right: Tokens
  private readonly compared: Uint32Array

  constructor(left: Tokens, right: Tokens, compared: Uint32Array) {
    this.left = left
    this.right = right
    this.compared = compared
  }

  /** Equal by hash: made sure of here, so that nothing is ever called the same that is not. */
  equal(i: number, j: number, length: number): void {
    const { left, right, compared, runs } = this
    for (let n = 0; n < length; n++) {
      const same = sameToken(left, i + n, right, j + n, compared)
      runs.add(!same ? 'changed' : isRenamed(left, i + n, right, j + n) ? 'renamed' : 'same', 1)
    }
  }

  /** Rows without an equal: from i to iEnd and from j to jEnd, those of `matches` beside each other. */
  gap(i: number, iEnd: number, j: number, jEnd: number, matches: Int32Array): void {
    let x = i
    let y = j
    for (let at = 0; at < matches.length; at += 3) {
      const u = i + matches[at]!
      const v = j + matches[at + 1]!
      this.alone(u - x, v - y)
      this.runs.add('changed', matches[at + 2]!)
      x = u + matches[at + 2]!
      y = v + matches[at + 2]!
    }
    this.alone(iEnd - x, jEnd - y)
  }

  private alone(left: number, right: number): void {
    this.runs.add('left', left)
    this.runs.add('right', right)
  }
}

/** Rows by status; `left`, `right`: what was set aside on either side. */
export function countRows(script: RowScript, left = 0, right = 0): PathCounts {
  const counts = { same: 0, renamed: 0, changed: 0, left: 0, right: 0 }
  for (const run of script.runs) counts[run.status] += run.length
  return {
    same: counts.same + counts.renamed,
    renamed: counts.renamed,
    changed: counts.changed,
    onlyLeft: counts.left,
    onlyRight: counts.right,
    asideLeft: left,
    asideRight: right,
    restDiffers: 0,
  }
}

/** Whether some row differs; names of one role do not differ here. */
export const differs = (path: PathCounts): boolean =>
  path.changed + path.onlyLeft + path.onlyRight > 0
