import { buildMark, buildOf, factText, type Run, count, many } from '@pagetrail/recorder'
import { fullListRows, runsLayout } from '../model/layout.ts'
import type { Model } from '../model/model.ts'
import { type RunLine, runLines, runUnderCursor } from '../model/runs.ts'
import { fit, fitEnd, fitMiddle, safe, wrap } from '../text/fit.ts'
import { width } from '../text/width.ts'
import type { Theme } from '../text/theme.ts'
import { originOf } from '../text/run-words.ts'
import { geometryOf } from './breadcrumb.ts'
import type { PaneView } from './pane.tsx'

const STATES = { complete: '✓', recording: '●', interrupted: '✗', damaged: '‼' } as const

/** The run browser: the list, and where there is room what is known of the run under the cursor. */
export function runsPanes(m: Model, theme: Theme): PaneView[][] {
  const { list, details } = runsLayout(m.columns)
  const height = fullListRows(m.rows)
  const { list: runs, marked, cursor, top } = m.runs
  const inner = list - 2
  const lines = runLines(m)
  const { marks, widths } = shapeOf(runs ?? NONE, inner)
  const rows = lines.slice(top, top + height).map((row, i) => {
    const text =
      row.line === 'run'
        ? runRow(row.run, signOf(marked, row.run.id), widths, marks.get(row.run))
        : groupRow(row)
    const line = fit(text, inner)
    if (top + i === cursor) return theme.inverse(`▶${line.slice(1)}`)
    return row.line === 'group' ? theme.bold(line) : line
  })
  if (!runs) rows.push(theme.dim('   reading the runs …'))
  else if (runs.length === 0) rows.push(...nothingYet(m.db, inner))
  else if (lines.length === 0) rows.push('', `   No run has ${safe(m.runs.filter)}; x lists all.`)
  const pane: PaneView = {
    name: 'list',
    columns: list,
    height: height + 3,
    title: m.runs.filter === '' ? 'Runs' : `Runs with ${safe(m.runs.filter)}`,
    focused: true,
    foot: runs?.length ? footOf(m, lines.length) : '',
    head: [theme.dim(fit(heading(widths), inner))],
    rows,
  }
  if (details === 0) return [[pane]]
  const run = runUnderCursor(m)
  const about = run ? runDetails(run, details - 4).map((l) => ` ${l}`) : []
  const beside = { columns: details, height: height + 3, title: 'Details' }
  return [[pane], [{ ...beside, name: 'details', rows: about }]]
}

/** A for the first run that is marked, * for the others. */
const signOf = (marked: readonly number[], id: number): string =>
  marked[0] === id ? 'A' : marked.includes(id) ? '*' : ' '

const groupRow = ({ name, runs, folded }: Extract<RunLine, { line: 'group' }>): string =>
  ` ${folded ? '▸' : '▾'} ${safe(name)}  ${many(runs.length, 'run')}`

function footOf({ runs }: Model, lines: number): string {
  const { cursor, sort, marked, list } = runs
  const all = list?.length ?? 0
  const hidden = lines < all && !runs.grouped ? ` of ${many(all, 'run')}` : ''
  const by = sort === 'number' ? '' : `  by ${sort}`
  const signs =
    marked.length === 0
      ? ''
      : `  A = #${marked[0]}${marked.length > 1 ? `, ${marked.length} marked` : ''}`
  return `${count(lines === 0 ? 0 : cursor + 1)} of ${count(lines)}${hidden}${by}${signs}`
}

const nothingYet = (db: string, columns: number): string[] =>
  [
    '',
    `No run in ${safe(db)} yet.`,
    '',
    'i  imports a trace file: a capture of a real kernel becomes a run',
    'r  records a scenario on the engine, in the flavours you name',
    '',
    'Either of them creates the file if it does not exist yet.',
  ].map((l) => fit(`   ${l}`, columns))

interface Columns {
  /** Of the number, with its #. */
  readonly number: number
  readonly label: number
  readonly from: number
  /** Shown where there is room. */
  readonly geometry: boolean
  readonly calls: boolean
  /** Of the state, where some run has another than complete. */
  readonly word: number
}

const EVENTS = 11
const CALLS = 8
const GEOMETRY = 10
/** Of what distinguishes two builds of one version. */
const MARK = 20

/**
 * Columns by priority: a label is shown whole, for which geometry and calls give way. `mark`: what distinguishes builds
 * of one version takes at most that much more.
 */
