import { buildOf } from '../event/kernel-build.ts'
import { COST_LABELS, COST_NAMES, type CostName, type Costs } from '../cost/costs.ts'
import { toJson } from '../event/json.ts'
import { costText, hasCost } from '../cost/cost-text.ts'
import { type Column, tableLines } from '../say/table.ts'
import type { CoveragePoint } from './coverage.ts'
import type { RunReport } from './report-runs.ts'

/** Costs worth a column of their own where functions or calls are the rows. */
const COLUMNS: readonly (readonly [CostName, string])[] = [
  ['callbacks', 'callbacks'],
  ['writes', 'writes'],
  ['redundantWrites', 'redundant'],
  ['barriers', 'barriers'],
  ['flushes', 'flushes'],
  ['flushedPages', 'pages'],
  ['tlbi', 'TLBI'],
  ['tablesAllocated', 'tables'],
  ['locks', 'locks'],
  ['time', 'ns'],
]

const number = (value: number | null): string => (value === null ? '?' : `${value}`)

/**
 * Runs side by side: costs of each, then by function, then coverage. Numbers that a run does not show are `?`, those
 * that it shows in part `≥ n`.
 */
export function* reportLines(reports: readonly RunReport[]): Generator<string> {
  yield* table([
    ['', ...reports.map(({ run }) => run.label)],
    ['calls', ...reports.map(({ run }) => `${run.calls}`)],
    ...costRows(reports.map(({ total }) => total)),
  ])
  for (const report of reports) {
    if (report.functions.length === 0) continue
    yield ''
    yield `${report.run.label}, by function`
    yield* table(functionRows(report))
    if (report.calls.length > 0) {
      yield ''
      yield `${report.run.label}, ${report.calls.length} of ${report.run.calls} calls`
      yield* table(callRows(report))
    }
  }
  yield ''
  yield 'coverage (· not exercised, ? cannot be shown)'
  yield* table([['', ...reports.map(({ run }) => run.label)], ...coverageRows(reports)])
}

/** Rows in which some run has a number. */
function costRows(costs: readonly Costs[]): string[][] {
  const used = COST_NAMES.filter((name) => costs.some((cost) => hasCost(cost, name)))
  return used.map((name) => {
    const numbers = costs.map((cost) => costText(cost, name))
    return [COST_LABELS[name] as string].concat(numbers)
  })
}

function functionRows({ functions }: RunReport): string[][] {
  const used = COLUMNS.filter(([name]) => functions.some(({ costs }) => hasCost(costs, name)))
  return [
    ['', 'calls', 'failed', ...used.map(([, title]) => title)],
    ...functions.map(({ fn, calls, failed, costs }) => [
      fn,
      `${calls}`,
      `${failed}`,
      ...used.map(([name]) => costText(costs, name)),
    ]),
  ]
}

function callRows({ calls }: RunReport): string[][] {
  const used = COLUMNS.filter(([name]) => calls.some(({ costs }) => hasCost(costs, name)))
  return [
    ['', 'call', 'returned', ...used.map(([, title]) => title)],
    ...calls.map(({ call, costs }) => [
      call.fn,
      `${call.op}`,
      number(call.ret),
      ...used.map(([name]) => costText(costs, name)),
    ]),
  ]
}

/** One row a point; a group's name stands at its first. */
function coverageRows(reports: readonly RunReport[]): string[][] {
  const points = reports[0]?.coverage ?? []
  return points.map((point, i) => {
    const group = points[i - 1]?.group === point.group ? '' : point.group
    const marks = reports.map(({ coverage }) => mark(coverage[i]))
    return [`${group.padEnd(11)} ${point.name}`].concat(marks)
  })
}

const mark = (point: CoveragePoint | undefined): string =>
  point === undefined || point.count === null ? '?' : point.count === 0 ? '·' : `${point.count}`

/** The first row is the heads; the first column stands to the left, the others to the right. */
const table = ([heads = [], ...rows]: readonly (readonly string[])[]): string[] =>
  tableLines(
    heads.map((head, i): Column<readonly string[]> => ({
      head,
      value: (row) => row[i] ?? '',
      align: i > 0 ? 'right' : 'left',
    })),
    rows,
  )

/**
 * The same as JSON Lines: a line per run, function, listed call and coverage point; numbers that are unknown are null.
 */
export function* reportJsonLines(reports: readonly RunReport[]): Generator<string> {
  let rows = 0
  const line = (type: string, fields: object): string => {
    rows++
    return toJson({ type, ...fields })
  }
  yield toJson({
    type: 'header',
    format: 1,
    verb: 'report',
    runs: reports.map(({ run }) => run.id),
  })
  for (const { run, total, outside, functions, calls, coverage } of reports) {
    const { id, label, source, flavour, kernel, lost, state } = run
    yield line('run', {
      run: id,
      label,
      source,
      flavour,
      kernel,
      build: buildOf(run),
      state,
      lost,
      calls: run.calls,
      total,
      outside,
    })
    for (const costs of functions) yield line('function', { run: id, ...costs })
    for (const { call, costs } of calls) yield line('call', { run: id, ...call, costs })
    for (const point of coverage) yield line('coverage', { run: id, ...point })
  }
  const incomplete = reports.filter(({ run }) => run.lost > 0 || run.state !== 'complete')
  yield toJson({ type: 'end', rows, complete: incomplete.length === 0 })
}
