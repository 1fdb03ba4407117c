/** How schedules end: what the calls returned and what the tables hold. More than one end breaks nothing by itself. */
import { hexOf, type ScheduleEntry, type SearchMachine } from '@pagetrail/engine'

export interface Outcome {
  /** By CPU what its calls returned, or that it waits; then the leaves. */
  readonly parts: readonly string[]
  /** A schedule that ends so. */
  readonly entries: readonly ScheduleEntry[]
}

export interface SavedOutcomes {
  readonly found: readonly Outcome[]
  readonly ends: number
}

/** Ends that are looked at. */
const MOST = 5_000

export class Outcomes {
  readonly #found = new Map<string, Outcome>()
  /** By CPU: what its calls have returned on this path. */
  readonly #returned = new Map<number, string[]>()
  #ends = 0

  /** Not all ends were looked at. */
  get isCut(): boolean {
    return this.#ends > MOST
  }

  get all(): readonly Outcome[] {
    return [...this.#found.values()]
  }

  returns(cpu: number, fn: string, ret: number): void {
    const own = this.#returned.get(cpu) ?? []
    this.#returned.set(cpu, own)
    own.push(`${fn} = ${ret}`)
  }

  takeBack(cpu: number): void {
    this.#returned.get(cpu)?.pop()
  }

  save(): SavedOutcomes {
    return { found: this.all, ends: this.#ends }
  }

  restore({ found, ends }: SavedOutcomes): void {
    for (const outcome of found) this.#found.set(outcome.parts.join('\n'), outcome)
    this.#ends = ends
  }

  end({ machine, cpus, taken }: SearchMachine): void {
    if (++this.#ends > MOST) return
    const calls = cpus.map(({ cpu, finished }) => {
      const returned = this.#returned.get(cpu.id) ?? []
      return `CPU ${cpu.id}: ${[...returned, ...(finished ? [] : ['waits'])].join(', ')}`
    })
    const leaves = [...machine.leaves()].map(
      ({ va, level, desc, count }) =>
        `${level} ${hexOf(va)} ${hexOf(desc)}${count === 1 ? '' : ` × ${count}`}`,
    )
    const parts = [...new Set([...calls, ...leaves])]
    const text = parts.join('\n')
    if (!this.#found.has(text)) this.#found.set(text, { parts, entries: [...taken] })
  }
}

/** Of each outcome what not all of them have. */
export function differing(outcomes: readonly Outcome[]): readonly (readonly string[])[] {
  const isCommon = (part: string): boolean => outcomes.every(({ parts }) => parts.includes(part))
  return outcomes.map(({ parts }) => parts.filter((part) => !isCommon(part)))
}
