import { checkRun } from '../check/check-run.ts'
import type { CheckReport, Severity } from '../check/finding.ts'
import { addCosts, COST_NAMES, type CostName, type Costs } from '../cost/costs.ts'
import { toJson } from '../event/json.ts'
import type { EventSource, Run } from '../event/run.ts'
import { reportRun } from '../report/report-runs.ts'
import { NAMING, RUN_COLUMNS, type WideColumn, type WideValue } from './columns.ts'
import { plainCell, type CsvOptions, csvQuote } from './csv.ts'

interface Known {
  readonly run: Run
  readonly failed: number
  readonly costs: Costs
  readonly check: CheckReport
}

interface SummaryColumn extends WideColumn {
  readonly of: (known: Known) => WideValue
}

const counted = (name: string, of: (known: Known) => number | null): SummaryColumn => ({
  name,
  type: 'i64',
  of: (known) => {
    const n = of(known)
    return n === null ? null : BigInt(Math.round(n))
  },
})

/** `redundantWrites` as the column `redundant_writes`. */
const columnOf = (name: CostName): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Rules whose gravest finding, of those listed, is of this severity. */
const rulesOf = ({ findings }: CheckReport, severity: Severity): string[] => {
  const gravest = new Map<string, Severity>()
  const order: readonly Severity[] = ['error', 'warning', 'note']
  for (const { rule, severity: own } of findings) {
    const known = gravest.get(rule)
    if (known === undefined || order.indexOf(own) < order.indexOf(known)) gravest.set(rule, own)
  }
  return [...gravest].filter(([, own]) => own === severity).map(([rule]) => rule)
}

const ruled = (status: 'clean' | 'undecided') =>
  counted(
    `rules_${status}`,
    ({ check }) => check.verdicts.filter((v) => v.status === status).length,
  )

const COLUMNS: readonly SummaryColumn[] = [
  ...NAMING.concat(RUN_COLUMNS.filter(({ type }) => type !== 'json')).map(
    ({ name, type, of }): SummaryColumn => ({ name, type, of: ({ run }) => of(run) }),
  ),
  counted('calls', ({ run }) => run.calls),
  counted('calls_failed', ({ failed }) => failed),
  // What a run does not show is null, as `report` has it.
  ...COST_NAMES.map((name) => counted(columnOf(name), ({ costs }) => costs[name])),
  ruled('clean'),
  ruled('undecided'),
  ...(['error', 'warning', 'note'] as const).map((severity) =>
    counted(`rules_${severity}`, ({ check }) => rulesOf(check, severity).length),
  ),
  {
    name: 'broken',
    type: 'text',
    of: ({ check }) => [...rulesOf(check, 'error'), ...rulesOf(check, 'warning')].join(' '),
  },
  counted('findings', ({ check }) => check.verdicts.reduce((sum, { count }) => sum + count, 0)),
]

/** The columns of the row about a run: what its own row says, what it did and cost, what the rules say. */
export const SUMMARY_COLUMNS: readonly WideColumn[] = COLUMNS.map(({ name, type }) => ({
  name,
  type,
}))

/** One row about a run, in the order of {@link SUMMARY_COLUMNS}: reads it twice, to report and to check. */
export function summaryOf(source: EventSource): readonly WideValue[] {
  const { total, outside, functions } = reportRun(source)
  const known: Known = {
    run: source.run,
    failed: functions.reduce((sum, { failed }) => sum + failed, 0),
    costs: addCosts(total, outside),
    check: checkRun(source),
  }
  return COLUMNS.map(({ of }) => of(known))
}

/** A row about a run with the key of the run, by column name. */
export const summaryJson = (key: string, cells: readonly WideValue[]): string =>
  toJson(
    Object.fromEntries([
      ['run', key],
      ...SUMMARY_COLUMNS.map(({ name }, i) => [name, plain(cells[i]!)]),
    ]),
  )

/** Counts and times are whole numbers that fit. */
const plain = (cell: WideValue): Exclude<WideValue, bigint> =>
  typeof cell === 'bigint' ? Number(cell) : cell

/** The line of names of rows about runs. */
export const summaryHead = (): string =>
  ['run', ...SUMMARY_COLUMNS.map(({ name }) => name)].join(',')

/** A row about a run as comma-separated values (RFC 4180). */
export function summaryCsv(
  key: string,
  cells: readonly WideValue[],
  { safe = false }: CsvOptions = {},
): string {
  const text = (cell: WideValue): string =>
    cell === null ? '' : csvQuote(safe && typeof cell === 'string' ? plainCell(cell) : String(cell))
  return [key, ...cells].map(text).join(',')
}
