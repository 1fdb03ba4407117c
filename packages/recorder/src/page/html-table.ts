import { html, Html, type Value } from './html.ts'

/** A column by its head; `kind`: class of the head. */
export interface PageColumn {
  readonly head: Value
  readonly kind: string
}

/** A column of figures. */
export const num = (head: Value): PageColumn => ({ head, kind: 'num' })

export interface Table {
  /** What a screen reader calls it. */
  readonly label: string
  /** Its caption, where it has one. */
  readonly caption?: Html | undefined
  /** Its class; `wide stack` becomes a list where the page is narrow. */
  readonly kind?: 'wide stack' | 'stack' | 'runs wide' | 'tree'
  /** null: its cells are named by their rows. */
  readonly columns: readonly (Value | PageColumn)[]
  readonly rows: readonly Value[]
}

/** A caption that only a screen reader says. */
export const hiddenCaption = (text: string): Html =>
  html`<caption class="vh">
    ${text}
  </caption>`

/** A table that scrolls by itself where the page is too narrow. */
export const table = ({ label, caption, kind, columns, rows }: Table): Html =>
  html`<div class="scroll" role="region" tabindex="0" aria-label="${label}: table"><table${kind && new Html(` class="${kind}"`)}>
    ${caption}
    <thead>
      <tr>
        ${columns.map(headOf)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table></div>`

const headOf = (column: Value | PageColumn): Html => {
  if (column === null) return html`<td></td>`
  return isColumn(column)
    ? html`<th scope="col" class="${column.kind}">${column.head}</th>`
    : html`<th scope="col">${column}</th>`
}

const isColumn = (column: Value | PageColumn): column is PageColumn =>
  typeof column === 'object' && column !== null && 'kind' in column
