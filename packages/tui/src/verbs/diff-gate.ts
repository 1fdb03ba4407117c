import {
  type Answer,
  costBounds,
  type Diff,
  type Gate,
  gateLine,
  gateQuestions,
  gateReasons,
  type GateResult,
  githubLines,
  InputError,
  junitLines,
  type Question,
} from '@pagetrail/recorder'
import type { Session, Status } from '../command/session.ts'

export const GATE_STATUS: Readonly<Record<Answer, Status>> = { same: 0, different: 1, unknown: 3 }

/** Formats that hold the gate and nothing else. */
const OF_GATE = { junit: junitLines, github: githubLines } as const
const isOfGate = (format: string): format is keyof typeof OF_GATE => Object.hasOwn(OF_GATE, format)

interface GateOptions {
  readonly by?: Question | undefined
  readonly format: string
  readonly quiet?: true | undefined
  readonly gate?: string[] | undefined
  readonly maxCost?: string[] | undefined
}

/** The gate that was asked for; null: none. @throws InputError where options do not go together */
export function gateOf(options: GateOptions, json: boolean): Gate | null {
  const { by, format, gate, maxCost } = options
  if (gate === undefined && maxCost === undefined) {
    if (!isOfGate(format) || json) return null
    throw new InputError(
      `--format ${format} is that of a gate; name what must hold: --gate outcome,effect`,
    )
  }
  if (by !== undefined)
    throw new InputError('--by asks one question; --gate names those that count')
  return { questions: gateQuestions(gate ?? []), maxCost: costBounds(maxCost ?? []) }
}

/** Whether the page follows: where the gate did not pass, in the formats that have one. */
export const showsPage = (
  session: Session,
  { answer }: GateResult,
  { format, quiet }: GateOptions,
): boolean =>
  session.json || format === 'json' || (!isOfGate(format) && answer !== 'same' && quiet !== true)

/** The gate itself: one line where it passed, with the reasons below where it did not. */
export async function printGate(
  session: Session,
  diff: Diff,
  judged: GateResult,
  format: string,
): Promise<void> {
  if (session.json || format === 'json') return
  const { out } = session
  if (isOfGate(format)) {
    for (const line of OF_GATE[format](diff, judged)) out.line(line)
  } else if (format === 'markdown') {
    out.line(markdownText(gateLine(diff, judged)))
    out.line('')
    for (const reason of gateReasons(judged)) out.line(`* ${markdownText(reason.trim())}`)
    if (judged.answer !== 'same') out.line('')
  } else {
    out.line(gateLine(diff, judged))
    for (const reason of gateReasons(judged)) out.line(reason)
    if (judged.answer !== 'same') out.line('')
  }
  await out.room()
}

/** Names with two underscores are not emphasis. */
const markdownText = (text: string): string => text.replaceAll(/([*_`<|])/g, '\\$1')
