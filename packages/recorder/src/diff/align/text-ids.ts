/**
 * Texts as 32-bit numbers: equal if and only if the texts are, and - but for a collision of hashes - the same whatever
 * was numbered before, so that nothing depends on which run is read first.
 */
export class TextIds {
  private readonly ids = new Map<string, number>()
  private readonly taken = new Set<number>()

  entries(): [text: string, id: number][] {
    return [...this.ids]
  }

  id(text: string): number {
    const known = this.ids.get(text)
    if (known !== undefined) return known
    let id = hashOf(text)
    while (this.taken.has(id)) id = (id + 1) >>> 0
    this.taken.add(id)
    this.ids.set(text, id)
    return id
  }
}

/** FNV-1a over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
