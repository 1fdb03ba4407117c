import type { EntryState } from '../data/data.ts'
import type { Geometry } from '@pagetrail/engine'
import { changeText, type Geometries, runGeometry, shortText, valueText } from '@pagetrail/recorder'
import { type EntryPair, mostTelling, pairStates } from '../model/pair-state.ts'
import type { Theme } from '../text/theme.ts'
import { fit } from '../text/fit.ts'
import { width } from '../text/width.ts'
import type { DiffView } from '../model/diff-view.ts'
import { readingText } from './state-panes.ts'

/** Columns for the bits in which two entries differ, at most. */
const BIT_COLUMNS = 24

export interface Room {
  readonly columns: number
  readonly rows: number
  /** Both sides in one line. */
  readonly wide: boolean
}

/** The page tables of both runs at the cursor; entries that differ are marked, with the bits in which they do. */
export function stateLines(d: DiffView, { columns, rows, wide }: Room, theme: Theme): string[] {
  if (rows < 2) return []
  const reading = readingLine(d, theme)
  if (reading !== null || !d.states) return [reading ?? '']
  const geometries = { left: runGeometry(d.left), right: runGeometry(d.right) }
  const pairs = pairStates(d.states.left, d.states.right, geometries)
  if (pairs.length === 0)
    return [theme.dim('page tables: no entry of either side was seen up to here')]
  const compared = pairs.filter((p) => p.compared).length
  const differing = pairs.filter((p) => p.differs).length
  const verdict =
    compared === 0
      ? 'page tables here: no entry was seen on both sides'
      : differing === 0
        ? `page tables here agree in ${compared === 1 ? 'the entry' : `the ${compared} entries`} that both show`
        : `page tables here: ${differing} of ${compared} entries differ, bits of B against A`
  const room = rows - 1
  const shown = mostTelling(pairs, wide ? room : Math.max(1, Math.floor(room / 2)))
  const levels = [...new Set(shown.map((p) => p.level))]
  const bits = shown.map((p) => (p.differs ? differenceOf(p, geometries.left) : ''))
  const bitColumns = Math.min(BIT_COLUMNS, Math.max(...bits.map((text) => width(text) + 1)))
  const lines = shown.flatMap((pair, i) => {
    const depth = levels.indexOf(pair.level)
    const isLast = shown[i + 1]?.level !== pair.level
    const branch = depth === 0 ? '' : `${' '.repeat(depth * 2 - 2)}${isLast ? '└ ' : '├ '}`
    return wide
      ? [beside(pair, branch, { columns, bitColumns }, geometries, theme)]
      : stacked(pair, branch, geometries, theme)
  })
  return [theme.dim(verdict), ...lines].slice(0, rows)
}

/** Of a side whose events are still being read; null: the states are here. */
export function readingLine({ states }: DiffView, theme: Theme): string | null {
  const reading = [states?.left, states?.right].find((side) => side?.more)
  return states && !reading ? null : theme.dim(`page tables: ${readingText(reading ?? null)}`)
}

const signOf = (p: EntryPair): string => `${p.here ? '▶' : ' '}${p.differs ? '~' : ' '}`

/** One entry of each side in one line, from the top table down; digits that differ are inverse. */
function beside(
  p: EntryPair,
  branch: string,
  { columns, bitColumns }: { readonly columns: number; readonly bitColumns: number },
  { left, right }: Geometries,
  theme: Theme,
): string {
  const half = (columns - bitColumns - 6) >> 1
  const sides = [
    entryText(p.left, p, branch, left, theme),
    entryText(p.right, p, branch, right, theme),
  ]
  const [a, b] = sides.map((text) => fit(text, half))
  const bits = p.differs ? theme.paint('write', differenceOf(p, left)) : ''
  return `${signOf(p)} ${a} │ ${b} ${bits}`
}

/** The same below each other; an entry that is the same on both sides takes one line. */
function stacked(
  p: EntryPair,
  branch: string,
  { left, right }: Geometries,
  theme: Theme,
): string[] {
  const a = entryText(p.left, p, branch, left, theme)
  if (!p.differs && p.left?.desc === p.right?.desc && p.left?.va === p.right?.va) {
    return [`${signOf(p)} = ${a}`]
  }
  const bits = p.differs ? theme.paint('write', differenceOf(p, left)) : ''
  return [`${signOf(p)} A ${a}`, `   B ${entryText(p.right, p, branch, right, theme)}  ${bits}`]
}

function entryText(
  e: EntryState | null,
  { level, left, right, differs }: EntryPair,
  branch: string,
  geometry: Geometry | null,
  theme: Theme,
): string {
  if (e === null || e.desc === null) return `${branch}${fit(level, 3)} not seen`
  const other = e === left ? right : left
  const value = valueText(e.desc)
  const shown = differs ? digitsApart(value, valueText(other?.desc), theme) : value
  return `${branch}${fit(level, 3)} ${valueText(e.va)} ${shown} ${shortText(e.desc, level, geometry)}`
}

/** The digits in which a value is not the other one stand out. */
const digitsApart = (value: string, other: string, theme: Theme): string =>
  value.length === other.length
    ? [...value].map((sign, i) => (sign === other[i] ? sign : theme.inverse(sign))).join('')
    : theme.inverse(value)

const differenceOf = ({ left, right, level }: EntryPair, geometry: Geometry | null): string =>
  changeText(left?.desc ?? 0n, right?.desc ?? 0n, level, geometry, shortText)
