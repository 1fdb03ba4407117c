import type { EntryState } from '../data/data.ts'
import type { Geometry } from '@pagetrail/engine'
import { changeText, type Geometries, runGeometry, shortText, valueText } from '@pagetrail/recorder'
import type { DiffView } from '../model/diff.ts'
import { type EntryPair, mostTelling, pairStates } from '../model/pair-state.ts'
import type { Theme } from '../text/theme.ts'
import { addressEnd, fit } from '../text/fit.ts'

export interface Room {
  readonly columns: number
  readonly rows: number
  /** Both sides in one line. */
  readonly wide: boolean
}

/** The page tables of both runs at the cursor; entries that differ are marked, with the bits in which they do. */
export function stateLines(d: DiffView, { columns, rows, wide }: Room, theme: Theme): string[] {
  if (rows < 2) return []
  if (!d.states) return [theme.dim('page tables: folding the events …')]
  const geometries = { left: runGeometry(d.left), right: runGeometry(d.right) }
  const pairs = pairStates(d.states.left, d.states.right, geometries)
  if (pairs.length === 0) return [theme.dim('page tables: nothing is known here yet')]
  const differing = pairs.filter((p) => p.differs).length
  const verdict =
    differing === 0
      ? 'page tables here agree'
      : `page tables here: ${differing} of ${pairs.length} entries differ, bits of B against A`
  const room = rows - 1
  const shown = mostTelling(pairs, wide ? room : Math.max(1, Math.floor(room / 2)))
  const lines = shown.flatMap((pair) =>
    (wide ? [beside(pair, columns, geometries)] : stacked(pair, geometries)).map((text) =>
      pair.differs ? theme.paint('write', fit(text, columns)) : text,
    ),
  )
  return [theme.dim(verdict), ...lines].slice(0, rows)
}

const signOf = (p: EntryPair): string => `${p.here ? '▶' : ' '}${p.differs ? '~' : ' '}`

function beside(p: EntryPair, columns: number, { left, right }: Geometries): string {
  const half = Math.min(48, (columns - 26) >> 1)
  const bits = p.differs ? differenceOf(p, left) : ''
  return `${signOf(p)} ${fit(p.level, 4)} ${fit(entryText(p.left, left), half)} │ ${fit(entryText(p.right, right), half)} ${bits}`
}

/** An entry that is the same on both sides takes one line. */
function stacked(p: EntryPair, { left, right }: Geometries): string[] {
  const name = `${signOf(p)} ${fit(p.level, 4)}`
  if (!p.differs && p.left?.desc === p.right?.desc) return [`${name} = ${entryText(p.left, left)}`]
  return [
    `${name} A ${entryText(p.left, left)}`,
    `${' '.repeat(name.length)} B ${entryText(p.right, right)}  ${p.differs ? differenceOf(p, left) : ''}`,
  ]
}

function entryText(e: EntryState | null, geometry: Geometry | null): string {
  if (e === null || e.desc === null) return 'not seen'
  return `${addressEnd(e.va)} ${valueText(e.desc).padStart(16)} ${shortText(e.desc, e.level, geometry)}`
}

const differenceOf = ({ left, right, level }: EntryPair, geometry: Geometry | null): string =>
  changeText(left?.desc ?? 0n, right?.desc ?? 0n, level, geometry, shortText)
