import type { Run } from '@pagetrail/recorder'
import { fullListRows, runsLayout } from '../model/layout.ts'
import type { Model } from '../model/model.ts'
import { count, fit, fitEnd, safe, wrap } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'
import { geometryOf, originOf } from './bars.ts'
import type { PaneView } from './pane.tsx'

const STATES = { complete: '✓', recording: '●', interrupted: '✗' } as const

/** The run browser: the list, and where there is room what is known of the run under the cursor. */
export function runsPanes(m: Model, theme: Theme): PaneView[][] {
  const { list, details } = runsLayout(m.columns)
  const height = fullListRows(m.rows)
  const runs = m.runs.list
  const inner = list - 2
  const rows = (runs ?? []).slice(m.runs.top, m.runs.top + height).map((run, i) => {
    const line = fit(runRow(run, m.runs.marked === run.id, inner), inner)
    return m.runs.top + i === m.runs.cursor ? theme.inverse(`▶${line.slice(1)}`) : line
  })
  if (!runs) rows.push(theme.dim('   reading the runs …'))
  else if (runs.length === 0) rows.push(...nothingYet(m.db, inner))
  const marked = m.runs.marked === null ? '' : `A = #${m.runs.marked}`
  const pane: PaneView = {
    name: 'list',
    columns: list,
    height: height + 3,
    title: 'Runs',
    focused: true,
    foot: runs?.length ? `${m.runs.cursor + 1} of ${runs.length} ${marked}`.trim() : '',
    head: [theme.dim(fit(heading(inner), inner))],
    rows,
  }
  if (details === 0) return [[pane]]
  const run = runs?.[m.runs.cursor]
  const about = run ? runDetails(run, details - 4).map((l) => ` ${l}`) : []
  const beside = { columns: details, height: height + 3, title: 'Details' }
  return [[pane], [{ ...beside, name: 'details', rows: about }]]
}

const nothingYet = (db: string, columns: number): string[] =>
  [
    '',
    `No run in ${safe(db)} yet.`,
    '',
    'i  imports a trace file: a capture of a real kernel becomes a run',
    'r  records a scenario on the engine, in the flavours you name',
    '',
    'Where the file does not exist yet, either of them makes it.',
  ].map((l) => fit(`   ${l}`, columns))

interface Columns {
  readonly label: number
  readonly from: number
  /** Shown where there is room. */
  readonly geometry: boolean
  readonly calls: boolean
  readonly word: boolean
}

const NUMBER = 4
const EVENTS = 11
const CALLS = 8
const GEOMETRY = 10

/** Columns by priority: the label grows, geometry, calls and the word for the state give way. */
function columnsFor(columns: number): Columns {
  const geometry = columns >= 90
  const calls = columns >= 66
  const word = columns >= 76
  const from = columns >= 84 ? 24 : 14
  const fixed = 3 + NUMBER + 2 + 1 + from + 1 + EVENTS + 3
  const rest = (geometry ? GEOMETRY + 1 : 0) + (calls ? CALLS : 0) + (word ? CALLS + 4 : 0)
  return { label: Math.max(8, columns - fixed - rest), from, geometry, calls, word }
}

function heading(columns: number): string {
  const c = columnsFor(columns)
  const geometry = c.geometry ? `${fit('geometry', GEOMETRY)} ` : ''
  const calls = c.calls ? fitEnd('calls', CALLS) : ''
  const head = `   ${fitEnd('#', NUMBER)}  ${fit('label', c.label)} ${fit('from', c.from)} `
  return `${head}${geometry}${fitEnd('events', EVENTS)}${calls}${c.word ? '  state' : ''}`
}

function runRow(run: Run, marked: boolean, columns: number): string {
  const c = columnsFor(columns)
  const geometry = c.geometry ? `${fit(geometryOf(run), GEOMETRY)} ` : ''
  const calls = c.calls ? fitEnd(count(run.calls), CALLS) : ''
  const id = fitEnd(`#${run.id}`, NUMBER)
  const head = ` ${marked ? 'A' : ' '} ${id}  ${fit(safe(run.label), c.label)} ${fit(originOf(run), c.from)} `
  const state = `  ${STATES[run.state]}${c.word ? ` ${run.state}` : ''}`
  return `${head}${geometry}${fitEnd(count(run.events), EVENTS)}${calls}${state}`
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
  lines.push('')
  for (const [name, value] of Object.entries(run.facts)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const wrapped = wrap(safe(text), Math.max(10, columns - 14))
    lines.push(`${fit(safe(name), 13)} ${wrapped[0] ?? ''}`)
    for (const more of wrapped.slice(1, 3)) lines.push(`${' '.repeat(14)}${more}`)
  }
  return lines
}
