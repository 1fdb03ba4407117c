import { InputError } from '@pagetrail/engine'
import { checkRun, rulesNamed } from '../check/check-run.ts'
import { isJsonObject } from '../event/codec.ts'
import type { TraceEvent } from '../event/kinds.ts'
import type { EventSource, Run } from '../event/run.ts'
import { casemateOf } from './casemate.ts'
import { litmusOf } from './litmus.ts'
import { isAboutValue, valueLitmusOf } from './litmus-value.ts'
import { windowVerdict } from './litmus-verdict.ts'
import { type Window, windowOf } from './window.ts'

export const WINDOW_FORMATS = ['litmus', 'casemate'] as const
export type WindowFormat = (typeof WINDOW_FORMATS)[number]

export interface WindowText {
  readonly text: string
  /** What the other tool cannot see of it. */
  readonly limits: readonly string[]
}

/**
 * A window of a run in another tool's words: `N..M`, what a rule finds broken, or all that follows the start.
 * @throws InputError for what that tool has no words for
 */
export function windowText(
  source: EventSource,
  format: WindowFormat,
  window: string | undefined,
): WindowText {
  const chosen = chosenWindow(source, [...source.events()], window)
  return format === 'litmus'
    ? { text: litmusText(chosen, source.run), limits: [] }
    : casemateOf(chosen)
}

function litmusText(window: Window, run: Run): string {
  if (isAboutValue(window)) return valueLitmusOf(window, storedPage(window)).text
  const { features } = run.facts
  const ets2 = isJsonObject(features) && features['ets2'] === true
  return litmusOf(window, { ets2, verdict: windowVerdict(window, ets2) }).text
}

/** The entry that most stores of the window are about. */
function storedPage({ events }: Window): bigint {
  const counts = new Map<bigint, Set<number>>()
  for (const e of events) {
    if (e.kind !== 'desc_write' || e.level !== 'pte' || e.va === null) continue
    counts.set(e.va, (counts.get(e.va) ?? new Set()).add(e.cpu))
  }
  const [most] = [...counts].toSorted(([, a], [, b]) => b.size - a.size)
  if (most === undefined)
    throw new InputError('the window stores to no entry: it has nothing to ask')
  return most[0]
}

/** `N..M`, or what a rule finds broken; without either all that follows the start. */
function chosenWindow(
  source: EventSource,
  events: readonly TraceEvent[],
  text: string | undefined,
): Window {
  const begun = events.findIndex(({ kind }) => kind !== 'init' && kind !== 'area')
  const name = source.run.label.replace(/[^A-Za-z0-9._-]+/g, '-')
  if (text === undefined) return windowOf(name, events, Math.max(0, begun), events.length - 1)
  const range = /^(\d+)\.\.(\d+)$/.exec(text)
  if (range !== null) return windowOf(name, events, Number(range[1]), Number(range[2]))
  const { findings } = checkRun(source, rulesNamed([text]))
  const [finding] = findings
  if (finding === undefined)
    throw new InputError(`${text} finds nothing in ${source.run.label}: there is no window of it`)
  return windowOf(name, events, Math.max(0, begun), Math.max(...finding.proof))
}
