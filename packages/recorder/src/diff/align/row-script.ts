import { KINDS } from '../../event/kinds.ts'
import { align } from './align.ts'
import type { PathCounts, RowStatus } from '../pair-result.ts'
import { comparedFields, hashTokens, isRenamed, sameToken } from './token-equality.ts'
import { HAS, KINDS_LIMIT, type Tokens } from './tokens.ts'

/** How the rows of two calls lie side by side. */
export interface RowScript {
  readonly runs: RowRuns
  readonly minimal: boolean
}

/** Rows of one status that follow each other: first index on the left and on the right, and how many. */
export interface RowRun {
  readonly status: RowStatus
  readonly left: number
  readonly right: number
  readonly length: number
}

const STATUSES: readonly RowStatus[] = ['same', 'renamed', 'changed', 'left', 'right']
const [LEFT, RIGHT] = [STATUSES.indexOf('left'), STATUSES.indexOf('right')]
/** Bits of a word for the status; above them the length. */
const BITS = 3
const MASK = (1 << BITS) - 1

/**
 * All rows of a pair of calls as runs, in order, in four bytes each: a long call has many, and where one begins follows
 * from those before it.
 */
export class RowRuns implements Iterable<RowRun> {
  length = 0
  private words = new Uint32Array(16)

  /** Appends rows; those of the last status are part of its run. */
  add(status: RowStatus, rows: number): void {
    if (rows === 0) return
    const code = STATUSES.indexOf(status)
    const last = this.length - 1
    if (last >= 0 && (this.words[last]! & MASK) === code) {
      this.words[last]! += rows << BITS
      return
    }
    if (this.length === this.words.length) this.grow()
    this.words[this.length++] = (rows << BITS) | code
  }

  *[Symbol.iterator](): Generator<RowRun> {
    let [left, right] = [0, 0]
    for (let i = 0; i < this.length; i++) {
      const code = this.words[i]! & MASK
      const length = this.words[i]! >>> BITS
      yield { status: STATUSES[code]!, left, right, length }
      if (code !== RIGHT) left += length
      if (code !== LEFT) right += length
    }
  }

  private grow(): void {
    const words = new Uint32Array(2 * this.words.length)
    words.set(this.words)
    this.words = words
  }
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
