import stringWidth from 'string-width'

import { escapeControls } from './value.ts'

export interface Column<Row> {
  readonly head: string
  readonly value: (row: Row) => string
  /** Numbers stand at the right. */
  readonly align?: 'left' | 'right'
  /** At most that many columns of a terminal; what is longer ends in `…`. */
  readonly max?: number
}

const GAP = '  '

/**
 * Rows under their heads, each column as wide as its widest cell. What a trace, a file name or a label contains cannot
 * reach the terminal as control characters.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { rule = false } = {},
): string[] {
  const cells = [
    columns.map(({ head, max }) => cellOf(head, max)),
    ...rows.map((row) => columns.map(({ value, max }) => cellOf(value(row), max))),
  ]
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => width(row[i]!))))
  const [head = '', ...lines] = cells.map((row) =>
    row
      .map((cell, i) => pad(cell, widths[i]!, columns[i]!.align))
      .join(GAP)
      .trimEnd(),
  )
  return rule ? [head, widths.map((w) => '─'.repeat(w)).join(GAP), ...lines] : [head, ...lines]
}

const ASCII = /^[\x20-\x7e]*$/

/** Columns that a terminal gives a text: wide signs take two. */
const width = (text: string): number => (ASCII.test(text) ? text.length : stringWidth(text))

function pad(cell: string, to: number, align: Column<never>['align']): string {
  const blanks = ' '.repeat(to - width(cell))
  return align === 'right' ? blanks + cell : cell + blanks
}

function cellOf(raw: string, max = Infinity): string {
  const text = escapeControls(raw)
  if (width(text) <= max) return text
  let head = ''
  for (const sign of text) {
    if (width(head + sign) > max - 1) break
    head += sign
  }
  return `${head}…`
}

/** `name  value` lines, the values in one column. */
export function pairLines(rows: readonly (readonly [name: string, value: string])[]): string[] {
  const wide = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(wide)}  ${value}`.trimEnd())
}
