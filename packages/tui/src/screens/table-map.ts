import type { Geometry, LevelName } from '@pagetrail/engine'
import { type Geometries, shortText, spanOf, valueText, count } from '@pagetrail/recorder'
import type { TableMap } from '../data/data.ts'
import { mapApart } from '../model/pair-state.ts'
import { fitEnd } from '../text/fit.ts'
import type { Role, Theme } from '../text/theme.ts'

/** What an entry of a map is, as a letter; a colour only repeats it. */
const KINDS: readonly (readonly [test: RegExp, sign: string, role: Role, words: string])[] = [
  [/invalid/, 'i', 'same', 'invalid'],
  [/^table/, 't', 'walk', 'table'],
  [/rwx/, 'X', 'bad', 'rwx'],
  [/rw-/, 'w', 'write', 'rw-'],
  [/r-x/, 'x', 'flush', 'r-x'],
  [/r--/, 'r', 'memory', 'r--'],
]

interface Cell {
  readonly sign: string
  readonly role: Role
  /** For the legend. */
  readonly words: string
  readonly desc: bigint | null
}

const UNSEEN: Cell = { sign: ' ', role: 'same', words: 'blank not seen', desc: null }

function cellOf(desc: bigint | null, level: LevelName, geometry: Geometry | null): Cell {
  if (desc === null) return UNSEEN
  if (desc === 0n) return { sign: '·', role: 'same', words: '· none', desc }
  const text = shortText(desc, level, geometry)
  const [, sign = '?', role = 'note', words = 'other'] =
    KINDS.find(([test]) => test.test(text)) ?? []
  return { sign, role, words: `${sign} ${words}`, desc }
}

/** Each entry of a table; a contiguous span whose entries are all alike is one bar, as hardware may hold it. */
function cellsOf(map: TableMap, geometry: Geometry | null): Cell[] {
  const { level } = map
  const cells = map.cells.map((desc) => cellOf(desc, level, geometry))
  const span = geometry === null ? 1 : spanOf(level, geometry)
  if (span === 1) return cells
  for (let from = 0; from < cells.length; from += span) {
    const texts = map.cells.slice(from, from + span).map((d) => shortText(d, level, geometry))
    const [first = ''] = texts
    if (!first.includes('CONT') || texts.some((text) => text !== first)) continue
    for (let i = from + 1; i < from + span; i++) {
      const { role, desc } = cells[i] ?? UNSEEN
      cells[i] = { sign: '═', role, words: '═ of one contiguous span', desc }
    }
  }
  return cells
}

const legendOf = (cells: Iterable<Cell>): string =>
  [...new Set([...cells].map(({ words }) => words))].toSorted().join('   ')

/** Columns of a row's first index. */
const INDEX = 7

/** As many entries in a row as there is room for: a power of two, so that spans stand below each other. */
const acrossOf = (columns: number): number => 2 ** Math.floor(Math.log2(Math.max(8, columns)))

const seenIn = (map: TableMap): number => map.cells.filter((desc) => desc !== null).length

interface Size {
  readonly columns: number
  readonly rows: number
}

/**
 * Every entry of the table around the address, a cell each: what it allows, what this call changed, where one is. Where
 * there is no room for all, the part around the address.
 */
export function mapLines(
  map: TableMap,
  size: Size,
  theme: Theme,
  geometry: Geometry | null,
): string[] {
  const across = acrossOf(size.columns - INDEX - 1)
  const cells = cellsOf(map, geometry)
  const painted = paintedCells(map, cells, theme)
  const rows: string[][] = []
  for (let from = 0; from < painted.length; from += across) {
    rows.push([`${indexText(from, theme)} ${painted.slice(from, from + across).join('')}`])
  }
  const changed = new Set(map.changed).size
  const head = [
    ` ${map.level} from ${valueText(map.va)}`,
    ` ${seenIn(map)} of ${map.cells.length} seen, ${changed} underlined: this call`,
    ` ${legendOf(cells)}`,
  ]
  const here = Math.floor(map.at / across)
  return [...head, ...around(rows, here, size.rows - head.length)]
}

const indexText = (at: number, theme: Theme): string => theme.dim(fitEnd(`[${at}]`, INDEX - 1))

/** Where one is stands out, and what the call at hand has changed. */
function paintedCells(map: TableMap, cells: readonly Cell[], theme: Theme): string[] {
  const changed = new Set(map.changed)
  return cells.map(({ sign, role }, at) => {
    if (at === map.at) return theme.inverse(sign)
    return changed.has(at) ? theme.bold(theme.paint('match', sign)) : theme.paint(role, sign)
  })
}

/** As many whole blocks of lines around one of them as there is room for; at least a part of that one. */
function around(blocks: readonly (readonly string[])[], here: number, room: number): string[] {
  let [from, to] = [here, here]
  let used = 0
  const take = (at: number): boolean => {
    const length = blocks[at]?.length ?? Infinity
    if (used + length > room) return false
    used += length
    return true
  }
  if (!take(here)) return (blocks[here] ?? []).slice(0, Math.max(0, room))
  for (let grew = true; grew;) {
    grew = false
    if (take(to + 1)) {
      to++
      grew = true
    }
    if (take(from - 1)) {
      from--
      grew = true
    }
  }
  return blocks.slice(from, to + 1).flat()
}

