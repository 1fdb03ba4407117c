import { type Geometry, hexOf, type LevelName } from '@pagetrail/engine'

import type { TableHistories, TableHistory } from './detail.ts'
import { figure, html, Html, manyHtml, type Value } from './html.ts'
import { legend, mapSvg, mapWords } from './map-svg.ts'
import type { TableMoment } from './table-moments.ts'

/** A run whose tables are drawn. */
export interface Drawn {
  readonly title: Html
  readonly label: string
  readonly tables: TableHistories
  readonly geometry: Geometry
}

/** The moments of the table with most stores of a run. */
export const runMoments = (i: number, n: number): string =>
  i === 0
    ? 'before its first store'
    : i === n - 1
      ? 'after its last store'
      : 'when most flushes were owed'

/** One table as it is drawn. */
interface Panel {
  readonly title: Html
  readonly label: string
  readonly geometry: Geometry
  readonly table: TableHistory
}

/** Entries of a table of 4K; others have four or sixteen times as many. */
const USUAL_ENTRIES = 512

/** The maps of one run or two, moment by moment, tables that belong together in a row. */
export function tableMaps(drawn: readonly Drawn[], titles: (i: number, n: number) => string): Html {
  const rows: Html[] = []
  const moments: TableMoment[] = []
  const most = Math.max(...drawn.map(({ tables }) => tables.items.length))
  for (let i = 0; i < most; i++) {
    const panels = panelsOf(drawn, i)
    for (const { table } of panels) moments.push(...table.moments)
    for (const side of besideEachOther(panels)) {
      const figures = side.flatMap((panel) => figuresOf(panel, titles))
      const isBig = side.some(({ table }) => table.entries > USUAL_ENTRIES)
      rows.push(html`<div class="maps ${isBig ? 'big' : `m${figures.length}`}">${figures}</div>`)
    }
  }
  if (rows.length === 0) return html`<p class="say">No store to a table was seen.</p>`
  return html`${rows}${legend(moments)}${drawn.map(moreTables)}`
}

/** The i-th table of each run; drawn once where both show the same at each moment. */
function panelsOf(drawn: readonly Drawn[], i: number): Panel[] {
  const panels = drawn.flatMap(({ title, label, geometry, tables }) => {
    const table = tables.items[i]
    return table ? [{ title, label, geometry, table }] : []
  })
  const [left, right] = panels
  if (!left || !right || shownText(left.table) !== shownText(right.table)) return panels
  return [{ ...left, title: html`<b>both runs</b>`, label: 'both runs' }]
}

/** Tables in one row, where each has as many moments; else a row for each. */
function besideEachOther(panels: readonly Panel[]): readonly (readonly Panel[])[] {
  const counts = new Set(panels.map(({ table }) => table.moments.length))
  return counts.size > 1 ? panels.map((panel) => [panel]) : [panels]
}

const shownText = ({ level, va, stores, moments }: TableHistory): string =>
  JSON.stringify([level, hexOf(va), stores, moments.map((m) => [m.cells, m.above])])

function figuresOf(
  { title, label, geometry, table }: Panel,
  titles: (i: number, n: number) => string,
): Html[] {
  const { level, va, stores, entries, moments } = table
  return moments.map((moment, i) => {
    const when = titles(i, moments.length)
    const before = i === 0 ? null : moments[i - 1]!
    const words = `${label}, ${level} table ${hexOf(va)}, ${when}`
    const after =
      moment.seq < 0 ? 'before the first event' : html`after event ${figure(moment.seq)}`
    return html`<figure>
      <figcaption>${title} <b>${when}</b>, ${after}</figcaption>
      ${mapSvg(moment, entries, spanOf(level, geometry), words, before)}
      <figcaption>
        ${level} table at <code>${hexOf(va)}</code>, ${manyHtml(stores, 'store')}<br />${mapWords(moment)}
      </figcaption>
    </figure>`
  })
}

const moreTables = ({ title, tables }: Drawn): Value =>
  tables.total > tables.items.length &&
  html`<p class="note">
    ${title}: ${tables.items.length} of ${manyHtml(tables.total, 'table')} that were stored to.
  </p>`

/** Entries of a contiguous span of a level; 1: it has none. */
export const spanOf = (level: LevelName, { contPtes, contPmds }: Geometry): number =>
  level === 'pte' ? contPtes : level === 'pmd' ? contPmds : 1
