import { type CaseVerdict, escapeControls, count } from '@pagetrail/recorder'
import type { JsonLines } from '../command/json-lines.ts'
import { Progress } from '../command/progress.ts'
import type { Session } from '../command/session.ts'

/** What comes of cases: those that differ as they come, the counts of all files at the end. */
export class CaseReport {
  readonly #session: Session
  readonly #lines: JsonLines | null
  readonly #show: number
  readonly #tally: Record<CaseVerdict['verdict'], number> = {
    equal: 0,
    unequal: 0,
    'cannot-run': 0,
  }
  #any = false

  constructor(session: Session, lines: JsonLines | null, show: number) {
    this.#session = session
    this.#lines = lines
    this.#show = show
  }

  get isUnequal(): boolean {
    return this.#tally.unequal > 0
  }

  get isIncomplete(): boolean {
    return this.#tally['cannot-run'] > 0
  }

  totals() {
    const { equal, unequal, 'cannot-run': cannotRun } = this.#tally
    return this.#any ? { equal, unequal, cannot_run: cannotRun } : {}
  }

  /** False: interrupted. */
  async read(
    file: string,
    verdicts: AsyncIterable<CaseVerdict>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { io, out } = this.#session
    const tally = this.#tally
    const progress = new Progress(io, `conforming ${escapeControls(file)}`, 'cases')
    let cases = 0
    this.#any = true
    for await (const verdict of verdicts) {
      if (signal.aborted) return false
      tally[verdict.verdict]++
      progress.update(++cases)
      if (verdict.verdict === 'equal') continue
      if (this.#lines) this.#lines.data('case', { file, ...verdict })
      else if (tally.unequal + tally['cannot-run'] <= this.#show) {
        out.lines(caseLines(file, verdict).map(escapeControls))
      }
      await out.room()
    }
    progress.end()
    return true
  }

  summarize(): void {
    if (!this.#any) return
    const { equal, unequal, 'cannot-run': cannotRun } = this.#tally
    const cases = equal + unequal + cannotRun
    this.#session.out.line(
      `${count(cases)} cases: ${count(equal)} equal, ${count(unequal)} unequal, ${count(cannotRun)} could not be run`,
    )
  }
}

/** Where a case differs: what came before on both sides, then the two that should be one. */
function caseLines(file: string, verdict: CaseVerdict): string[] {
  const head = `${file}:${verdict.line} ${verdict.id}`
  if (verdict.verdict === 'cannot-run') return [`${head}: could not be run: ${verdict.reason}`, '']
  if (verdict.verdict === 'equal') return []
  const { in: list, index, before, expected, actual } = verdict.divergence
  return [
    `${head}: ${list}[${index}] differs`,
    ...before.map((item) => `    ${itemText(item)}`),
    `  - ${itemText(expected)}`,
    `  + ${itemText(actual)}`,
    '',
  ]
}

const itemText = (item: unknown): string => (item === null ? '(nothing)' : JSON.stringify(item))
