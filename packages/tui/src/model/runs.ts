import { buildOf, type Run } from '@pagetrail/recorder'
import { originOf } from '../text/run-words.ts'
import type { Model, Runs } from './model.ts'

/** A line of the run browser: a run, or the name of the group below it. */
export type RunLine =
  | { readonly line: 'run'; readonly run: Run }
  | { readonly line: 'group'; readonly name: string; readonly count: number }

/** What a run is one of several of: its workload, else its scenario, else its label up to the first number. */
export function groupOf(run: Run): string {
  const { workload } = run.facts
  if (typeof workload === 'string') return workload
  return run.scenario ?? (run.label.split(/[/\s]|-(?=\d)/)[0] || run.label)
}

const SORTS = {
  number: (a: Run, b: Run) => a.id - b.id,
  label: (a: Run, b: Run) => a.label.localeCompare(b.label, 'en') || a.id - b.id,
  events: (a: Run, b: Run) => b.events - a.events || a.id - b.id,
  source: (a: Run, b: Run) => originOf(a).localeCompare(originOf(b), 'en') || a.id - b.id,
} as const

/** What the words of a filter are looked for in. */
const textOf = (run: Run): string =>
  `#${run.id} ${run.label} ${originOf(run)} ${buildOf(run) ?? ''} ${groupOf(run)} ${run.state}`.toLowerCase()

let last: {
  readonly of: Pick<Runs, 'list' | 'filter' | 'sort' | 'grouped'>
  readonly lines: readonly RunLine[]
} | null = null

/** The lines of the browser: filtered, sorted, grouped. */
export function runLines({ runs }: Pick<Model, 'runs'>): readonly RunLine[] {
  const { list, filter, sort, grouped } = runs
  const { of } = last ?? {}
  if (of?.list === list && of?.filter === filter && of.sort === sort && of.grouped === grouped) {
    return last?.lines ?? []
  }
  const words = filter.toLowerCase().split(/\s+/)
  const shown = (list ?? [])
    .filter((run) => words.every((word) => textOf(run).includes(word)))
    .toSorted(SORTS[sort])
  const lines = grouped ? inGroups(shown) : shown.map((run): RunLine => ({ line: 'run', run }))
  last = { of: { list, filter, sort, grouped }, lines }
  return lines
}

function inGroups(shown: readonly Run[]): RunLine[] {
  const lines: RunLine[] = []
  for (const [name, members] of Map.groupBy(shown, groupOf)) {
    lines.push({ line: 'group', name, count: members.length })
    for (const run of members) lines.push({ line: 'run', run })
  }
  return lines
}

/** The run under the cursor; undefined: there is none, or the name of a group. */
export function runUnderCursor(m: Model): Run | undefined {
  const line = runLines(m)[m.runs.cursor]
  return line?.line === 'run' ? line.run : undefined
}
