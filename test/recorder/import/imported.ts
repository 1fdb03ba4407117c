import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

import { Batch } from '../../../packages/recorder/src/event/batch.ts'
import { rowToEvent } from '../../../packages/recorder/src/event/codec.ts'
import type { Kind, TraceEvent } from '../../../packages/recorder/src/event/kinds.ts'
import type { EventSink } from '../../../packages/recorder/src/event/event-sink.ts'
import {
  FtraceEvents,
  type TranslationCounts,
} from '../../../packages/recorder/src/import/translate/ftrace-events.ts'
import { FtraceText } from '../../../packages/recorder/src/import/text/ftrace-text.ts'
import { LineSplitter } from '../../../packages/recorder/src/import/bytes/line-splitter.ts'
import { rowOf } from '../../../packages/recorder/src/store/batch-insert.ts'

/** Keeps every event that is put into it. */
export class MemorySink implements EventSink {
  readonly batch = new Batch(64)
  readonly events: TraceEvent[] = []
  readonly names: string[] = []
  #ids = new Map<string, number>()

  intern(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    this.#ids.set(text, this.names.length)
    return this.names.push(text) - 1
  }

  row(kind: number, cpu: number): number {
    if (this.batch.length === this.batch.capacity) this.flush()
    return this.batch.row(kind, cpu)
  }

  flush(): void {
    for (let i = 0; i < this.batch.length; i++) {
      const event = rowToEvent(rowOf(this.batch, i), (id) => this.names[id]!)
      this.events.push({ ...event, seq: this.events.length })
    }
    this.batch.length = 0
  }
}

export interface Imported {
  readonly events: TraceEvent[]
  readonly counts: TranslationCounts
  readonly text: FtraceText
  readonly translation: FtraceEvents
}

/** What a text of ftrace becomes. Throws as the importer does, without file and line. */
export function imported(text: string | Uint8Array, pageShift = 12): Imported {
  const sink = new MemorySink()
  const translation = new FtraceEvents(sink, { pageShift })
  const reader = new FtraceText(translation)
  const splitter = new LineSplitter(reader)
  splitter.push(typeof text === 'string' ? new TextEncoder().encode(text) : text)
  reader.end(splitter.unfinished > 0)
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
