import { count } from '../event/quantity.ts'
import { html, Html } from './html.ts'
import type { CellRun, TableMoment } from './table-moments.ts'

/** How a sort of entry is drawn: by colour, and where it is not valid by shape. */
const SORTS = {
  rw: { words: 'read-write', fill: '#c78612' },
  ro: { words: 'read-only', fill: '#b5d6ee' },
  rx: { words: 'read-only, executable', fill: '#1f5a8c' },
  rwx: { words: 'writable and executable', fill: '#b3261e' },
  tb: { words: 'leads to a table', fill: '#d8dee4' },
  inv: { words: 'invalid (VALID 0)', fill: '#ffffff' },
  pinv: { words: 'invalid, present to the kernel (nG)', fill: '#ffffff' },
  empty: { words: 'empty', fill: '#ffffff' },
  unseen: { words: 'not known', fill: '#e9ecef' },
} as const
export type CellSort = keyof typeof SORTS

export function sortOf({ form, access }: Pick<CellRun, 'form' | 'access'>): CellSort {
  switch (form) {
    case 'unseen':
      return 'unseen'
    case 'none':
      return 'empty'
    case 'table':
      return 'tb'
    case 'present-invalid':
      return 'pinv'
    case 'invalid':
    case 'reserved':
      return 'inv'
    default:
      return access === 'rwx' ? 'rwx' : access === 'r-x' ? 'rx' : access === 'rw-' ? 'rw' : 'ro'
  }
}

/** `2 read-write · 510 empty`: what a map shows, in words. */
export function mapWords({ cells, above }: TableMoment): string {
  if (above)
    return `not there: one ${above.level} entry instead, ${above.form} ${above.access}`.trim()
  const counts = new Map<string, number>()
  for (const cell of cells) {
    const shape = [cell.form === 'block' ? ' block' : '', cell.cont ? ', contiguous' : ''].join('')
    const words = SORTS[sortOf(cell)].words + shape
    counts.set(words, (counts.get(words) ?? 0) + cell.count)
  }
  return [...counts].map(([words, n]) => `${count(n)} ${words}`).join(' · ')
}

/** Entries in a row: a table of 512 is 32 × 16. */
const columnsOf = (entries: number): number => (entries <= 512 ? 32 : entries <= 2048 ? 64 : 128)

const SIZE = 10

/** How much larger letters and outlines are than in a table of 512: others are drawn smaller, though not by as much. */
const scaleOf = (columns: number): number => (columns === 32 ? 1 : columns / 40)

/**
 * One table, an entry a cell. What hardware may hold as one is drawn as one: a contiguous span is a bar, a block has an
 * edge of its own. `before`: entries that differ from it are outlined.
 */
export function mapSvg(
  moment: TableMoment,
  entries: number,
  span: number,
  label: string,
  before: TableMoment | null,
): Html {
  const columns = columnsOf(entries)
  const rows = Math.ceil(entries / columns)
  const [width, height] = [columns * SIZE, rows * SIZE]
  const scale = scaleOf(columns)
  const [left, above] = [Math.ceil(26 * scale), Math.ceil(12 * scale)]
  const [whole, high] = [width + left + 2, height + above + 2]
  const words = `${label}: ${mapWords(moment)}`
  return html`<svg
    class="map"
    width="${new Html(String(whole))}"
    height="${new Html(String(high))}"
    viewBox="${new Html(`${-left} ${-above} ${whole} ${high}`)}"
    role="img"
    aria-label="${words}"
  >
    ${axes(columns, rows)}${moment.above ? oneCell(moment, width, height) : cellsOf(moment, columns, rows, span)}${before && outline(before, moment, columns)}
  </svg>`
}

function axes(columns: number, rows: number): Html {
  const quarters = [0, 1, 2, 3]
  const scale = scaleOf(columns)
  const axisText = (x: number, y: number, end: boolean, n: number): Html =>
    new Html(
      `<text class="ax" font-size="${9 * scale}" fill="#57606a" x="${x}" y="${y}"${end ? ' text-anchor="end"' : ''}>${n}</text>`,
    )
  const across = quarters.map((i) =>
    axisText((columns / 4) * i * SIZE, -3 * scale, false, (columns / 4) * i),
  )
  const down = quarters.map((i) => {
    const row = Math.floor((rows / 4) * i)
    return axisText(-4 * scale, row * SIZE + 8 * scale, true, row * columns)
  })
  return html`${across}${down}`
}

