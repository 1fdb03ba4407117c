/** What `explore` records of a search: each finding with the nearest schedule that passes, and classes of schedules. */
import {
  type Explored,
  laneLines,
  recordClass,
  recordFinding,
  recordPassing,
  type RunFile,
} from '@pagetrail/recorder'
import { inputOf, type Search, type SearchChoice } from './explore-job.ts'
import type { LoadedModule } from './module-file.ts'

export interface RecordedSearch {
  /** Of each finding, by property: `run 1 ~lost-update, passing: run 2`. */
  readonly runs: ReadonlyMap<string, string>
  /** By finding, its schedule as lanes. */
  readonly lanes: ReadonlyMap<string, readonly string[]>
  /** By class that was kept: the number of its run. */
  readonly classes: readonly number[]
}

export const NOTHING_RECORDED: RecordedSearch = { runs: new Map(), lanes: new Map(), classes: [] }

export interface Recording {
  readonly runFile: RunFile
  readonly loaded: LoadedModule | undefined
  readonly choice: SearchChoice
  /** ms since 1970. */
  readonly created: number
}

export function recordSearch(
  { runFile, loaded, choice, created }: Recording,
  search: Search,
  { label, variant, result }: Explored,
): RecordedSearch {
  const { scenario, flavour, geometry } = search.job
  const runs = new Map<string, string>()
  const lanes = new Map<string, readonly string[]>()
  const input = inputOf(search, choice)
  const options = {
    name: scenario.name,
    created,
    facts: { ...scenario.facts, ...loaded?.facts },
    ...(flavour !== undefined && { flavour }),
    ...(geometry !== undefined && { geometry }),
    ...(loaded !== undefined && { implementation: loaded.implementation }),
  }
  for (const finding of result.findings) {
    if (finding.entries.length === 0) continue
    const { run, stepSeqs } = recordFinding(runFile, input, options, result, finding)
    const { property, passing, unavoidable, entries } = finding
    const beside =
      passing === null ? null : recordPassing(runFile, input, options, finding, passing)
    const passes = beside === null ? '' : `, passing: run ${beside.run.id}`
    runs.set(property.name, `run ${run.id} ~${property.name}${passes}`)
    const events = [...runFile.source(run).events()]
    const shown = { geometry: null, stepSeqs, unavoidable }
    lanes.set(`${label}${variant}: ${property.name}`, [...laneLines(events, entries, shown)])
  }
  const classes = result.classes.map((each, i) => {
    const made = recordClass(runFile, input, options, result, { ...each, number: i + 1 })
    return made.run.id
  })
  return { runs, lanes, classes }
}

/** Of a search whose classes were to be recorded: there are more than were. */
export const classesAreCut = ({ schedules, classes }: Explored['result']): boolean =>
  BigInt(classes.length) < schedules
