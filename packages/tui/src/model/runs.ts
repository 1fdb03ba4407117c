import { buildOf, type Run } from '@pagetrail/recorder'
import { originOf } from '../text/run-words.ts'
import type { Model, Runs } from './model.ts'

/** A line of the run browser: a run, or the name of the group below it. */
export type RunLine =
  | { readonly line: 'run'; readonly run: Run }
  | {
      readonly line: 'group'
      readonly name: string
      readonly runs: readonly Run[]
      /** Its runs are not listed. */
      readonly folded: boolean
    }

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

/** What the words of a filter are looked for in; of its number the whole counts, `#12`, and no digits of it. */
const textOf = (run: Run): string =>
  `${run.label} ${originOf(run)} ${buildOf(run) ?? ''} ${groupOf(run)} ${run.state}`.toLowerCase()

let last: {
  readonly of: Pick<Runs, 'list' | 'filter' | 'sort' | 'grouped' | 'folded'>
  readonly lines: readonly RunLine[]
} | null = null

/** The lines of the browser: filtered, sorted, grouped. */
export function runLines({ runs }: Pick<Model, 'runs'>): readonly RunLine[] {
  const { list, filter, sort, grouped, folded } = runs
  const of = { list, filter, sort, grouped, folded }
  const same = (Object.keys(of) as (keyof typeof of)[]).every((key) => last?.of[key] === of[key])
  if (last && same) return last.lines
  const words = filter.toLowerCase().split(/\s+/)
  const shown = (list ?? [])
    .filter((run) => {
      const text = textOf(run)
      return words.every((word) => word === `#${run.id}` || text.includes(word))
    })
    .toSorted(SORTS[sort])
  const lines = grouped
    ? inGroups(shown, folded)
    : shown.map((run): RunLine => ({ line: 'run', run }))
  last = { of, lines }
  return lines
}

function inGroups(shown: readonly Run[], folded: readonly string[]): RunLine[] {
  const lines: RunLine[] = []
  for (const [name, members] of Map.groupBy(shown, groupOf)) {
    const hidden = folded.includes(name)
    lines.push({ line: 'group', name, runs: members, folded: hidden })
    if (!hidden) for (const run of members) lines.push({ line: 'run', run })
  }
  return lines
}

/** The group whose name is under the cursor; undefined: it is on a run. */
export function groupUnderCursor(m: Model): Extract<RunLine, { line: 'group' }> | undefined {
  const line = runLines(m)[m.runs.cursor]
  return line?.line === 'group' ? line : undefined
}

/** The run under the cursor; undefined: there is none, or the name of a group. */
export function runUnderCursor(m: Model): Run | undefined {
  const line = runLines(m)[m.runs.cursor]
  return line?.line === 'run' ? line.run : undefined
}
