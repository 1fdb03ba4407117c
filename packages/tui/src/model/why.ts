import type { WhyRow } from '@pagetrail/recorder'
import { wrap } from '../text/fit.ts'
import type { Link, PageLine, PageView } from './page.ts'

/** Why an address is translated as it is, as it was answered, and where one is in that answer. */
export interface WhyView {
  readonly run: number
  readonly title: string
  readonly rows: readonly WhyRow[]
  readonly page: PageView
}

/** Where a line leads: to the event it names last, or else to that of its step. */
function placeOf({ text, seq }: WhyRow, run: number): Link | undefined {
  const named = [...text.matchAll(/#(\d+)/g)].at(-1)?.[1]
  const at = named === undefined ? seq : Number(named)
  return at === null ? undefined : { to: 'event', run, seq: at }
}

let last: {
  readonly rows: readonly WhyRow[]
  readonly columns: number
  readonly lines: readonly PageLine[]
} | null = null

/** The answer as lines, the long ones wrapped; each names its step, so that steps can be filtered. */
export function whyLinesOf({ run, rows }: WhyView, columns: number): readonly PageLine[] {
  if (last?.rows !== rows || last.columns !== columns) {
    last = { rows, columns, lines: rows.flatMap((row) => linesOf(row, run, columns)) }
  }
  return last.lines
}

function linesOf(row: WhyRow, run: number, columns: number): PageLine[] {
  const link = placeOf(row, run)
  const part = row.seq === null ? undefined : { group: 'why', item: `${row.seq}` }
  const indent = /^ */.exec(row.text)?.[0] ?? ''
  const texts = wrap(row.text.trimStart(), columns - indent.length - 2)
  return texts.map((text, i): PageLine => {
    return i === 0 ? { text: `${indent}${text}`, link, part } : { text: `${indent}  ${text}`, part }
  })
}
