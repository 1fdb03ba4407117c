import { parseScenario, printEntries, type ScheduleEntry, schedulePrefix } from '@pagetrail/engine'
import type { Json } from '../event/kinds.ts'
import { type EngineRun, type EngineRunOptions, recordScenario } from '../record/record-scenario.ts'
import { type Mark, writeMarks } from '../store/marks.ts'
import type { RunFile } from '../store/run-file.ts'
import type { ExploreFinding, ExploreResult, ScheduleClass } from './search-result.ts'

/** A finding as a run: labelled `…~RULE`, with a mark where it becomes unavoidable and one at each change of CPU. */
export function recordFinding(
  runFile: RunFile,
  input: unknown,
  options: EngineRunOptions,
  result: ExploreResult,
  finding: ExploreFinding,
): EngineRun {
  const { property, failing, preemptions, isLeast, entries, unavoidable } = finding
  const explore: Json = {
    property: property.name,
    mode: result.mode,
    complete: result.complete,
    schedules: String(result.schedules),
    failing: String(failing),
    ...(preemptions !== null && { preemptions, least: isLeast }),
    ...(unavoidable !== null && { unavoidable_after_step: unavoidable }),
    schedule_prefix: prefixOf(input, options),
  }
  const made = recordScenario(runFile, input, {
    ...options,
    schedule: printEntries(entries),
    exact: true,
    suffix: `~${property.name}`,
    facts: { ...options.facts, explore },
  })
  writeMarks(runFile, made.run, marksOf(made, finding))
  return made
}

/** The nearest schedule that breaks nothing as a run, `…~RULE-passes`, for a diff with the other. */
export function recordPassing(
  runFile: RunFile,
  input: unknown,
  options: EngineRunOptions,
  { property }: ExploreFinding,
  passing: readonly ScheduleEntry[],
): EngineRun {
  return recordScenario(runFile, input, {
    ...options,
    schedule: printEntries(passing),
    exact: true,
    suffix: `~${property.name}-passes`,
    facts: { ...options.facts, explore: { passes: property.name } },
  })
}

/** One schedule of a class as a run, `…~class-7`; `number`: from 1, in the order in which they were found. */
export function recordClass(
  runFile: RunFile,
  input: unknown,
  options: EngineRunOptions,
  { mode, complete, schedules }: ExploreResult,
  { entries, broken, number }: ScheduleClass & { readonly number: number },
): EngineRun {
  const breaks = broken.map(({ name }) => name)
  const explore: Json = {
    class: number,
    classes: String(schedules),
    mode,
    complete,
    breaks,
    schedule_prefix: prefixOf(input, options),
  }
  return recordScenario(runFile, input, {
    ...options,
    schedule: printEntries(entries),
    exact: true,
    suffix: `~class-${number}`,
    facts: { ...options.facts, explore },
  })
}

/** Of the schedule: what it is for. */
function prefixOf(input: unknown, { flavour, geometry, implementation }: EngineRunOptions): string {
  return schedulePrefix(
    parseScenario(input, { flavour: flavour ?? implementation?.base, geometry }),
  )
}

function marksOf(
  { stepSeqs, run }: EngineRun,
  { property, entries, unavoidable }: ExploreFinding,
): readonly Mark[] {
  const marks = new Map<number, string>()
  for (let i = 1; i < entries.length; i++) {
    const before = (entries[i - 1] as ScheduleEntry).cpu
    const { cpu } = entries[i] as ScheduleEntry
    const goesOn = entries.slice(i).some((entry) => entry.cpu === before)
    const seq = stepSeqs[i]
    if (cpu !== before && goesOn && seq !== undefined)
      marks.set(seq, `CPU ${cpu} comes before CPU ${before} goes on`)
  }
  if (unavoidable !== null) {
    const seq = Math.min(stepSeqs[unavoidable] ?? run.events - 1, run.events - 1)
    marks.set(seq, `${property.name} is unavoidable from here`)
  }
  return [...marks].map(([seq, text]) => ({ seq, text }))
}
