import {
  type AlignedRow,
  alignedRows,
  eventWords,
  parseFilter,
  type Run,
  type RunFile,
  runGeometry,
  toPredicate,
} from '@pagetrail/recorder'
import type {
  Aim,
  ComparedRuns,
  DifferenceQuery,
  DiffRows,
  DiffRowsQuery,
  RowPlace,
} from './data.ts'

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
  #runs: readonly Run[] = []
  /** Events at which effects differ, by side. */
  readonly #effects = { left: new Set<number>(), right: new Set<number>() }

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

  /** Index of the next row to go to; null: none. Rows that follow one that differs belong to it. */
  seek(q: DifferenceQuery): number | null {
    this.#open(q)
    const step = q.backward ? -1 : 1
    const isAim = this.#testOf(q.aim)
    let at = q.from
    // Out of the difference the cursor is in, then to the first row of the next one.
    while (isAim(at)) at += step
    while (this.#row(at) && !isAim(at)) at += step
    if (!this.#row(at)) return null
    if (q.backward) while (isAim(at - 1)) at--
    return at
  }

  /** Index of the row of an event (or of the fold that it is in), of a call, or the last one; null: there is none. */
  find(q: ComparedRuns, place: RowPlace): number | null {
    this.#open(q)
    if (place === 'last') {
      this.#fill(MOST_ROWS)
      return this.#rows.length - 1
    }
    if ('call' in place) {
      for (let at = 0; ; at++) {
        const row = this.#row(at)
        if (!row) return null
        if (row.row === 'call' && row[place.side]?.op === place.call) return at
      }
    }
    const [side, seq] =
      place.left === null ? (['right', place.right] as const) : (['left', place.left] as const)
    return seq === null ? null : this.#rowAt(side, seq)
  }

  /** The last row up to an event within the call that has it. */
  #rowAt(side: 'left' | 'right', seq: number): number | null {
    let before: number | null = null
    for (let at = 0; ; at++) {
      const row = this.#row(at)
      if (!row) return before
      const here = isFolded(row) ? row[side] : (row[side]?.seq ?? null)
      if (here === seq) return at
      if (here !== null && here < seq) before = at
      if (here !== null && here > seq && row.row === 'call') return before
    }
  }

  #row(at: number): AlignedRow | undefined {
    if (at < 0) return undefined
    if (at >= this.#rows.length) this.#fill(at + 1)
    return this.#rows[at]
  }

  #testOf(aim: Aim): (at: number) => boolean {
    if (typeof aim === 'object') return this.#readerOf(aim.words)
    const test = {
      call: isCall,
      path: isOtherPath,
      outcome: isOtherOutcome,
      effect: this.#isOtherEffect,
    }[aim]
    return (at) => {
      const row = this.#row(at)
      return row !== undefined && test(row)
    }
  }

  readonly #isOtherEffect = (row: AlignedRow): boolean => {
    if (row.row === 'events') {
      const { left, right } = this.#effects
      return left.has(row.left?.seq ?? -1) || right.has(row.right?.seq ?? -1)
    }
    if (row.row !== 'call') return false
    // Of effects that no event shows, the call itself is the place.
    const { pair } = row
    return pair ? pair.effectsTotal > 0 && !pair.effects.some(hasEvent) : true
  }

  /** Rows in which all these words can be read. */
  #readerOf(text: string): (at: number) => boolean {
    const words = text.toLowerCase().split(/\s+/)
    const geometries = this.#runs.map(runGeometry)
    const textOf = (row: AlignedRow): string => {
      if (row.row === 'call') return `${row.left?.fn ?? ''} ${row.right?.fn ?? ''}`
      if (row.row !== 'events') return ''
      return [row.left, row.right]
        .flatMap((event, i) => {
          if (!event) return []
          const { what, detail } = eventWords(event, geometries[i] ?? null)
          return [event.kind, what, detail]
        })
        .concat(row.places?.left ?? '', row.places?.right ?? '')
        .join(' ')
    }
    return (at) => {
      const row = this.#row(at)
      const said = row ? textOf(row).toLowerCase() : ''
      return row !== undefined && words.every((word) => said.includes(word))
    }
  }

  #open({ left, right, folded, filter }: ComparedRuns): void {
    const key = `${left} ${right} ${folded} ${filter}`
    if (key === this.#key) return
    this.#key = key
    this.#rows = []
    this.#effects.left.clear()
    this.#effects.right.clear()
    this.#runs = [left, right].map((id): Run => this.#runFile.find(id))
    const [a, b] = this.#runs.map((run) => this.#runFile.source(run))
    if (!a || !b) throw new Error('a comparison has two runs')
    const only =
      filter === null ? {} : { filter: { text: filter, matches: toPredicate(parseFilter(filter)) } }
    const shown = folded ? { context: CONTEXT, repeats: true } : {}
    this.#source = alignedRows(a, b, { ...shown, ...only })[Symbol.iterator]()
  }

  #fill(length: number): void {
    while (this.#source && this.#rows.length < Math.min(length, MOST_ROWS)) {
      const { done, value: row } = this.#source.next()
      if (done === true) this.#source = null
      else this.#add(row)
    }
    if (this.#rows.length >= MOST_ROWS) this.#source = null
  }

  #add(row: AlignedRow): void {
    this.#rows.push(row)
    if (row.row !== 'call') return
    for (const { leftSeq, rightSeq } of row.pair?.effects ?? []) {
      if (leftSeq !== null) this.#effects.left.add(leftSeq)
      if (rightSeq !== null) this.#effects.right.add(rightSeq)
    }
  }
}

const isFolded = (row: AlignedRow): row is Extract<AlignedRow, { row: 'fold' | 'repeat' }> =>
  row.row === 'fold' || row.row === 'repeat'

const isCall = (row: AlignedRow): boolean => row.row === 'call'

const isAlone = (row: Extract<AlignedRow, { row: 'call' }>): boolean =>
  row.left === null || row.right === null

function isOtherPath(row: AlignedRow): boolean {
  if (row.row === 'call') return isAlone(row)
  return row.row === 'events' && ['changed', 'left', 'right'].includes(row.status)
}

const isOtherOutcome = (row: AlignedRow): boolean =>
  row.row === 'call' && (isAlone(row) || row.pair?.outcome === 'different')

const hasEvent = (effect: { leftSeq: number | null; rightSeq: number | null }): boolean =>
  effect.leftSeq !== null || effect.rightSeq !== null
