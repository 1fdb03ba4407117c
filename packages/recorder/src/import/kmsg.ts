import { InputError } from '@pagetrail/engine'
import { isJsonObject, type JsonObject } from '../event/codec.ts'
import type { Json } from '../event/kinds.ts'
import { JSONL_VERSION } from '../event/run-header.ts'

/** What `pt_to_printk()` of hooks/c/pagetrail.h puts before a line. */
const MARK = /\bpagetrail: (\{.*)$/

/**
 * The run in a kernel log: of dmesg, a serial console, KUnit or UML, whatever stands before a line of `pagetrail:`.
 * Lines that the log lost, tore or began after are `gap` events, so that the run says what is missing instead of being
 * refused; what follows is numbered on.
 */
export class KernelLog {
  readonly #label: string
  #isOpen = false
  /** Of the producer's next event, and of the next one handed on. */
  #expected = 0
  #next = 0
  #calls = 0
  #marked = 0

  /** `label` names a run whose header line the log has lost. */
  constructor(label: string) {
    this.#label = label
  }

  /** Lines with the mark so far. */
  get marked(): number {
    return this.#marked
  }

  /** The lines of JSON Lines that a line of the log comes to: none, one, or a gap and one. */
  lines(text: string): readonly string[] {
    const found = MARK.exec(text)?.[1]
    if (found === undefined) return []
    this.#marked++
    const json = parsed(found)
    // Torn by the log: it will be missing among the numbers.
    if (json === null) return []
    if ('pagetrail' in json) return this.#header(json)
    if ('end' in json && !('kind' in json)) return this.#end(json['end'] ?? null)
    return this.#event(json)
  }

  #header(json: JsonObject): string[] {
    this.#isOpen = true
    this.#expected = 0
    this.#next = 0
    this.#calls = 0
    return [JSON.stringify(json)]
  }

  #begun(): string[] {
    if (this.#isOpen) return []
    return this.#header({ pagetrail: JSONL_VERSION, run: { label: this.#label } })
  }

  #event(json: JsonObject): string[] {
    const { seq } = json
    if (typeof seq !== 'number' || !Number.isSafeInteger(seq)) return []
    const lines = this.#begun()
    if (seq < this.#expected) {
      const what = `event ${seq} comes after event ${this.#expected - 1}`
      throw new InputError(
        `${what}: the log holds a line twice, or two runs at once; keep one of them`,
      )
    }
    lines.push(...this.#gap(seq))
    if (json['kind'] === 'op_begin') this.#calls++
    this.#expected++
    lines.push(JSON.stringify({ ...json, seq: this.#next++ }))
    return lines
  }

  /** What is missing before the producer's event `seq`. */
  #gap(seq: number): string[] {
    const lost = seq - this.#expected
    if (lost === 0) return []
    this.#expected = seq
    const reason = 'lines missing from the kernel log'
    return [JSON.stringify({ seq: this.#next++, cpu: 0, op: null, kind: 'gap', lost, reason })]
  }

  #end(end: Json): string[] {
    const events = isJsonObject(end) ? end['events'] : undefined
    if (typeof events !== 'number' || events < this.#expected) {
      throw new InputError(
        `the end line says ${JSON.stringify(end)} after ${this.#expected} events`,
      )
    }
    const lines = [...this.#begun(), ...this.#gap(events)]
    lines.push(JSON.stringify({ end: { events: this.#next, calls: this.#calls } }))
    this.#isOpen = false
    return lines
  }
}

function parsed(text: string): JsonObject | null {
  try {
    const json = JSON.parse(text) as Json
    return isJsonObject(json) ? json : null
  } catch {
    return null
  }
}
