import { neutralJson } from '../event/json.ts'
import { plainCell, type CsvOptions, csvQuote } from '../export/csv.ts'
import { type Column, tableLines } from '../say/table.ts'
import { escapeControls } from '../say/value.ts'
import type { SqlValue } from './query-protocol.ts'

/** A column of a table is at most this wide; longer values end in `…`. */
const CELL_MAX = 80

/** Bytes of a blob that are shown in a table. */
const BLOB_SHOWN = 16

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** One value on one line. */
export function cellText(value: SqlValue): string {
  if (value === null) return ''
  if (value instanceof Uint8Array) {
    const shown = hexOf(value.subarray(0, BLOB_SHOWN))
    return value.length > BLOB_SHOWN ? `x'${shown}…' (${value.length} bytes)` : `x'${shown}'`
  }
  return String(value)
}

/** A result as a table for people: names, a rule, rows; numbers to the right. */
export const resultLines = (columns: readonly string[], rows: readonly SqlValue[][]): string[] =>
  tableLines(
    columns.map((name, i): Column<readonly SqlValue[]> => ({
      head: name,
      value: (row) => cellText(row[i]!),
      align: rows.every((row) => isNumber(row[i]!) || row[i] === null) ? 'right' : 'left',
      max: CELL_MAX,
    })),
    rows,
    { rule: true },
  )

const isNumber = (value: SqlValue): boolean =>
  typeof value === 'bigint' || typeof value === 'number'

/** A result as RFC 4180: text as it is but for controls that a terminal would act on, blobs in hexadecimal. */
export function csvLines(
  columns: readonly string[],
  rows: readonly SqlValue[][],
  { safe = false }: CsvOptions = {},
): string[] {
  const cell = (value: SqlValue) =>
    csvText(safe && typeof value === 'string' ? plainCell(value) : value)
  return [columns.map(cell), ...rows.map((row) => row.map(cell))].map((row) => row.join(','))
}

function csvText(value: SqlValue): string {
  if (value === null) return ''
  if (value instanceof Uint8Array) return hexOf(value)
  return csvQuote(
    String(value)
      .split(/(\n)/)
      .map((part) => (part === '\n' ? part : escapeControls(part)))
      .join(''),
  )
}

/**
 * A row as one line of JSON, by column name. Integers beyond 2^53 are decimal strings, blobs hexadecimal ones.
 */
export function jsonLine(columns: readonly string[], row: readonly SqlValue[]): string {
  const object = Object.fromEntries(apart(columns).map((name, i) => [name, jsonValue(row[i]!)]))
  return neutralJson(JSON.stringify(object))
}

/** Names of columns, those that occur again with a number as SQLite gives them in a table: `a`, `a:1`. */
function apart(columns: readonly string[]): string[] {
  const seen = new Set<string>()
  return columns.map((name) => {
    let own = name
    for (let n = 1; seen.has(own); n++) own = `${name}:${n}`
    seen.add(own)
    return own
  })
}

function jsonValue(value: SqlValue): string | number | null {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  if (value instanceof Uint8Array) return hexOf(value)
  return value
}
