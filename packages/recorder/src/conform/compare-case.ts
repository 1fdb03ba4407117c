/** Where a case stops being equal. */
export interface CaseDivergence {
  readonly in: 'events' | 'results' | 'final'
  /** Index in that list. */
  readonly index: number
  /** Null: the list ends before. */
  readonly expected: unknown
  readonly actual: unknown
  /** The last equal ones before it. */
  readonly before: readonly unknown[]
}

/** Equal items shown before a divergence. */
const CONTEXT = 4

/** Compares a list with what comes, keeping the first difference only. */
export class ListComparison {
  readonly #in: CaseDivergence['in']
  readonly #expected: readonly unknown[]
  #index = 0
  #divergence: CaseDivergence | null = null

  constructor(where: CaseDivergence['in'], expected: readonly unknown[]) {
    this.#in = where
    this.#expected = expected
  }

  next(actual: unknown): void {
    const index = this.#index++
    if (this.#divergence !== null) return
    if (index >= this.#expected.length) this.#diverge(index, null, actual)
    else if (!same(this.#expected[index], actual)) {
      this.#diverge(index, this.#expected[index], actual)
    }
  }

  /** The first difference, the list's own end included. */
  end(): CaseDivergence | null {
    if (this.#divergence === null && this.#index < this.#expected.length) {
      this.#diverge(this.#index, this.#expected[this.#index], null)
    }
    return this.#divergence
  }

  #diverge(index: number, expected: unknown, actual: unknown): void {
    const before = this.#expected.slice(Math.max(0, index - CONTEXT), index)
    this.#divergence = { in: this.#in, index, expected, actual, before }
  }
}

/** Deep equality of JSON values; the order of fields does not matter. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => same(Reflect.get(a, name), Reflect.get(b, name)))
}
