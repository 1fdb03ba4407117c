import type { DiffDetail, RunDetail, TableHistories } from './detail.ts'

/** A line of JSON Lines: its type, and its fields. */
interface Line {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * What a page of a comparison shows beside it, as lines for its JSON: `debts` of each side over its run, `table` of the
 * page tables before and after, `rule` of each rule on both runs.
 */
export function* diffDetailLines(detail: DiffDetail): Generator<Line> {
  for (const side of ['left', 'right'] as const) yield* runLines(detail[side], { side })
  for (const [tree, tables] of detail.tables.entries())
    for (const side of ['left', 'right'] as const) yield* tableLines(tables[side], { side, tree })
  for (const rule of detail.findings) yield { type: 'rule', ...rule }
}

/** The same of one run. */
export const runDetailLines = (detail: RunDetail): Iterable<Line> => runLines(detail, {})

function* runLines({ debts, most }: RunDetail, where: object): Generator<Line> {
  yield { type: 'debts', ...where, ...debts, open: debts.open.total }
  for (const version of debts.open.items) yield { type: 'debt', ...where, ...version }
  yield* tableLines(most, { ...where, tree: null })
}

function* tableLines({ items, total }: TableHistories, where: object): Generator<Line> {
  for (const table of items) yield { type: 'table', ...where, of: total, ...table }
}
