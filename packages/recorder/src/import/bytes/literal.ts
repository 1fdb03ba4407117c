/** A text that is looked for at a place, four bytes at a time. */
export class Literal {
  /** Shorter ones are not taken. */
  static readonly LEAST = 4
  readonly length: number
  readonly #words: Int32Array

  constructor(bytes: Uint8Array) {
    const { length, buffer, byteOffset } = bytes
    const view = new DataView(buffer, byteOffset, length)
    this.length = length
    // The last word overlaps the one before it.
    this.#words = Int32Array.from({ length: Math.ceil(length / 4) }, (_, i) =>
      view.getInt32(Math.min(4 * i, length - Literal.LEAST), true),
    )
  }

  /** Whether it stands at a place, before `limit`. */
  isAt(view: DataView, at: number, limit: number): boolean {
    const end = at + this.length
    if (end > limit) return false
    const words = this.#words
    const last = words.length - 1
    for (let i = 0, p = at; i < last; i++, p += 4)
      if (view.getInt32(p, true) !== words[i]) return false
    return view.getInt32(end - Literal.LEAST, true) === words[last]
  }
}
