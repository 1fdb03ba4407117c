import { toJson } from '@pagetrail/recorder'
import type { Fields } from '../text/run-words.ts'
import type { Output } from './output.ts'

/**
 * The one form of `--json`: a header line that says what follows, a line per datum, and an end line with the count
 * and whether the answer is whole. Output without an end line was cut off.
 */
export class JsonLines {
  readonly #out: Output
  #rows = 0

  constructor(out: Output, verb: string, head: Fields = {}) {
    this.#out = out
    out.line(toJson({ type: 'header', format: 1, verb, ...head }))
  }

  data(type: string, fields: Fields): void {
    this.#rows++
    this.#out.line(toJson({ type, ...fields }))
  }

  /** `why` says what is missing where the answer is not complete. */
  end(complete: boolean, more: Fields = {}): void {
    this.#out.line(toJson({ type: 'end', rows: this.#rows, complete, ...more }))
  }
}
