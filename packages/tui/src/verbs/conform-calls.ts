import {
  type CallVerdict,
  conformRun,
  escapeControls,
  type EventSource,
  InputError,
  type Missing,
  MISSING,
  type Run,
  count,
  many,
} from '@pagetrail/recorder'
import type { JsonLines } from '../command/json-lines.ts'
import { Progress } from '../command/progress.ts'
import type { Session } from '../command/session.ts'
import { missingText } from '../text/run-words.ts'

/** Of the calls of one run, or of several. */
class Tally {
  predicted = 0
  /** Of them, those whose start state rests on more than descriptors. */
  inferred = 0
  different = 0
  readonly missing = new Map<Missing, number>()

  add(verdict: CallVerdict): void {
    if (verdict.verdict === 'predicted') {
      this.predicted++
      if (verdict.inferred.length > 0) this.inferred++
    } else if (verdict.verdict === 'different') this.different++
    else this.missing.set(verdict.missing, (this.missing.get(verdict.missing) ?? 0) + 1)
  }

  get missed(): number {
    return [...this.missing.values()].reduce((sum, n) => sum + n, 0)
  }

  get calls(): number {
    return this.predicted + this.different + this.missed
  }

  fields() {
    const { calls, predicted, inferred, different, missed } = this
    return { calls, predicted, inferred, different, missing_input: missed }
  }
}

/** What comes of the calls of real kernels: those that differ, and a line for each run. */
export class CallReport {
  readonly #session: Session
  readonly #lines: JsonLines | null
  readonly #show: number
  readonly #total = new Tally()
  #runs = 0
  #isLossy = false

  constructor(session: Session, lines: JsonLines | null, show: number) {
    this.#session = session
    this.#lines = lines
    this.#show = show
  }

  get isUnequal(): boolean {
    return this.#total.different > 0
  }

  /** Some call could not be predicted, or calls may be missing. */
  get isIncomplete(): boolean {
    return this.#total.missed > 0 || this.#isLossy
  }

  totals() {
    return this.#runs === 0 ? {} : this.#total.fields()
  }

  /** False: interrupted. */
  async read(source: EventSource, signal: AbortSignal): Promise<boolean> {
    const { run } = source
    if (run.source !== 'ftrace') {
      throw new InputError(
        `run ${run.id} ${run.label} is not of a real kernel: conform predicts what kernels were seen to do; ` +
          'compare it with pagetrail diff',
      )
    }
    const { io, out } = this.#session
    const progress = new Progress(io, `conforming ${escapeControls(run.label)}`, 'calls')
    const tally = new Tally()
    for (const verdict of conformRun(source)) {
      if (signal.aborted) return false
      tally.add(verdict)
      this.#total.add(verdict)
      progress.update(tally.calls)
      if (verdict.verdict === 'predicted') continue
      if (this.#lines) this.#lines.data('call', { run: run.label, ...verdict })
      else if (verdict.verdict === 'different' && this.#total.different <= this.#show) {
        out.lines(callLines(run, verdict).map(escapeControls))
      }
      await out.room()
    }
    progress.end()
    this.#runs++
    await this.#summarize(run, tally)
    return true
  }

  async #summarize(run: Run, tally: Tally): Promise<void> {
    const lost = missingText(run)
    if (lost !== null) {
      this.#isLossy = true
      await this.#session.note(lost)
    }
    if (this.#lines) return this.#lines.data('run', { run: run.label, ...tally.fields() })
    for (const line of runLines(run, tally)) this.#session.out.line(escapeControls(line))
  }
}

function runLines({ label, kernel, flavour }: Run, tally: Tally): string[] {
  const { calls, predicted, inferred, different } = tally
  const name = `${label} (${kernel ?? flavour ?? 'kernel unknown'})`
  if (calls === 0) return [`${name}: no calls, nothing to predict`]
  const some = inferred > 0 ? `, ${count(inferred)} of them with an inferred start` : ''
  return [
    `${name}: ${many(calls, 'call')}: ${count(predicted)} predicted${some}, ${count(different)} different`,
    ...[...tally.missing].map(
      ([what, n]) => `  ${count(n)} could not be predicted: ${MISSING[what]}`,
    ),
  ]
}

/** Where trace and prediction part: the steps before, then the two that should be one. */
function callLines(run: Run, verdict: Extract<CallVerdict, { verdict: 'different' }>): string[] {
  const { op, fn, first, difference } = verdict
  const { equal, before, seen, predicted } = difference
  return [
    `${run.label} call ${op} ${fn}, from event ${first}: step ${equal + 1} differs`,
    ...before.map((step) => `    ${step}`),
    `  - ${seen ?? '(nothing)'}`,
    `  + ${predicted ?? '(nothing)'}`,
    '',
  ]
}
