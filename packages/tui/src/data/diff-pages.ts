import { type AlignedRow, alignedRows, type Run, type RunFile } from '@pagetrail/recorder'
import type { DiffRows, DiffRowsQuery } from '../model/diff.ts'

/** Equal rows kept at both ends of a folded part. */
const CONTEXT = 2
/** Rows kept; a longer comparison ends here, and says so by its calls not being all there. */
const MOST_ROWS = 1_000_000

/** Where a difference is looked for. */
export interface DifferenceQuery extends Omit<DiffRowsQuery, 'limit'> {
  readonly backward: boolean
}

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
