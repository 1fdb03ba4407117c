import {
  type Answer,
  answerTo,
  costBounds,
  type Diff,
  diffDetail,
  diffDetailLines,
  diffJsonLines,
  diffLines,
  diffMarkdown,
  diffPage,
  type DiffPageOptions,
  type DiffPaint,
  escapeControls,
  type EventSource,
  type Gate,
  gateLine,
  gateQuestions,
  gateReasons,
  type GateResult,
  githubLines,
  InputError,
  type JsonPart,
  junitLines,
  markdownText,
  pairListText,
  type Question,
} from '@pagetrail/recorder'
import type { Theme } from '../text/theme.ts'
import type { Session, Status } from '../command/session.ts'

/** A comparison with what its output needs. */
export interface Shown {
  readonly format: string
  readonly quiet?: true | undefined
  readonly detail?: true | undefined
  readonly sources: readonly [left: EventSource, right: EventSource]
  /** The command that shows it again. */
  readonly again: () => DiffPageOptions
  readonly judged: GateResult | null
}

export async function printDiff(session: Session, result: Diff, shown: Shown): Promise<void> {
  const { out } = session
  for (const line of linesOf(session, result, shown)) {
    out.line(line)
    await out.room()
  }
}

function* linesOf(session: Session, result: Diff, shown: Shown): Iterable<string> {
  const { out, json, paint } = session
  const format = json ? 'json' : shown.format
  if (format === 'json') yield* diffJsonLines(result, jsonParts(result, shown))
  else if (shown.quiet) {
    const { left, right } = result
    yield escapeControls(`${left.label} | ${right.label}: ${answerTo(result).reason}`)
  } else if (format === 'html') {
    const { again, judged, sources } = shown
    const gate = judged === null ? {} : { gate: judged }
    yield diffPage(result, diffDetail(...sources, result), { ...again(), ...gate }).trimEnd()
  } else if (format === 'markdown') {
    yield* diffMarkdown(result, shown.again()).split('\n').map(escapeControls)
  } else {
    const width = out.isTTY ? out.columns : 120
    yield* diffLines(result, { width, paint: inks(paint) })
    if (result.pairs) {
      yield ''
      for (const line of pairListText(result)) yield escapeControls(line)
    }
  }
}

function* jsonParts(result: Diff, { judged, detail, sources }: Shown): Iterable<JsonPart> {
  if (judged) yield { type: 'gate', ...judged }
  if (detail) yield* diffDetailLines(diffDetail(...sources, result))
}

const inks = ({ paint, bold, dim }: Theme): DiffPaint => ({
  title: bold,
  left: (text) => paint('write', text),
  right: (text) => paint('flush', text),
  changed: (text) => paint('bad', text),
  dim,
})

const STATUS: Readonly<Record<Answer, Status>> = { same: 0, different: 1, unknown: 3 }

export const gateStatus = ({ answer, passes }: GateResult): Status => (passes ? 0 : STATUS[answer])

/** Formats that hold the gate and nothing else. */
const OF_GATE = { junit: junitLines, github: githubLines } as const
const isOfGate = (format: string): format is keyof typeof OF_GATE => Object.hasOwn(OF_GATE, format)

interface GateOptions {
  readonly by?: Question | undefined
  readonly format: string
  readonly quiet?: true | undefined
  readonly gate?: string[] | undefined
  readonly maxCost?: string[] | undefined
  readonly allowUndecided?: true | undefined
}

/** The gate that was asked for; null: none. @throws InputError where options do not go together */
export function gateOf(options: GateOptions, json: boolean): Gate | null {
  const { by, format, gate, maxCost, allowUndecided = false } = options
  if (gate === undefined && maxCost === undefined) {
    if (!isOfGate(format) || json) return null
    throw new InputError(
      `--format ${format} is that of a gate; name what must hold: --gate outcome,effect`,
    )
  }
  if (by !== undefined)
    throw new InputError('--by asks one question; --gate names those that count')
  return {
    questions: gate === undefined ? [] : gateQuestions(gate),
    maxCost: maxCost === undefined ? [] : costBounds(maxCost),
    allowUndecided,
  }
}

/** Whether the page follows: where the gate did not pass, in the formats that have one. */
export const showsPage = (
  session: Session,
  { passes }: GateResult,
  { format, quiet }: GateOptions,
): boolean => session.json || format === 'json' || (!isOfGate(format) && !passes && quiet !== true)

/** The gate itself: one line where it passed, with the reasons below where it did not. */
export async function printGate(
  session: Session,
  diff: Diff,
  judged: GateResult,
  options: GateOptions,
): Promise<void> {
  const { format } = options
  if (session.json || format === 'json') return
  const { out } = session
  if (isOfGate(format)) {
    for (const line of OF_GATE[format](diff, judged)) out.line(line)
  } else if (format === 'html') {
    // The page has the reasons.
    if (judged.passes) out.line(gateLine(diff, judged))
  } else if (format === 'markdown') {
    out.line(markdownText(gateLine(diff, judged)))
    out.line('')
    if (judged.passes) return
    for (const reason of gateReasons(judged)) out.line(`* ${markdownText(reason.trim())}`)
    if (showsPage(session, judged, options)) out.line('')
  } else {
    out.line(gateLine(diff, judged))
    if (judged.passes) return
    for (const reason of gateReasons(judged)) out.line(reason)
    if (showsPage(session, judged, options)) out.line('')
  }
  await out.room()
}
