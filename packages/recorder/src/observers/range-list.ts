import { hexRange } from './page-numbers.ts'

/** Page ranges, merged where they touch in the order they come; what a finding says it is about. */
export class RangeList {
  /** start, end, start, end … */
  readonly #bounds: number[] = []
  /** Pages added, counted again when added twice. */
  pages = 0

  add(start: number, end: number): void {
    this.pages += end - start
    const n = this.#bounds.length
    if (n > 0 && this.#bounds[n - 1] === start) this.#bounds[n - 1] = end
    else this.#bounds.push(start, end)
  }

  /** Each range, in the order they came. */
  *each(): Iterable<readonly [number, number]> {
    const bounds = this.#bounds
    for (let i = 0; i < bounds.length; i += 2) yield [bounds[i]!, bounds[i + 1]!]
  }

  get count(): number {
    return this.#bounds.length / 2
  }

  get isEmpty(): boolean {
    return this.#bounds.length === 0
  }

  get start(): number {
    return this.#bounds.reduce((low, b) => Math.min(low, b), Infinity)
  }

  get end(): number {
    return this.#bounds.reduce((high, b) => Math.max(high, b), 0)
  }

  /** The first three ranges, and how many more; one that came again is not said again. */
  toString(): string {
    const texts = new Set<string>()
    for (const [start, end] of this.each()) texts.add(hexRange(start, end))
    const more = texts.size - 3
    return [...texts].slice(0, 3).join(', ') + (more > 0 ? ` and ${more} more ranges` : '')
  }
}
