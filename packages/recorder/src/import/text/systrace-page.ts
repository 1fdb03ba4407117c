import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.ts'

const LESS = 0x3c

/** Whether a first line is that of a page. */
export const beginsPage = (bytes: Uint8Array, start: number, end: number): boolean =>
  /^\s*<(?:!doctype html|html)\b/i.test(decodeUtf8(bytes, start, end))

/** The page that systrace wraps a trace into, in an element of class trace-data. */
export class SystracePage {
  #isInside = false

  /** What of a line is the trace's; null: nothing. */
  within(bytes: Uint8Array, start: number, end: number): Uint8Array | null {
    const line = bytes.subarray(start, end)
    // Only tags begin so, and tags are all that matters of the page.
    if (!line.includes(LESS)) return this.#isInside ? line : null
    const text = decodeUtf8(line)
    const opened = /<script\b[^>]*\bclass="trace-data"[^>]*>/.exec(text)
    if (opened) {
      this.#isInside = true
      const after = encodeUtf8(text.slice(opened.index + opened[0].length))
      return after.length > 0 ? this.within(after, 0, after.length) : null
    }
    if (text.includes('</script>')) this.#isInside = false
    return this.#isInside ? line : null
  }
}
