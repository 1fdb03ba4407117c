/**
 * A schedule that some search has come upon, made as small as can be: fewest preemptions, then fewest steps until it
 * cannot be avoided. What is said of it is exact, or is not said.
 */
import type { ScheduleEntry } from '../play/schedule-text.ts'
import type { EdgeMark, SearchMachine } from './search-machine.ts'
import { passingSchedule, smallestSchedule } from './smallest.ts'
import type { FoundSchedule } from './smallest.ts'
import { StateSearch } from './state-search.ts'

/** `unavoidable` null: that is so from the start, or was not found out. */
export interface ShrunkSchedule extends FoundSchedule {
  /** No schedule with fewer preemptions breaks the rule: all of them were searched. */
  readonly isLeast: boolean
}

export interface ShrinkOptions {
  /** Bit of the rule. */
  readonly rule: number
  /** Bit of what the schedule beside it must not break. */
  readonly avoided?: number
  /** Of each search on the way. Default 20,000. */
  readonly maxStates?: number
  readonly stop?: () => boolean
}

/** An edge of a schedule: a step that is counted, with those after it that are not. */
interface Edge {
  readonly cpu: number
  readonly choices: readonly number[]
}

/**
 * Shrinks a schedule that breaks the rule on this machine, which is in its start state, numbers its states, and is so
 * again afterwards. Null: it does not break the rule here.
 */
export function shrinkSchedule(
  search: SearchMachine,
  found: readonly ScheduleEntry[],
  options: ShrinkOptions,
): ShrunkSchedule | null {
  const shrinker = new Shrinker(search, options)
  const merged = shrinker.merged(found)
  if (merged === null) return null
  const smallest = shrinker.smallest()
  if (smallest !== null) return { ...smallest, isLeast: true }
  const { entries, preemptions, isLeast } = shrinker.withFewest(merged)
  return { entries, preemptions, isLeast, ...shrinker.certainty(entries) }
}

const DEFAULT_STATES = 20_000
/** Schedules that are played to merge the blocks of one. */
const MAX_TRIES = 2_000

class Shrinker {
  readonly #search: SearchMachine
  readonly #rule: number
  readonly #avoided: number
  readonly #maxStates: number
  readonly #stop: () => boolean
  #tries = 0

  constructor(
    search: SearchMachine,
    { rule, avoided = rule, maxStates = DEFAULT_STATES, stop = () => false }: ShrinkOptions,
  ) {
    this.#search = search
    this.#rule = rule
    this.#avoided = avoided
    this.#maxStates = maxStates
    this.#stop = stop
  }

  /** Its edges in fewer blocks of one CPU, as far as that still breaks the rule; null: it does not to begin with. */
  merged(found: readonly ScheduleEntry[]): readonly Edge[] | null {
    const edges = this.#edgesOf(found)
    let best = edges === null ? null : this.#play(edges)
    if (best === null) return null
    for (let at = 0; at < best.length - 1 && this.#mayTry();) {
      const tried: readonly Edge[] | null = this.#play(swapped(best, at))
      if (tried !== null && preemptionsOf(tried) < preemptionsOf(best)) {
        best = tried
        at = 0
      } else {
        at = endOfBlock(best, at)
      }
    }
    return best
  }