/** A side of two maps: its cells, painted. */
interface Side {
  readonly map: TableMap
  readonly cells: readonly Cell[]
  readonly painted: readonly string[]
}

/**
 * The tables around the cursor of two runs, one against the other: an entry below the one at the same distance from the
 * address looked at, for two kernels put a module at two addresses. Only entries that answer each other are compared:
 * those of one address, the one looked at, and what the two calls have changed; a ~ stands below those that map
 * differently. A row in which both are alike is one line.
 */
export function twoMapLines(
  a: TableMap | null | undefined,
  b: TableMap | null | undefined,
  size: Size,
  theme: Theme,
  geometries: Geometries,
): string[] {
  if (!a || !b) {
    const one = a ?? b
    if (!one) return [theme.dim(notKnown('A and B'))]
    const geometry = a ? geometries.left : geometries.right
    return [
      theme.dim(notKnown(a ? 'B' : 'A')),
      ...mapLines(one, { ...size, rows: size.rows - 1 }, theme, geometry),
    ]
  }
  if (a.level !== b.level) return apartLines(a, b, size, theme, geometries)
  const left = sideOf(a, geometries.left, theme)
  const right = sideOf(b, geometries.right, theme)
  const shift = b.at - a.at
  const answers = answersOf(a, b)
  const compared = a.cells.flatMap((desc, i) => {
    const seen = desc !== null && (b.cells[i + shift] ?? null) !== null
    return seen && answers(i) ? [i] : []
  })
  const apart = new Set(
    compared.filter((i) =>
      mapApart(a.cells[i] ?? null, b.cells[i + shift] ?? null, a.level, geometries),
    ),
  )
  const across = acrossOf(size.columns - INDEX - 3)
  const first = Math.floor(Math.min(0, -shift) / across) * across
  const last = Math.max(a.cells.length, b.cells.length - shift)
  const blocks: string[][] = []
  let here = 0
  for (let from = first; from < last; from += across) {
    if (a.at >= from && a.at < from + across) here = blocks.length
    const marks = Array.from({ length: across }, (_, i) => apart.has(from + i))
    blocks.push(blockOf(left, right, { from, shift, marks }, theme))
  }
  const head = [
    `A ${aboutMap(a)}`,
    `B ${aboutMap(b)}`,
    `${count(apart.size)} of ${count(compared.length)} compared differ ~   underlined: changed by the call`,
    legendOf([...left.cells, ...right.cells]),
  ]
  return [...head, ...around(blocks, here, size.rows - head.length)]
}

/** Whether the entry at an index of A, and the one as far from the address looked at in B, answer each other. */
function answersOf(a: TableMap, b: TableMap): (i: number) => boolean {
  const shift = b.at - a.at
  const changed = new Set([...a.changed, ...b.changed.map((i) => i - shift)])
  const sameAddresses = a.va === b.va && shift === 0
  return (i) => sameAddresses || i === a.at || changed.has(i)
}

const notKnown = (side: string): string => `${side}  the table around this row is not known`

const sideOf = (map: TableMap, geometry: Geometry | null, theme: Theme): Side => {
  const cells = cellsOf(map, geometry)
  return { map, cells, painted: paintedCells(map, cells, theme) }
}

const aboutMap = (map: TableMap): string =>
  `${map.level} from ${valueText(map.va)}  ${seenIn(map)} of ${map.cells.length} seen, ${new Set(map.changed).size} changed by the call`

/** A row of both; no line where neither shows anything. */
function blockOf(
  left: Side,
  right: Side,
  at: { readonly from: number; readonly shift: number; readonly marks: readonly boolean[] },
  theme: Theme,
): string[] {
  const { from, shift, marks } = at
  const places = marks.map((_, i) => i)
  const of = (side: Side, by: number) => places.map((i) => side.cells[from + i + by] ?? UNSEEN)
  const [a, b] = [of(left, 0), of(right, shift)]
  const line = (sign: string, side: Side, by: number) => {
    const cells = places.map((i) => side.painted[from + i + by] ?? ' ').join('')
    return `${sign} ${indexText(Math.max(0, from + by), theme)} ${cells}`
  }
  if ([...a, ...b].every(({ desc }) => desc === null)) return []
  const differ = marks.some(Boolean)
  const alike = !differ && a.every(({ sign }, i) => sign === b[i]?.sign)
  if (alike) return [line('=', left, 0)]
  const lines = [line('A', left, 0), line('B', right, shift)]
  const signs = marks.map((mark) => (mark ? '~' : ' ')).join('')
  return differ
    ? [...lines, `${' '.repeat(INDEX + 2)}${theme.paint('write', signs.trimEnd())}`]
    : lines
}

/** Tables of two levels: each for itself. */
function apartLines(
  a: TableMap,
  b: TableMap,
  { columns, rows }: Size,
  theme: Theme,
  geometries: Geometries,
): string[] {
  const room = (rows - 1) >> 1
  const own = (sign: string, map: TableMap, geometry: Geometry | null) => {
    const [head = '', ...rest] = mapLines(map, { columns, rows: room }, theme, geometry)
    return [`${sign}${head}`, ...rest]
  }
  return [
    theme.dim(`A shows a ${a.level} table here, B a ${b.level} table: not compared`),
    ...own('A', a, geometries.left),
    ...own('B', b, geometries.right),
  ]
}
