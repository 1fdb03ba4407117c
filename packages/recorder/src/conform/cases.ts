/**
 * Runs cases with known events, results and final tables on the engine and compares. A case is a line of JSON
 * (docs: the corpus's form); files are plain or gzip and are read as streams, one case in memory at a time.
 */
import {
  buildMachine,
  hexOf,
  InputError,
  type LeafRun,
  type Machine,
  parseScenario,
  playScenario,
} from '@pagetrail/engine'

import { type CaseDivergence, ListComparison } from './compare-case.ts'
import { currentNames, eventToJson, isJsonObject, type JsonObject } from '../event/codec.ts'
import { EventDrain } from '../record/event-drain.ts'
import type { Json, Kind, TraceEvent } from '../event/kinds.ts'
import { HookRecorder } from '../record/hook-recorder.ts'
import { type Chunks, gunzipped, magicOf, peek } from '../import/bytes/chunks.ts'

interface Place {
  /** Line of the file, from 1. */
  readonly line: number
  /** The case's id, or empty. */
  readonly id: string
}

export type CaseVerdict =
  | (Place & { readonly verdict: 'equal'; readonly events: number })
  | (Place & { readonly verdict: 'unequal'; readonly divergence: CaseDivergence })
  | (Place & { readonly verdict: 'cannot-run'; readonly reason: string })

const NEWLINE = 10

/** The verdict on every line that is not blank, of bytes plain or packed by gzip; `name` is for messages. */
export async function* conformStream(
  bytes: Chunks,
  name = 'standard input',
): AsyncGenerator<CaseVerdict> {
  for await (const { text, line } of caseLines(bytes, name)) yield conformCase(text, line)
}

/** Lines that are not blank, with their numbers from 1, of bytes plain or packed by gzip. */
export async function* caseLines(
  bytes: Chunks,
  name: string,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  const { first, all } = await peek(bytes)
  const plain = magicOf(first) === 'gzip' ? gunzipped(name, all) : all
  let line = 0
  for await (const text of linesOf(plain)) {
    line++
    if (text.trim() !== '') yield { text, line }
  }
}

/** The verdict on one line. */
export function conformCase(text: string, line = 1): CaseVerdict {
  let id = ''
  try {
    const input = caseOf(text)
    id = idOf(input)
    const expected = expectedOf(input)
    const divergence = compareCase(input, expected)
    if (divergence !== null) return { line, id, verdict: 'unequal', divergence }
    return { line, id, verdict: 'equal', events: expected.events.length }
  } catch (error) {
    if (!(error instanceof InputError || error instanceof SyntaxError)) throw error
    return { line, id, verdict: 'cannot-run', reason: error.message }
  }
}

/** @throws InputError or SyntaxError for a line that is not a case */
export function caseOf(text: string): object {
  const input: unknown = JSON.parse(text)
  if (typeof input === 'object' && input !== null) return input
  throw new InputError('a case should be an object')
}

export const idOf = (input: object): string =>
  'id' in input && typeof input.id === 'string' ? input.id : ''

/** What a case should give. */
export interface Expected {
  readonly events: readonly unknown[]
  readonly results: readonly unknown[]
  readonly final: readonly unknown[]
}

export const expectedOf = (input: object): Expected => ({
  events: listOf(input, 'events').map(named),
  results: listOf(input, 'results'),
  final: listOf(input, 'final'),
})

/** An event of the corpus, with the names that fields have now. */
const named = (event: unknown): unknown => {
  const json = event as Json
  return isJsonObject(json) ? currentNames(json) : event
}

function listOf(input: object, name: string): readonly unknown[] {
  const value: unknown = Reflect.get(input, name)
  if (Array.isArray(value)) return value
  throw InputError.of(name, 'should be a list')
}

/** What the corpus does not have: its cases have one CPU, in one context, and no accesses. */
export const NOT_IN_CORPUS: ReadonlySet<Kind> = new Set(['context', 'sleep_in_atomic', 'access'])

const numbered = (event: TraceEvent, seq: number): TraceEvent =>
  event.seq === seq ? event : { ...event, seq }

function compareCase(input: object, expected: Expected): CaseDivergence | null {
  const events = new ListComparison('events', expected.events)
  let seq = 0
  const sink = new EventDrain((event) => {
    if (!NOT_IN_CORPUS.has(event.kind)) events.next(eventToJson(numbered(event, seq++)))
  })
  const recorder = new HookRecorder(sink)
  const scenario = parseScenario(input)
  if (scenario.interleaved !== null) throw InputError.of('cpus', 'a case has one CPU')
  const machine = buildMachine(scenario, recorder)
  const results = new ListComparison('results', expected.results)
  const played = playScenario(machine, scenario, (op) => {
    recorder.nextOp = op
  })
  sink.flush()
  for (const { ret } of played.outcomes) results.next(ret)
  return events.end() ?? results.end() ?? compareFinal(machine, expected.final)
}

function compareFinal(machine: Machine, expected: readonly unknown[]): CaseDivergence | null {
  const final = new ListComparison('final', expected)
  for (const run of machine.leaves()) final.next(finalOf(run))
  return final.end()
}

/** An entry of `final`: as in `init`, and marked where invalid. */
const finalOf = (run: LeafRun): JsonObject => ({
  va: hexOf(run.va),
  level: run.level,
  desc: hexOf(run.desc),
  count: run.count,
  pa_step: hexOf(run.paStep),
  ...(run.invalid && { invalid: true }),
})

/** Lines without their newline. A line is decoded whole, so that no character is cut in two. */
async function* linesOf(bytes: Chunks): AsyncGenerator<string> {
  let parts: Uint8Array[] = []
  for await (const chunk of bytes) {
    let start = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, at))
      yield Buffer.concat(parts).toString('utf8')
      parts = []
      start = at + 1
    }
    // A copy: the chunk is only valid until the next.
    if (start < chunk.length) parts.push(chunk.slice(start))
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString('utf8')
}