function oneCell({ above }: TableMoment, width: number, height: number): Html {
  if (!above) return html``
  const sort = sortOf({ form: above.form === 'block' ? 'block' : 'none', access: above.access })
  const text = `one ${above.level} entry: ${above.form} ${above.access}`.trim()
  return html`${rect(0, 0, width, height, sort)}${new Html(`<rect class="blk" fill="none" stroke="#57606a" x=".5" y=".5" width="${width - 1}" height="${height - 1}"/>`)}<text
      class="bt"
      font-size="${new Html(String((12 * width) / 320))}"
      x="${new Html(String(width / 2))}"
      y="${new Html(String(height / 2 + 4))}"
      text-anchor="middle"
      fill="#1b1f24"
      stroke="#ffffff"
      stroke-width="${new Html(String(width / 100))}"
      paint-order="stroke"
      >${text}</text
    >`
}

const rect = (x: number, y: number, w: number, h: number, sort: CellSort): Html =>
  new Html(
    `<rect class="${sort}" fill="${SORTS[sort].fill}" x="${x}" y="${y}" width="${w}" height="${h}"/>`,
  )

/** Rows of entries `at` to `at + count`: the part of a row before the first whole one, the whole ones, the rest. */
function* stripes(
  at: number,
  count: number,
  columns: number,
): Generator<[x: number, y: number, w: number, h: number]> {
  const end = at + count
  let from = at
  while (from < end) {
    const [row, column] = [Math.floor(from / columns), from % columns]
    const whole = column === 0 ? Math.floor((end - from) / columns) : 0
    const n = whole > 0 ? whole * columns : Math.min(columns - column, end - from)
    yield [column, row, whole > 0 ? columns : n, Math.max(1, whole)]
    from += n
  }
}

/** Shapes of one look as one path, of which an entry takes a few letters: a table has up to 8192 of them. */
class Shapes {
  readonly #paths = new Map<string, string>()

  /** `look`: the attributes of the path, its class and what it has where no style is allowed. */
  add(look: string, d: string): void {
    this.#paths.set(look, (this.#paths.get(look) ?? '') + d)
  }

