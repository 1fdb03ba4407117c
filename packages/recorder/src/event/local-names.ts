/** Recurring texts of a run by number, in the order in which they come: who gets the same gives the same numbers. */
export class LocalNames {
  readonly texts: string[] = []
  readonly #ids = new Map<string, number>()

  intern(text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    // SQLite keeps UTF-8, in which all half characters are the same replacement character.
    if (!text.isWellFormed()) return this.intern(text.toWellFormed())
    const id = this.texts.push(text) - 1
    this.#ids.set(text, id)
    return id
  }

  textOf(id: number): string {
    return this.texts[id] ?? ''
  }
}
