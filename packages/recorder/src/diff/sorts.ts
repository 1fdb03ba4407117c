import type { TraceEvent } from '../event/kinds.ts'

/** How many events there are of each sort, of those that are compared without rows of their own. */
export class Sorts {
  readonly #times = new Map<string, number>()

  add(event: TraceEvent): void {
    this.#count(sortOf(event), 1)
  }

  addAll(others: Sorts): void {
    for (const [sort, times] of others.#times) this.#count(sort, times)
  }

  clear(): void {
    if (this.#times.size > 0) this.#times.clear()
  }

  /** `dsb ish ×2, tlbi vale1is ×1`; empty: there are none. */
  toString(): string {
    if (this.#times.size === 0) return ''
    const texts = [...this.#times].map(([sort, times]) => `${sort} ×${times}`)
    return texts.toSorted().join(', ')
  }

  #count(sort: string, times: number): void {
    this.#times.set(sort, (this.#times.get(sort) ?? 0) + times)
  }
}

/** Instructions by their operation, functions by their names. */
function sortOf(event: TraceEvent): string {
  if (event.kind === 'tlbi') return `tlbi ${event.insn ?? '?'}`
  if (event.kind === 'isb') return 'isb'
  if (event.kind === 'dsb') return `dsb ${event.scope ?? '?'}`
  return 'fn' in event && typeof event.fn === 'string' ? `${event.kind} ${event.fn}` : event.kind
}
