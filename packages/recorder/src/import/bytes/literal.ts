/** Shorter texts are not compared so. */
export const LEAST = 4

/** A text of at least {@link LEAST} bytes four at a time; the last word overlaps the one before it. */
export function textWords(bytes: Uint8Array): Int32Array {
  const { length, buffer, byteOffset } = bytes
  const view = new DataView(buffer, byteOffset, length)
  return Int32Array.from({ length: wordsIn(length) }, (_, i) =>
    view.getInt32(Math.min(4 * i, length - LEAST), true),
  )
}

/** How many words a text of so many bytes has. */
export const wordsIn = (length: number): number => (length + 3) >> 2

/** Whether bytes [at, end) are the text of the words from `first` on. */
export function areWords(
  view: DataView,
  at: number,
  end: number,
  words: Int32Array,
  first: number,
): boolean {
  let word = first
  for (let p = at; p < end - LEAST; p += 4)
    if (view.getInt32(p, true) !== words[word++]) return false
  return view.getInt32(end - LEAST, true) === words[word]
}

/** A text that is looked for at a place. */
export class Literal {
  readonly length: number
  readonly #words: Int32Array

  constructor(bytes: Uint8Array) {
    this.length = bytes.length
    this.#words = textWords(bytes)
  }

  /** Whether it stands at a place, before `limit`. */
  isAt(view: DataView, at: number, limit: number): boolean {
    const end = at + this.length
    return end <= limit && areWords(view, at, end, this.#words, 0)
  }
}
