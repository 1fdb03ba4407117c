const FREE = -1
const INITIAL = 1024

/** From page numbers to page numbers, in typed arrays; a Map would take five times the memory for millions. */
export class NumberMap {
  #keys = new Float64Array(INITIAL).fill(FREE)
  #values = new Float64Array(INITIAL)
  #mask = INITIAL - 1
  #used = 0

  get(key: number): number | undefined {
    const at = this.#find(key)
    return this.#keys[at] === FREE ? undefined : this.#values[at]
  }

  set(key: number, value: number): void {
    let at = this.#find(key)
    if (this.#keys[at] === FREE) {
      if (this.#used * 10 >= this.#keys.length * 7) {
        this.#grow()
        at = this.#find(key)
      }
      this.#keys[at] = key
      this.#used++
    }
    this.#values[at] = value
  }

  clear(): void {
    this.#keys.fill(FREE)
    this.#used = 0
  }

  /** Where the key is, or the free place where it would go. */
  #find(key: number): number {
    const keys = this.#keys
    const high = Math.floor(key / 2 ** 32)
    let hash = Math.imul((key >>> 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
    hash ^= hash >>> 15
    let at = hash & this.#mask
    while (keys[at] !== FREE && keys[at] !== key) at = (at + 1) & this.#mask
    return at
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values]
    this.#keys = new Float64Array(keys.length * 2).fill(FREE)
    this.#values = new Float64Array(keys.length * 2)
    this.#mask = this.#keys.length - 1
    this.#used = 0
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] !== FREE) this.set(keys[i]!, values[i]!)
    }
  }
}
