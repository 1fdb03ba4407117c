import { hexOf } from '@pagetrail/engine'

import { eventToJson } from '../event/codec.ts'
import { SHOWS } from '../event/evidence.ts'
import { neutralJson } from '../event/json.ts'
import type { Json } from '../event/kinds.ts'
import type { EventSource, Run } from '../event/run.ts'
import { JSONL_VERSION } from '../event/run-header.ts'
import { TEXT_CHUNK } from './atomic-file.ts'

/** What the header line says of a run; `end` counts what should follow, so that a cut file is recognised. */
export type JsonlHeader = {
  readonly pagetrail: number
  readonly run: { readonly [key: string]: Json }
}

/** The first line of a run: everything its row holds but its id and its counts. */
export function jsonlHeader(run: Run): JsonlHeader {
  const { label, source, state, flavour, kernel, scenario, geometry, created } = run
  const { [SHOWS]: shows, ...facts } = run.facts
  return {
    pagetrail: JSONL_VERSION,
    run: {
      label,
      source,
      state,
      flavour,
      kernel,
      scenario,
      geometry: geometry && { ...geometry },
      ...(shows === undefined ? {} : { [SHOWS]: shows }),
      facts,
      t0: run.t0 === null ? null : hexOf(run.t0),
      created,
      lost: run.lost,
    },
  }
}

/**
 * A run as JSON Lines: a header line, one line per event in the corpus's form with `nest` added, and an end line with
 * the counts. Reading it again gives the same run, event for event. Yields pieces of text.
 */
export function* jsonlChunks(source: EventSource): Generator<string> {
  let text = `${neutralJson(JSON.stringify(jsonlHeader(source.run)))}\n`
  let events = 0
  let calls = 0
  for (const event of source.events()) {
    text += `${neutralJson(JSON.stringify({ ...eventToJson(event), nest: event.nest }))}\n`
    events++
    if (event.kind === 'op_begin') calls++
    if (text.length >= TEXT_CHUNK) {
      yield text
      text = ''
    }
  }
  yield `${text}${JSON.stringify({ end: { events, calls } })}\n`
}