  get html(): Html {
    const paths = [...this.#paths].map(([look, d]) => `<path ${look} d="${d}"/>`)
    return new Html(paths.join(''))
  }
}

const box = (x: number, y: number, w: number, h: number): string => `M${x} ${y}h${w}v${h}h-${w}z`

const filled = (sort: CellSort): string => `class="${sort}" fill="${SORTS[sort].fill}"`
const EDGE = 'class="blk" stroke="#57606a" fill="none"'
const SLASHES = 'class="sl" stroke="#57606a" fill="none"'
const DOTS = `class="dots" stroke="#8c959f" stroke-dasharray="0 ${SIZE}"`

function cellsOf({ cells }: TableMoment, columns: number, rows: number, span: number): Html {
  const fills = new Shapes()
  const over = new Shapes()
  for (const cell of cells) {
    const sort = sortOf(cell)
    const mark = MARKS[sort]
    if (sort === 'empty') over.add(DOTS, dots(cell, columns))
    else if (mark) over.add(SLASHES, marks(cell, columns, mark))
    else
      for (const [x, y, w, h] of stripes(cell.at, cell.count, columns))
        fills.add(filled(sort), box(x * SIZE, y * SIZE, w * SIZE, h * SIZE))
    if (cell.cont) {
      const d = bars(cell, columns, span)
      over.add(filled(sort), d)
      over.add(EDGE, d)
    } else if (cell.form === 'block') over.add(EDGE, marks(cell, columns, 'h7v7h-7z'))
  }
  let grid = ''
  for (let x = 1; x < columns; x++) grid += `M${x * SIZE} 0V${rows * SIZE}`
  for (let y = 1; y < rows; y++) grid += `M0 ${y * SIZE}H${columns * SIZE}`
  const [width, height] = [columns * SIZE, rows * SIZE]
  return html`${fills.html}${new Html(`<path class="grid" stroke="#fff" stroke-width="1.6" fill="none" d="${grid}"/><rect class="edge" stroke="#d8dee4" fill="none" x="0" y="0" width="${width}" height="${height}"/>`)}${over.html}`
}

/** What is not valid is shown by its shape: `/`, `×`. */
const MARKS: Readonly<Partial<Record<CellSort, string>>> = {
  inv: 'm0 7l7 -7',
  pinv: 'l7 7m-7 0l7 -7',
}

/** The same shape in each entry. */
function marks(
  { at, count }: Pick<CellRun, 'at' | 'count'>,
  columns: number,
  path: string,
): string {
  let d = ''
  for (let i = at; i < at + count; i++)
    d += `M${(i % columns) * SIZE + 1.5} ${Math.floor(i / columns) * SIZE + 1.5}${path}`
  return d
}

/** A dot for each empty entry: lines of dashes as short as they are wide. */
function dots(cell: CellRun, columns: number): string {
  let d = ''
  for (const [x, y, w, h] of stripes(cell.at, cell.count, columns))
    for (let row = y; row < y + h; row++)
      d += `M${x * SIZE + 5} ${row * SIZE + 5}h${(w - 1) * SIZE + 0.1}`
  return d
}

/** Contiguous entries, a bar for each whole span of them. */
function bars(cell: CellRun, columns: number, span: number): string {
  let d = ''
  for (let at = cell.at; at < cell.at + cell.count;) {
    const end = Math.min(cell.at + cell.count, (Math.floor(at / span) + 1) * span)
    for (const [x, y, w, h] of stripes(at, end - at, columns))
      d += box(x * SIZE + 1, y * SIZE + 1, w * SIZE - 2, h * SIZE - 2)
    at = end
  }
  return d
}

/** Outlines what is not as it was before. */
function outline(before: TableMoment, now: TableMoment, columns: number): Html {
  const found = new Shapes()
  if (before.above || now.above) return found.html
  const look = `class="chd" fill="none" stroke="#1b1f24" stroke-width="${Math.min(3, 1.7 * scaleOf(columns))}"`
  for (const { at, count } of changedCells(before.cells, now.cells))
    for (const [x, y, w, h] of stripes(at, count, columns))
      found.add(look, box(x * SIZE, y * SIZE, w * SIZE, h * SIZE))
  return found.html
}

/** Entries that are drawn otherwise in one than in the other, joined where they touch. */
export function changedCells(
  before: readonly CellRun[],
  now: readonly CellRun[],
): { at: number; count: number }[] {
  const found: { at: number; count: number }[] = []
  let b = 0
  for (const cell of now) {
    let { at } = cell
    const end = at + cell.count
    while (at < end) {
      while (before[b] && before[b]!.at + before[b]!.count <= at) b++
      const other = before[b]
      const to = other ? Math.min(end, other.at + other.count) : end
      const alike =
        other &&
        other.form === cell.form &&
        other.access === cell.access &&
        other.cont === cell.cont
      const last = found.at(-1)
      if (!alike && last && last.at + last.count === at) last.count += to - at
      else if (!alike) found.push({ at, count: to - at })
      at = to
    }
  }
  return found
}

/** A list of what the maps show. */
export function legend(moments: readonly TableMoment[]): Html {
  const seen = new Set(moments.flatMap(({ cells, above }) => (above ? [] : cells.map(sortOf))))
  const has = (test: (cell: CellRun) => boolean): boolean =>
    moments.some(({ cells, above }) => !above && cells.some(test))
  const items = (Object.keys(SORTS) as CellSort[])
    .filter((sort) => seen.has(sort))
    .map((sort) => {
      const path = MARKS[sort]
      const mark = path && new Html(`<path ${SLASHES} d="${marks({ at: 0, count: 1 }, 1, path)}"/>`)
      return html`<li>
        <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
          ${rect(0, 0, 10, 10, sort)}
          <rect class="edge" stroke="#d8dee4" fill="none" width="10" height="10" />
          ${mark}</svg
        >${SORTS[sort].words}
      </li>`
    })
  const more = [
    has(({ form }) => form === 'block') && html`<li>with an edge inside: a block</li>`,
    has(({ cont }) => cont) && html`<li>one bar: a contiguous span</li>`,
    html`<li>outlined: changed since the map before</li>`,
  ]
  return html`<ul class="legend" aria-label="Legend">
    ${items}${more}
  </ul>`
}
