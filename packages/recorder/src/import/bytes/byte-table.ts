/** Finds the value that belongs to a piece of a buffer without making a string of it. */
export class ByteTable<T> {
  #mask: number
  #slots: (Entry<T> | undefined)[]
  #entries: Entry<T>[] = []

  constructor(slots = 256) {
    this.#mask = slots - 1
    this.#slots = Array.from({ length: slots }, () => undefined)
  }

  get size(): number {
    return this.#entries.length
  }

  /** `hash` is {@link hashBytes} of the piece, which a scanner computes on its way. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): T | undefined {
    const slots = this.#slots
    for (let i = hash & this.#mask; ; i = (i + 1) & this.#mask) {
      const entry = slots[i]
      if (entry === undefined) return undefined
      if (entry.hash === hash && same(entry.bytes, bytes, start, end)) return entry.value
    }
  }

  add(bytes: Uint8Array, start: number, end: number, hash: number, value: T): void {
    const entry = { bytes: bytes.slice(start, end), hash, value }
    this.#entries.push(entry)
    if (this.#entries.length * 2 > this.#slots.length) this.#grow()
    else this.#place(entry)
  }

  /** Forgets everything but what `keep` wants. */
  retain(keep: (value: T) => boolean): void {
    this.#entries = this.#entries.filter((entry) => keep(entry.value))
    this.#slots.fill(undefined)
    for (const entry of this.#entries) this.#place(entry)
  }

  *values(): Generator<T> {
    for (const entry of this.#entries) yield entry.value
  }

  #grow(): void {
    const length = this.#slots.length * 2
    this.#mask = length - 1
    this.#slots = Array.from({ length }, () => undefined)
    for (const entry of this.#entries) this.#place(entry)
  }

  #place(entry: Entry<T>): void {
    let i = entry.hash & this.#mask
    while (this.#slots[i] !== undefined) i = (i + 1) & this.#mask
    this.#slots[i] = entry
  }
}

interface Entry<T> {
  readonly bytes: Uint8Array
  readonly hash: number
  readonly value: T
}

/** One step of the hash; start with 0 and take the bytes in order. */
export const hashByte = (hash: number, byte: number): number => (Math.imul(hash, 31) + byte) | 0

export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0
  for (let p = start; p < end; p++) hash = hashByte(hash, bytes[p]!)
  return hash
}

function same(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
