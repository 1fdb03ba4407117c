import { cut, safe, width } from './fit.ts'

export interface Column<Row> {
  readonly head: string
  readonly value: (row: Row) => string
  /** Numbers stand at the right. */
  readonly align?: 'right'
  /** Columns of terminal at most; what is longer ends in `…`. */
  readonly max?: number
}

const GAP = '  '

/**
 * Rows under their heads, each column as wide as its widest cell. Cells are made safe here: what a trace, a file
 * name or a user's label contains cannot reach the terminal as control characters.
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = rows.map((row) => columns.map((c) => clip(safe(c.value(row)), c.max)))
  const widths = columns.map((c, i) =>
    Math.max(width(c.head), ...cells.map((row) => width(row[i] ?? ''))),
  )
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) => pad(text, widths[i] ?? 0, columns[i]?.align === 'right'))
      .join(GAP)
      .trimEnd()
  return [line(columns.map((c) => c.head)), ...cells.map(line)]
}

const clip = (text: string, max = Infinity) =>
  width(text) <= max ? text : `${cut(text, max - 1)}…`

const pad = (text: string, to: number, right: boolean) => {
  const blanks = ' '.repeat(Math.max(0, to - width(text)))
  return right ? blanks + text : text + blanks
}

/** `name  value` lines, the values in one column. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string[] {
  const wide = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(wide)}  ${value}`.trimEnd())
}
