import { fieldsOf, type TraceEvent } from '../event/kinds.ts'
import type { AlignedRow, CallTreeRow, RepeatRow } from './result.ts'

type Row = AlignedRow | CallTreeRow

/** The longest part that is looked for again right behind itself: the rows of one callback, of both sides. */
const LONGEST = 64

/** So many of one kind in a row are worth folding. */
const LEAST = 3

/**
 * Parts that come again and again, each right behind the other, shown once: the rows of a page, then how many pages
 * more were the same. Alike means the same rows with the same changes, wherever they are.
 */
export function* foldRepeats<R extends Row>(rows: Iterable<R>): Generator<R | RepeatRow> {
  const all = [...rows]
  const shapes = numbered(all.map(shapeOfRow))
  let at = 0
  while (at < all.length) {
    const length = periodAt(shapes, at)
    if (length === 0) {
      yield all[at++]!
      continue
    }
    const times = timesAt(shapes, at, length)
    yield* all.slice(at, at + length)
    const next = all.slice(at + length, at + length * times)
    yield {
      row: 'repeat',
      times: times - 1,
      rows: length,
      left: firstOf(next, 'left'),
      right: firstOf(next, 'right'),
    }
    at += length * times
  }
}

/** Length of the shortest part that is here three times and more; 0: none is. */
function periodAt(shapes: Uint32Array, at: number): number {
  for (let length = 1; length <= LONGEST; length++) {
    if (at + length * LEAST > shapes.length) return 0
    if (timesAt(shapes, at, length, LEAST) >= LEAST) return length
  }
  return 0
}

/** How often the part that begins here comes, itself included. */
function timesAt(shapes: Uint32Array, at: number, length: number, enough = Infinity): number {
  let end = at + length
  while (end < shapes.length && shapes[end] === shapes[end - length]) {
    end++
    if (end - at >= length * enough) break
  }
  return Math.floor((end - at) / length)
}

function numbered(texts: readonly string[]): Uint32Array {
  const ids = new Map<string, number>()
  return Uint32Array.from(texts, (text) => {
    const id = ids.get(text) ?? ids.size
    ids.set(text, id)
    return id
  })
}

/** The first event of a side among some rows. */
function firstOf(rows: readonly Row[], side: 'left' | 'right'): number | null {
  for (const row of rows) {
    const at = row.row === 'fold' || row.row === 'repeat' ? row[side] : (row[side]?.seq ?? null)
    if (at !== null) return at
  }
  return null
}

function shapeOfRow(row: Row): string {
  switch (row.row) {
    case 'events':
      return `${row.status} ${shapeOf(row.left)} | ${shapeOf(row.right)}`
    case 'fold':
      return `fold ${row.count}`
    // A call, and what is folded already, is like no other row.
    case 'call':
      return `call ${row.left?.seq} ${row.right?.seq}`
    case 'repeat':
      return `repeat ${row.left} ${row.right}`
  }
}

/** Fields that say where and when, not what. */
const PLACES: ReadonlySet<string> = new Set([
  'va',
  'end',
  'old',
  'new',
  'val',
  'cur',
  'pa',
  'slot',
  'desc',
])

/** Bits 49:12 of a descriptor: where it leads. */
const ADDRESS = 0x3_ffff_ffff_f000n

/** What an event is, wherever it happens: kind, depth, fields without addresses, of a store the bits it changed. */
export function shapeOf(event: TraceEvent | null): string {
  if (event === null) return ''
  const values = new Map<string, unknown>(Object.entries(event))
  const fields = fieldsOf(event.kind)
    .filter(([name]) => !PLACES.has(name))
    .map(([name]) => `${name} ${String(values.get(name))}`)
  const size = bigintOf(values, 'end', 'va')
  const changed =
    event.kind === 'desc_write' && event.old !== null && event.new !== null
      ? (event.old ^ event.new) & ~ADDRESS
      : ''
  return `${event.kind} ${event.nest} ${size} ${changed} ${fields.join(' ')}`
}

function bigintOf(values: ReadonlyMap<string, unknown>, end: string, from: string): string {
  const [high, low] = [values.get(end), values.get(from)]
  return typeof high === 'bigint' && typeof low === 'bigint' ? String(high - low) : ''
}
