import { type AlignedRow, alignedRows, type Run, type RunFile } from '@pagetrail/recorder'
import type { DifferenceQuery, DiffRows, DiffRowsQuery } from './data.ts'

/** Equal rows kept at both ends of a folded part. */
const CONTEXT = 2
/** Rows kept; a longer comparison ends here, and says so by its calls not being all there. */
const MOST_ROWS = 1_000_000

/** The rows of one comparison, made as far as they were asked for. */
export class DiffPages {
  readonly #runFile: RunFile
  #key = ''
  #rows: AlignedRow[] = []
  #source: Iterator<AlignedRow> | null = null

  constructor(runFile: RunFile) {
    this.#runFile = runFile
  }

  page(q: DiffRowsQuery): DiffRows {
    this.#open(q)
    this.#fill(q.from + q.limit)
    return {
      rows: this.#rows.slice(q.from, q.from + q.limit),
      from: q.from,
      known: this.#rows.length,
      done: this.#source === null,
    }
  }

  /** Index of the next row that differs; null: none. Rows that follow one that differs belong to it. */
  seek(q: DifferenceQuery): number | null {
    this.#open(q)
    const step = q.backward ? -1 : 1
    let at = q.from
    // Out of the difference the cursor is in, then to the first row of the next one.
    while (this.#differs(at)) at += step
    while (this.#row(at) && !this.#differs(at)) at += step
    if (!this.#row(at)) return null
    if (q.backward) while (this.#differs(at - 1)) at--
    return at
  }

  /** Index of the row of an event, or of the fold or call that it is in; null: it is on none. */
  find(
    q: Pick<DiffRowsQuery, 'left' | 'right' | 'folded'>,
    left: number | null,
    right: number | null,
  ): number | null {
    this.#open(q)
    const [side, seq] = left === null ? (['right', right] as const) : (['left', left] as const)
    if (seq === null) return null
    let before: number | null = null
    for (let at = 0; ; at++) {
      const row = this.#row(at)
      if (!row) return before
      const here = row.row === 'fold' ? row[side] : (row[side]?.seq ?? null)
      if (here === seq) return at
      if (here !== null && here < seq) before = at
      if (here !== null && here > seq && row.row === 'call' && row.left && row.right) return before
    }
  }

  #row(at: number): AlignedRow | undefined {
    if (at < 0) return undefined
    if (at >= this.#rows.length) this.#fill(at + 1)
    return this.#rows[at]
  }

  #differs(at: number): boolean {
    const row = this.#row(at)
    if (!row || row.row === 'fold') return false
    if (row.row === 'call') return row.left === null || row.right === null
    return row.status === 'changed' || row.status === 'left' || row.status === 'right'
  }

  #open(q: Pick<DiffRowsQuery, 'left' | 'right' | 'folded'>): void {
    const key = `${q.left} ${q.right} ${q.folded}`
    if (key === this.#key) return
    this.#key = key
    this.#rows = []
    const runs = [q.left, q.right].map((id): Run => this.#runFile.find(id))
    const [a, b] = runs.map((run) => this.#runFile.source(run))
    if (!a || !b) throw new Error('a comparison has two runs')
    this.#source = alignedRows(a, b, q.folded ? { context: CONTEXT } : {})[Symbol.iterator]()
  }

  #fill(length: number): void {
    while (this.#source && this.#rows.length < Math.min(length, MOST_ROWS)) {
      const next = this.#source.next()
      if (next.done) this.#source = null
      else this.#rows.push(next.value)
    }
    if (this.#rows.length >= MOST_ROWS) this.#source = null
  }
}