  #mayTry(): boolean {
    return this.#tries++ < MAX_TRIES && !this.#stop()
  }

  /** The smallest of all, where all can be searched; else null. */
  smallest(): FoundSchedule | null {
    const search = this.#search
    const known = new StateSearch(search)
    const { complete } = known.run({ maxStates: this.#maxStates, stop: this.#stop })
    search.reset()
    return complete ? smallestSchedule(search, known, this.#rule, this.#avoided) : null
  }

  /** All schedules with so few preemptions are searched, one bound after the other, until one breaks the rule. */
  withFewest(merged: readonly Edge[]): Omit<ShrunkSchedule, 'unavoidable' | 'passing'> {
    const search = this.#search
    const preemptions = this.#preemptionsTaken(merged)
    for (let bound = 0; bound <= preemptions; bound++) {
      const known = new StateSearch(search, bound)
      const { complete } = known.run({ maxStates: this.#maxStates, stop: this.#stop })
      if (!complete) {
        search.reset()
        return { entries: this.#entriesOf(merged), preemptions, isLeast: bound === preemptions }
      }
      const smallest = smallestSchedule(search, known, this.#rule)
      if (smallest !== null) {
        const { entries } = smallest
        return { entries, preemptions: smallest.preemptions, isLeast: true }
      }
    }
    return { entries: this.#entriesOf(merged), preemptions, isLeast: true }
  }

  /** From which step on every schedule breaks the rule, going back from the end as far as they can be searched. */
  certainty(entries: readonly ScheduleEntry[]): Pick<ShrunkSchedule, 'unavoidable' | 'passing'> {
    const search = this.#search
    const edges = this.#edgesOf(entries) ?? []
    const steps: number[] = []
    const marks: EdgeMark[] = []
    const broken: boolean[] = [false]
    for (const { cpu, choices } of edges) {
      marks.push(search.mark(cpu))
      search.take(cpu, () => false, choices)
      steps.push(search.taken.length)
      broken.push(broken.at(-1) === true || this.#breaksNow())
    }
    let unavoidable: number | null = steps.at(-1) ?? null
    let isFound = false
    let left = this.#maxStates
    let passing: readonly ScheduleEntry[] | null = null
    while (marks.length > 0 && passing === null) {
      search.undo(marks.pop() as EdgeMark)
      if (broken[marks.length] === true) {
        unavoidable = steps[marks.length - 1] ?? null
        continue
      }
      const known = new StateSearch(search)
      const counts = known.run({ maxStates: left, stop: this.#stop })
      left -= counts.states
      // Too many continue from here to say; what is said is not more than was seen.
      if (!counts.complete) break
      isFound ||= counts.rules.get(this.#rule)?.failing !== counts.schedules
      if (isFound) passing = passingSchedule(search, known, this.#rule, this.#avoided)
      else unavoidable = steps[marks.length - 1] ?? null
    }
    if (!isFound && marks.length > 0) unavoidable = null
    search.reset()
    return { unavoidable, passing }
  }

  #breaksNow(): boolean {
    return ((this.#search.watch?.flags ?? 0) & (1 << this.#rule)) !== 0
  }

  /** Edges of a schedule: of an edge the first step is counted, the others come with it. Null: it does not fit. */
  #edgesOf(entries: readonly ScheduleEntry[]): readonly Edge[] | null {
    const search = this.#search
    const edges: Edge[] = []
    while (search.taken.length < entries.length) {
      const at = search.taken.length
      const entry = entries[at] as ScheduleEntry
      const thread = search.cpus.find((each) => each.runnable && each.isMeant(entry))
      if (thread === undefined) break
      const began = search.mark(thread.id)
      search.take(thread.id, () => false, choicesFrom(entries, at))
      const choices = [...search.chosen]
      // An edge that is longer than what is left was cut off: it is played as a whole.
      if (search.taken.length <= at) {
        search.undo(began)
        break
      }
      edges.push({ cpu: thread.id, choices })
    }
    const fit = search.taken.length >= entries.length
    search.reset()
    return fit ? edges : null
  }

  /** Plays edges where they can run, and then on in order; the edges that were taken, or null if nothing breaks. */
  #play(edges: readonly Edge[]): readonly Edge[] | null {
    const search = this.#search
    const taken: Edge[] = []
    let flags = 0
    const left = [...edges]
    for (;;) {
      const at = left.findIndex(({ cpu }) => search.cpus[cpu]?.runnable === true)
      const next = at === -1 ? null : (left.splice(at, 1)[0] as Edge)
      const last = taken.at(-1)?.cpu ?? 0
      const cpu =
        next?.cpu ??
        (search.cpus[last]?.runnable === true
          ? last
          : search.cpus.findIndex(({ runnable }) => runnable))
      if (cpu === -1) break
      search.take(cpu, () => false, next?.choices ?? [])
      taken.push({ cpu, choices: [...search.chosen] })
      flags |= search.watch?.flags ?? 0
    }
    flags |= search.flagsAtEnd()
    search.reset()
    return (flags & (1 << this.#rule)) === 0 ? null : taken
  }

  #entriesOf(edges: readonly Edge[]): readonly ScheduleEntry[] {
    for (const { cpu, choices } of edges) this.#search.take(cpu, () => false, choices)
    const entries = [...this.#search.taken]
    this.#search.reset()
    return entries
  }

  /** Changes of CPU where the one before could have gone on. */
  #preemptionsTaken(edges: readonly Edge[]): number {
    const search = this.#search
    let preemptions = 0
    let last: number | null = null
    for (const { cpu, choices } of edges) {
      if (last !== null && cpu !== last && search.cpus[last]?.runnable === true) preemptions++
      search.take(cpu, () => false, choices)
      last = cpu
    }
    search.reset()
    return preemptions
  }
}

/** The choices of the steps from `at` on, as an edge that begins there takes them. */
const choicesFrom = (entries: readonly ScheduleEntry[], at: number): readonly number[] =>
  entries.slice(at).flatMap(({ choices }) => choices)

const preemptionsOf = (edges: readonly Edge[]): number =>
  edges.filter(({ cpu }, i) => i > 0 && edges[i - 1]?.cpu !== cpu).length

function endOfBlock(edges: readonly Edge[], at: number): number {
  let end = at
  while (end < edges.length && edges[end]?.cpu === edges[at]?.cpu) end++
  return end
}

/** The block from `at` on after the next one of other CPUs: it meets the next of its own there. */
function swapped(edges: readonly Edge[], at: number): readonly Edge[] {
  const end = endOfBlock(edges, at)
  const next = endOfBlock(edges, end)
  return [
    ...edges.slice(0, at),
    ...edges.slice(end, next),
    ...edges.slice(at, end),
    ...edges.slice(next),
  ]
}
