import {
  type AlignedCall,
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
  RowFound,
  RowHits,
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
  #hits: { readonly words: string; seen: number; readonly rows: number[] } | null = null
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

  /** The next row to go to. Rows that follow one that differs belong to it; each row with words is one. */
  seek(q: DifferenceQuery): RowFound {
    this.#open(q)
    const { aim } = q
    if (typeof aim !== 'object') return { at: this.#nextOther(q, aim), hits: null }
    const has = this.#readerOf(aim.words)
    const step = q.backward ? -1 : 1
    const row = (at: number) => (q.made === true ? this.#rows[at] : this.#row(at))
    let at = q.from + step
    for (let next = row(at); next && !has(next); next = row(at)) at += step
    const found = row(at) ? at : null
    return { at: found, hits: this.#hitsOf(aim.words, has, found) }
  }

  #nextOther(q: DifferenceQuery, aim: Exclude<Aim, object>): number | null {
    const step = q.backward ? -1 : 1
    const test = AIMS[aim] ?? this.#isOtherEffect
    const isAim = (i: number) => {
      const row = this.#row(i)
      return row !== undefined && test(row)
    }
    let at = q.from
    // Out of the difference the cursor is in, then to the first row of the next one.
    while (isAim(at)) at += step
    while (this.#row(at) && !isAim(at)) at += step
    if (!this.#row(at)) return null
    if (q.backward) while (isAim(at - 1)) at--
    return at
  }

  /** Rows with the words among those that have been made, each looked at once. */
  #hitsOf(words: string, has: (row: AlignedRow) => boolean, at: number | null): RowHits {
    if (this.#hits?.words !== words) this.#hits = { words, seen: 0, rows: [] }
    const { rows } = this.#hits
    while (this.#hits.seen < this.#rows.length) {
      const i = this.#hits.seen++
      if (has(this.#rows[i]!)) rows.push(i)
    }
    const index = at === null ? -1 : rows.indexOf(at)
    return { at: index < 0 ? null : index, count: rows.length, all: this.#source === null }
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

  readonly #isOtherEffect = (row: AlignedRow): boolean => {
    if (row.row === 'events') {
      const { left, right } = this.#effects
      return left.has(row.left?.seq ?? -1) || right.has(row.right?.seq ?? -1)
    }
    if (row.row !== 'call') return false
    // Of effects that no event shows, the call itself is the place.
    const { pair } = row
    return pair ? pair.effectsTotal > 0 && !pair.effects.some(hasEvent) : isAlone(row)
  }

  /** Rows in which all these words can be read. */
  #readerOf(text: string): (row: AlignedRow) => boolean {
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
    return (row) => {
      const said = textOf(row).toLowerCase()
      return words.every((word) => said.includes(word))
    }
  }

  #open({ left, right, folded, filter }: ComparedRuns): void {
    const key = `${left} ${right} ${folded} ${filter}`
    if (key === this.#key) return
    this.#key = key
    this.#rows = []
    this.#hits = null
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

/** A call that the other side did not make; one that it lost, or that a timer makes, is not a difference. */
const isAlone = ({ alone }: AlignedCall): boolean =>
  alone !== null && alone !== 'loss' && alone !== 'rate'

function isOtherPath(row: AlignedRow): boolean {
  if (row.row === 'call') return isAlone(row)
  return row.row === 'events' && ['changed', 'left', 'right'].includes(row.status)
}

const isOtherOutcome = (row: AlignedRow): boolean =>
  row.row === 'call' && (isAlone(row) || row.pair?.outcome === 'different')

const hasEvent = (effect: { leftSeq: number | null; rightSeq: number | null }): boolean =>
  effect.leftSeq !== null || effect.rightSeq !== null

/** Of an effect the pair has to be known. */
const AIMS = {
  call: isCall,
  path: isOtherPath,
  outcome: isOtherOutcome,
  effect: null,
} as const
