import { InputError } from '@pagetrail/engine'
import { eventFromJson, isJsonObject, type JsonObject } from '../event/codec.ts'
import { bounded } from '../event/field-codec.ts'
import { CallTree, type Misfit } from '../event/call-tree.ts'
import type { Json, TraceEvent } from '../event/kinds.ts'
import { corpusCase, isCorpusCase } from '../event/corpus-case.ts'
import { JSONL_VERSION } from '../event/run-header.ts'
import { type RunHeader, runHeader } from '../event/run-header.ts'

/** What a parser of JSON Lines finds, in order: a run begins, its events, it ends; then perhaps the next run. */
export interface JsonlSink {
  run(header: RunHeader): void
  /** Events come numbered from 0 without gaps, with their `nest`. */
  event(event: TraceEvent): void
  /** The event that comes next does not fit the call tree; at the end, one that has no end. */
  misfit?(misfit: Misfit): void
  /** `complete` false: the file ended, or another run began, before the run's end line. */
  end(complete: boolean): void
}

/**
 * Reads Pagetrail's JSON Lines: runs of a header line, event lines and an end line; bare event lines without a header
 * (one run, named after the file); and the corpus's cases, one whole run a line. Pure: the caller brings the lines.
 *
 * Throws InputError naming file and line for a line that is none of these, for a gap in `seq`, and for an end line
 * whose counts are not those of the lines before it.
 */
export class JsonlParser {
  readonly #file: string
  readonly #sink: JsonlSink
  #line = 0
  #open: 'none' | 'run' | 'bare' = 'none'
  #events = 0
  #calls = 0
  #tree = new CallTree()

  constructor(file: string, sink: JsonlSink) {
    this.#file = file
    this.#sink = sink
  }

  /** Takes the next line, without its line end; blank ones are skipped. `number`: if it is not the next of its file. */
  line(text: string, number = this.#line + 1): void {
    this.#line = number
    if (text.trim() === '') return
    try {
      this.#take(parseObject(text))
    } catch (error) {
      throw error instanceof InputError ? error.at(`${this.#file}:${this.#line}`) : error
    }
  }

  /**
   * The file ended, with this as its last line. Of a producer that died while it wrote, that is half of a line: it is
   * left out, and its run is not complete.
   */
  end(last = '', number = this.#line + 1): void {
    const isHalf = this.#open !== 'none' && !isJson(last)
    if (!isHalf) this.line(last, number)
    // Bare lines have no end line to miss.
    if (this.#open !== 'none') this.#finish(this.#open === 'bare' && !isHalf)
  }

  #take(json: JsonObject): void {
    // An event may have a field of any of the other lines' names, `end` for one.
    if ('kind' in json) this.#event(json)
    else if ('pagetrail' in json) this.#begin(json)
    else if ('end' in json) this.#checkEnd(json['end'])
    else if (isCorpusCase(json)) this.#case(json)
    else this.#event(json)
  }

  #begin(json: JsonObject): void {
    const version = json['pagetrail']
    if (typeof version !== 'number' || version < 1 || version > JSONL_VERSION) {
      const got = JSON.stringify(version)
      throw new InputError(
        `JSON Lines of version ${got}; this Pagetrail reads up to ${JSONL_VERSION}: update it`,
      )
    }
    this.#start(runHeader(json['run'] ?? null), 'run')
  }

  #start(header: RunHeader, open: 'run' | 'bare'): void {
    if (this.#open !== 'none') this.#finish(false)
    this.#open = open
    this.#events = 0
    this.#calls = 0
    this.#tree = new CallTree()
    this.#sink.run(header)
  }

  #finish(complete: boolean): void {
    this.#open = 'none'
    if (complete) for (const misfit of this.#tree.end()) this.#sink.misfit?.(misfit)
    this.#sink.end(complete)
  }

  #event(json: JsonObject): void {
    if (this.#open === 'none') this.#start(runHeader({ label: this.#file }), 'bare')
    const event = eventFromJson(json)
    if (event.seq !== this.#events) {
      throw new InputError(
        `seq ${event.seq} follows ${this.#events - 1}; lines are missing or moved`,
      )
    }
    this.#put('nest' in json ? event : { ...event, nest: this.#tree.depth(event) })
  }

  #put(event: TraceEvent): void {
    this.#events++
    if (event.kind === 'op_begin') this.#calls++
    const misfit = this.#tree.take(event)
    if (misfit) this.#sink.misfit?.(misfit)
    this.#sink.event(event)
  }

  #case(json: JsonObject): void {
    const { header, events } = corpusCase(json)
    this.#start(header, 'run')
    for (const item of events) {
      const event = { ...eventFromJson(item), seq: this.#events }
      this.#put({ ...event, nest: this.#tree.depth(event) })
    }
    this.#finish(true)
  }

  #checkEnd(end: Json | undefined): void {
    if (this.#open !== 'run') throw new InputError('an end line without a header line before it')
    const stated = JSON.stringify(end)
    const counted = JSON.stringify({ events: this.#events, calls: this.#calls })
    if (stated !== counted) {
      throw new InputError(
        `the end line says ${stated} but there were ${counted}; the file was changed`,
      )
    }
    this.#finish(true)
  }
}

function parseObject(text: string): JsonObject {
  let json: Json
  try {
    json = JSON.parse(text) as Json
  } catch (error) {
    // A RangeError is one of a nesting that JSON.parse itself gave up on.
    const why = error instanceof Error ? error.message : String(error)
    throw new InputError(`not JSON: ${why}`, { cause: error })
  }
  bounded(json)
  if (isJsonObject(json)) return json
  throw new InputError('a line has to be a JSON object')
}

function isJson(text: string): boolean {
  if (text.trim() === '') return true
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return false
    throw error
  }
}