function columnsFor(columns: number, runs: readonly Run[], mark: number): Columns {
  const label = Math.max(5, longest(runs.map((run) => safe(run.label))))
  const apart = mark === 0 ? 0 : Math.min(mark, MARK) + 1
  const from = Math.min(24, Math.max(4, longest(runs.map(originOf)))) + apart
  const state = longest(runs.map(stateWord))
  const word = state === 0 ? 0 : state + 1
  const number = Math.max(4, longest(runs.map((run) => `#${run.id}`)))
  let rest = columns - (3 + number + 2 + 1 + from + 1 + EVENTS + 3) - word - label
  const takes = (room: number): boolean => {
    if (rest < room) return false
    rest -= room
    return true
  }
  const calls = takes(CALLS)
  const geometry = takes(GEOMETRY + 1)
  return { number, label: Math.max(8, label + rest), from, geometry, calls, word }
}

const NONE: readonly Run[] = []

let last: {
  readonly runs: readonly Run[]
  readonly columns: number
  readonly marks: ReadonlyMap<Run, string>
  readonly widths: Columns
} | null = null

/** What distinguishes builds of one version, and the columns: looked for once in a list of runs. */
function shapeOf(runs: readonly Run[], columns: number): NonNullable<typeof last> {
  if (last?.runs !== runs || last.columns !== columns) {
    const marks = new Map(runs.map((run) => [run, safe(buildMark(run, runs))]))
    last = { runs, columns, marks, widths: columnsFor(columns, runs, longest([...marks.values()])) }
  }
  return last
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map(width))

/** What is said of a run that is not simply complete. */
const stateWord = (run: Run): string =>
  run.state === 'complete' ? (run.lost > 0 ? 'lossy' : '') : run.state

function heading(c: Columns): string {
  const geometry = c.geometry ? `${fit('geometry', GEOMETRY)} ` : ''
  const calls = c.calls ? fitEnd('calls', CALLS) : ''
  const head = `   ${fitEnd('#', c.number)}  ${fit('label', c.label)} ${fit('from', c.from)} `
  return `${head}${geometry}${fitEnd('events', EVENTS)}${calls}${c.word > 0 ? '  state' : ''}`
}

function runRow(run: Run, sign: string, c: Columns, mark = ''): string {
  const geometry = c.geometry ? `${fit(geometryOf(run), GEOMETRY)} ` : ''
  const calls = c.calls ? fitEnd(count(run.calls), CALLS) : ''
  const id = fitEnd(`#${run.id}`, c.number)
  const head = ` ${sign} ${id}  ${fitMiddle(safe(run.label), c.label)} ${fromText(run, mark, c.from)} `
  const state1 = run.state === 'complete' && run.lost > 0 ? '!' : STATES[run.state]
  const state = `  ${state1}${c.word > 0 ? ` ${stateWord(run)}` : ''}`
  return `${head}${geometry}${fitEnd(count(run.events), EVENTS)}${calls}${state}`
}

/** Where it came from; what distinguishes its build is cut no more than must be. */
function fromText(run: Run, mark: string, columns: number): string {
  if (mark === '') return fit(originOf(run), columns)
  const apart = fit(mark, Math.min(width(mark), MARK))
  return `${fit(originOf(run), columns - width(apart) - 1)} ${apart}`
}

/** What is known of a run. */
export function runDetails(run: Run, columns: number): string[] {
  const rows: [string, string][] = [
    ['run', `#${run.id} ${safe(run.label)}`],
    ['from', originOf(run)],
    ['state', run.state],
    ['scenario', run.scenario === null ? '' : safe(run.scenario)],
    ['geometry', run.geometry ? `${geometryOf(run)}, ${run.geometry.levels} levels` : 'not known'],
    ['events', count(run.events)],
    ['calls', count(run.calls)],
    ['lost', run.lost === 0 ? '' : count(run.lost)],
    ['recorded', new Date(run.created).toISOString().slice(0, 16).replace('T', ' ')],
  ]
  const lines: string[] = []
  for (const [name, value] of rows) if (value !== '') lines.push(`${name.padEnd(10)}${value}`)
  const build = wrap(safe(buildOf(run) ?? ''), Math.max(10, columns - 10))
  for (const [i, text] of build.entries())
    if (text !== '') lines.push(`${(i === 0 ? 'build' : '').padEnd(10)}${text}`)
  lines.push('')
  for (const [name, value] of Object.entries(run.facts)) {
    const wrapped = wrap(safe(factText(value)), Math.max(10, columns - 14))
    lines.push(`${fit(safe(name), 13)} ${wrapped[0] ?? ''}`)
    for (const more of wrapped.slice(1)) lines.push(`${' '.repeat(14)}${more}`)
  }
  return lines
}
