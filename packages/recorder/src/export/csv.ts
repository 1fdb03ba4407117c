import { hexOf } from '@pagetrail/engine'

import { putWideCells, TABLE_COLUMNS, type WideType, type WideValue } from './columns.ts'
import type { EventSource } from '../event/run.ts'
import { TEXT_CHUNK } from './atomic-file.ts'

export interface CsvOptions {
  /** Texts that a spreadsheet would run are marked as text; without it they are what the run holds. */
  readonly safe?: boolean
}

/**
 * A run as comma-separated values (RFC 4180, lines end with LF): a line of names, then one line per event in the wide
 * table's columns. 64-bit fields are `0x…`, an absent value is empty, JSON is its text. Yields pieces of text.
 */
export function* csvChunks(source: EventSource, options: CsvOptions = {}): Generator<string> {
  const { safe = false } = options
  const row: WideValue[] = TABLE_COLUMNS.map(() => null)
  const put = (column: number, value: WideValue) => {
    row[column] = value
  }
  let text = `${TABLE_COLUMNS.map((column) => column.name).join(',')}\n`
  for (const event of source.events()) {
    row.fill(null)
    putWideCells(source.run, event, put)
    for (let i = 0; i < row.length; i++) {
      if (i > 0) text += ','
      const value = row[i]!
      if (value !== null) text += csvCell(TABLE_COLUMNS[i]!.type, value, safe)
    }
    text += '\n'
    if (text.length >= TEXT_CHUNK) {
      yield text
      text = ''
    }
  }
  if (text !== '') yield text
}

function csvCell(type: WideType, value: Exclude<WideValue, null>, safe: boolean): string {
  if (type === 'u64' && typeof value === 'bigint') return hexOf(value)
  return csvQuote(safe && typeof value === 'string' ? plainCell(value) : String(value))
}

/** A text that a spreadsheet would take for a formula and run, with the sign before it that makes it text there. */
export const plainCell = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)

/** Blanks before it, and signs that are drawn in full width, do not keep all spreadsheets from running it. */
const FORMULA = /^[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/

/** Quotes a value where RFC 4180 asks for it. */
export function csvQuote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
