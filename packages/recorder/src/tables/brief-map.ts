/**
 * A Map of what is there for a short time and mostly alone: of calls that are open, of walks. The first entry lies in
 * the object itself; others, while there are any, in a Map that is given up with the last of them. A Map that lives
 * long while its entries come and go leaves a chain of tables in V8, each reached from the one before: all that was
 * ever in it stays until the old objects are collected, a hundred megabytes in a run of many calls.
 */
export class BriefMap<K, V> {
  #hasFirst = false
  #key: K | null = null
  #value: V | undefined = undefined
  #more: Map<K, V> | null = null

  get size(): number {
    return (this.#hasFirst ? 1 : 0) + (this.#more === null ? 0 : this.#more.size)
  }

  get(key: K): V | undefined {
    return this.#hasFirst && this.#key === key ? this.#value : this.#more?.get(key)
  }

  has(key: K): boolean {
    return (this.#hasFirst && this.#key === key) || this.#more?.has(key) === true
  }

  set(key: K, value: V): void {
    if (this.#hasFirst ? this.#key === key : this.#more === null) {
      this.#hasFirst = true
      this.#key = key
      this.#value = value
    } else (this.#more ??= new Map<K, V>()).set(key, value)
  }

  delete(key: K): boolean {
    if (this.#hasFirst && this.#key === key) {
      this.#hasFirst = false
      this.#key = null
      this.#value = undefined
      return true
    }
    if (this.#more?.delete(key) !== true) return false
    if (this.#more.size === 0) this.#more = null
    return true
  }

  clear(): void {
    this.#hasFirst = false
    this.#key = null
    this.#value = undefined
    this.#more = null
  }

  /** In the order in which they were set first, as those of a Map. */
  *[Symbol.iterator](): Iterator<[K, V]> {
    if (this.#hasFirst) yield [this.#key as K, this.#value as V]
    if (this.#more !== null) yield* this.#more
  }

  *values(): Iterable<V> {
    for (const [, value] of this) yield value
  }
}
