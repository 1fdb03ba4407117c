/** What `explore` prints in JSON: a search while it goes on, each second, and what it came to. */
import { printEntries } from '@pagetrail/engine'
import {
  count,
  type Explored,
  exploreFields,
  type ExploreFinding,
  type ExploreProgress,
  many,
  jsonNumber,
  relevant,
  searchVerdict,
} from '@pagetrail/recorder'
import type { JsonLines } from './json-lines.ts'
import type { RecordedSearch } from './explore-record.ts'
import { Progress } from './progress.ts'
import type { Session } from './session.ts'

/** Milliseconds between two lines of JSON. */
const EVERY = 1000

/** How far a search is: a line on a terminal's standard error, with `--json` a record each second. */
export class SearchProgress {
  readonly #session: Session
  readonly #lines: JsonLines | null
  readonly #label: string
  readonly #began: number
  readonly #line: Progress
  #said: number

  constructor(session: Session, lines: JsonLines | null, label: string) {
    this.#session = session
    this.#lines = lines
    this.#label = label
    this.#began = this.#said = session.io.now()
    this.#line = new Progress(session.io, label, 'states')
  }

  /** ms since it began. */
  get elapsed(): number {
    return this.#session.io.now() - this.#began
  }

  async update(progress: ExploreProgress): Promise<void> {
    const { states, depth, schedules, findings } = progress
    const found = findings === 0 ? '' : `, ${many(findings, 'finding')}`
    const more = states > 0 ? `, depth ${count(depth)}, at least ${count(schedules)} schedules` : ''
    this.#line.update(states > 0 ? states : Number(schedules), undefined, `${more}${found}`)
    const { elapsed } = this
    if (this.#lines === null || this.#began + elapsed - this.#said < EVERY) return
    this.#said = this.#began + elapsed
    this.#lines.data('search', {
      label: this.#label,
      running: true,
      states,
      states_per_second: Math.round((states * 1000) / elapsed),
      depth,
      schedules_at_least: jsonNumber(schedules),
      findings,
      ms: Math.round(elapsed),
    })
    await this.#session.out.flush()
  }

  end(): void {
    this.#line.end()
  }
}

/** A search that is over, its findings, and what was not broken. */
export function printJson(
  lines: JsonLines,
  explored: Explored,
  { runs, classes }: RecordedSearch,
): void {
  const { label, result } = explored
  lines.data('search', exploreFields(explored))
  for (const finding of result.findings) lines.data('finding', findingFields(label, finding, runs))
  for (const { name } of relevant(result)) {
    const verdict = searchVerdict(explored)
    const type = verdict.startsWith('proved') ? 'proved' : 'unbroken'
    lines.data(type, { label, property: name, failing: 0, verdict })
  }
  for (const [i, { entries, broken }] of result.classes.entries()) {
    const breaks = broken.map(({ name }) => name)
    const schedule = printEntries(entries)
    lines.data('class', { label, class: i + 1, breaks, schedule, run: classes[i] ?? null })
  }
  if (result.outcomes.length > 1) {
    for (const { parts, entries } of result.outcomes) {
      lines.data('outcome', { label, parts, schedule: printEntries(entries) })
    }
  }
  for (const { held, taken } of result.inversions) {
    lines.data('finding', { label, property: 'lock-order', held, taken })
  }
}

/** What of the classes was recorded, and how to have the rest. */
export function classLine({ label, result }: Explored, runs: readonly number[]): string {
  const { schedules, complete } = result
  if (runs.length === 0) return '  recorded                            no class of schedules'
  const named =
    runs.length === 1
      ? `run ${runs[0]}, ${label}~class-1`
      : `runs ${runs[0]} to ${runs.at(-1)}, ${label}~class-1 to ~class-${runs.length}`
  const some = `, found first of ${complete ? '' : 'at least '}${count(schedules)} classes; --most N records more`
  const rest = BigInt(runs.length) < schedules ? some : ''
  return `  ${'recorded'.padEnd(20)} ${count(runs.length).padStart(16)}   ${named}${rest}`
}

const findingFields = (
  label: string,
  finding: ExploreFinding,
  runs: ReadonlyMap<string, string>,
) => {
  const { property, failing, atEnd, preemptions, isLeast, unavoidable, entries } = finding
  return {
    label,
    property: property.name,
    failing: jsonNumber(failing),
    ...(atEnd !== null && { failing_at_end: jsonNumber(atEnd) }),
    preemptions,
    ...(preemptions !== null && { least: isLeast }),
    unavoidable_after_step: unavoidable,
    schedule: printEntries(entries),
    run: runs.get(property.name) ?? null,
  }
}
