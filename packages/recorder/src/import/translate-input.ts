import type { EventSink } from '../event/event-sink.ts'
import type { Json, Kind } from '../event/kinds.ts'
import type { RunGeometry } from '../event/run.ts'
import type { Input, InputFacts } from './bytes/input.ts'
import type { OpenInput } from './bytes/open-input.ts'
import { TextInput, type TextInputOptions } from './text/text-input.ts'
import { DatFileInput } from './trace-dat/dat-file-input.ts'
import { FtraceEvents, type TranslationCounts } from './translate/ftrace-events.ts'
import { tracedFlavour, tracedGeometry, type TracedFlavour } from './translate/kernel-traits.ts'
import { ownNames } from './translate/own-names.ts'
import { type LineShape, PROBED_FUNCTIONS } from './translate/probe-table.ts'

/** How a trace is to be read; all of it can be sent to another thread. */
export interface TranslateOptions {
  readonly pageShift?: 12 | 14 | 16
  readonly map?: Readonly<Record<string, string>>
  readonly strict?: boolean
  readonly buffer?: string
  readonly order: TextInputOptions['order']
  /** The trace is known to hold each of its events. */
  readonly whole: boolean
  /** By names of events, what their lines are known to look like. */
  readonly shapes?: Readonly<Record<string, LineShape>>
}

/** What is known when a trace has become rows; plain data. */
export interface Translated {
  readonly facts: InputFacts
  readonly counts: TranslationCounts
  readonly flavour: TracedFlavour | null
  readonly geometry: RunGeometry | null
  /** Whether the probes saw the stores (`full`), or those were inferred from the callbacks (`lean`). */
  readonly definitions: 'full' | 'lean' | null
  readonly sites: Partial<Record<Kind, string[]>>
  readonly workload: string | null
  /** It holds values that are stores only if no line is missing, and none is. */
  readonly isProvenWhole: boolean
  /** Where lines without their end were taken for whole: what lines of each event have. */
  readonly tornShapes: Readonly<Record<string, LineShape>> | null
  /** Of the input, as it is in its file. */
  readonly bytes: number
  readonly sha256: Json
}

/** Reads a trace into rows. `step` is asked between two pieces of the input: false where it is to stop. */
export async function translateInput(
  input: OpenInput,
  sink: EventSink,
  options: TranslateOptions,
  step: (reader: Input, idle: boolean) => boolean,
): Promise<Translated> {
  const { name, magic, path } = input
  const { pageShift, map = {}, strict = false, order, whole } = options
  const buffer = options.buffer ?? null
  const events = new FtraceEvents(sink, {
    pageShift,
    names: ownNames(map, PROBED_FUNCTIONS),
    whole,
    ...(options.shapes === undefined ? {} : { shapes: options.shapes }),
  })
  const reader =
    magic === 'text'
      ? new TextInput(events, name, { strict, order, buffer })
      : new DatFileInput(events, name, path, buffer)
  const facts = await reader.read(input.chunks, (idle) => step(reader, idle))
  const isProvenWhole = events.doubtful > 0 && isWhole(events, facts)
  const counts = events.finish()
  return {
    facts,
    counts,
    flavour: tracedFlavour(events, counts),
    geometry: tracedGeometry(events),
    definitions: definitionsOf(events),
    sites: events.sites.toJson(),
    workload: events.workload,
    isProvenWhole,
    tornShapes: events.tornShapes,
    bytes: input.bytes(),
    sha256: input.sha256(),
  }
}

/** What the header counts was found, and nothing else is amiss: a line that is there twice may stand for a lost one. */
const isWhole = (events: FtraceEvents, { counted, entries, unreadable, doubled }: InputFacts) =>
  counted === entries && !unreadable && !doubled && events.unpaired === 0

function definitionsOf(events: FtraceEvents): 'full' | 'lean' | null {
  if (events.storesSeen) return 'full'
  return events.inferred ? 'lean' : null
}
