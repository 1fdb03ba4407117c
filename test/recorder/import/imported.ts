import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

import type { Kind, TraceEvent } from '../../../packages/recorder/src/event/kinds.ts'
import { EventDrain } from '../../../packages/recorder/src/record/event-drain.ts'
import {
  FtraceEvents,
  type TranslationCounts,
} from '../../../packages/recorder/src/import/translate/ftrace-events.ts'
import {
  FtraceText,
  type FtraceTextOptions,
} from '../../../packages/recorder/src/import/text/ftrace-text.ts'
import { LineSplitter } from '../../../packages/recorder/src/import/bytes/line-splitter.ts'

/** Keeps every event that is put into it. */
export class MemorySink extends EventDrain {
  readonly events: TraceEvent[]

  constructor() {
    const events: TraceEvent[] = []
    super((event) => events.push(event))
    this.events = events
  }
}

export interface Imported {
  readonly events: TraceEvent[]
  readonly counts: TranslationCounts
  readonly text: FtraceText
  readonly translation: FtraceEvents
}

/** What a text of ftrace becomes. Throws as the importer does, without file and line. */
export function imported(
  text: string | Uint8Array,
  pageShift = 12,
  options: FtraceTextOptions = {},
): Imported {
  const sink = new MemorySink()
  const translation = new FtraceEvents(sink, { pageShift })
  const reader = new FtraceText(translation, options)
  const splitter = new LineSplitter(reader)
  splitter.push(typeof text === 'string' ? new TextEncoder().encode(text) : text)
  reader.end(splitter.rest)
  const counts = translation.finish()
  sink.flush()
  return { events: sink.events, counts, text: reader, translation }
}

/** Lines of one task, a microsecond apart, as ftrace prints them. */
export function lines(...events: readonly string[]): string {
  return events
    .map(
      (event, i) =>
        `          insmod-272     [000] d..1.     1.${String(i).padStart(6, '0')}: ${event}\n`,
    )
    .join('')
}

export const ofKind = <K extends Kind>(
  events: readonly TraceEvent[],
  kind: K,
): Extract<TraceEvent, { kind: K }>[] =>
  events.filter((e): e is Extract<TraceEvent, { kind: K }> => e.kind === kind)

/** A capture of the fixtures, unpacked. */
export const capture = (name: string): Uint8Array =>
  gunzipSync(readFileSync(new URL(`../../fixtures/traces/${name}.trace.gz`, import.meta.url)))

/** One of the two captures that come with the product. */
export const demoCapture = (name: string): Uint8Array =>
  gunzipSync(readFileSync(new URL(`../../../packages/tui/demo/${name}.trace.gz`, import.meta.url)))
