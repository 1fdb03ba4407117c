import {
  COST_NAMES,
  type CostEvidence,
  type CostName,
  type Costs,
  shownCosts,
  zeroCosts,
} from '../../cost/costs.ts'
import type { Kind } from '../../event/kinds.ts'
import { type Call, type EventSource, pageShiftOf } from '../../event/run.ts'
import { DescriptorRuns } from '../../tables/descriptor-runs.ts'
import { LayeredTable } from '../../tables/layered-table.ts'
import { PageState } from '../../tables/page-state.ts'
import { unpackCalls, unpackTraits } from './call-columns.ts'
import { type CallData, type Counted, type Outside, readAgain, WHOLE_RUN } from './call-stream.ts'
import type { CallTraits } from './call-traits.ts'
import type { EncoderOptions } from './encode.ts'
import type { Texts } from './field-readers.ts'
import {
  encoderOptions,
  NO_EVENTS,
  NOT_KEPT,
  type SideDigest,
  type SideLimits,
  type SideRequest,
} from './side-digest.ts'
import { type Places, placesBy } from './places.ts'
import { HAS, type PlainStream, T, TOKEN_WORDS, Tokens } from './tokens.ts'

/** The calls of a run in order; one that stands for all events where there are none. */
export function allCalls(source: EventSource, found: Iterable<Call> = source.calls()): Call[] {
  const calls = [...found].toSorted((p, q) => p.op - q.op)
  // Events of a walker that nobody called: the run is compared as a whole.
  return calls.length === 0 ? [WHOLE_RUN] : calls
}

/** Reads both sides in another way than one behind the other in this thread, with the same result. */
export type ReadSides = (
  a: EventSource,
  b: EventSource,
  request: SideRequest,
) => { readonly left: SideDigest; readonly right: SideDigest }

/** A call by the numbers of what it has in common with others: two with the same compare alike. */
export interface SideCall extends CallData {
  /** -1: its stream is not kept. */
  readonly stream: number
  readonly afterId: number
}

/** One side of a comparison, as its digest has it. */
export class ReadSide {
  readonly calls: readonly Call[]
  readonly traits: readonly CallTraits[]
  /** What happened outside of calls. */
  readonly outside: Counted
  readonly lost: number
  readonly seen: ReadonlySet<Kind>
  /** How many events of each sort concern, in its calls, what others left behind. `dsb ish ×2` … */
  readonly others: string
  /** The final state; of runs of different layouts it is empty. */
  readonly state: PageState
  private readonly digest: SideDigest
  private readonly source: EventSource
  private readonly options: EncoderOptions
  private readonly indexes: ReadonlyMap<number, number>
  private readonly streams: readonly PlainStream[]
  private readonly costs: readonly Counted[]

  /** `texts`: those of the comparison. */
  constructor(
    source: EventSource,
    digest: SideDigest,
    request: SideRequest,
    texts: Texts,
    matches: SideLimits['matches'],
  ) {
    this.source = source
    this.digest = digest
    this.options = { ...encoderOptions(source, request, matches), texts }
    this.calls = unpackCalls(digest.calls)
    this.traits = unpackTraits(digest.traits)
    this.indexes = new Map(this.calls.map(({ op }, i) => [op, i]))
    const renumber = renumbering(digest.texts, texts)
    this.streams = digest.streams.map(renumber)
    this.costs = digest.costs.map((costs) => new KnownCosts(costs))
    this.outside = new KnownCosts(digest.outside.costs)
    this.outsideStream = renumber(digest.outside.stream)
    this.lost = digest.lost
    this.seen = digest.seen
    this.others = digest.others
    this.state = stateOf(source, digest)
  }

  private readonly outsideStream: PlainStream

  outsideOf(): Outside {
    const { after, isCut, seqs, aside, rest } = this.digest.outside
    const asides = aside.length
    const tokens = Tokens.shared(this.outsideStream, { asides, rest }, () => placesIn(seqs, aside))
    return { tokens, after, isCut }
  }

  /** A call with its events, those of its rows by number. */
  take(call: Call): SideCall {
    const { digest } = this
    const i = this.indexes.get(call.op)
    const stream = i === undefined ? NO_EVENTS : digest.stream[i]!
    if (i === undefined || stream === NO_EVENTS) throw new Error(`call ${call.op} has no events`)
    const again = (): Tokens => readAgain(this.source, this.options, call, digest.upTo[i]!)
    const costs = this.costs[digest.cost[i]!]!
    const time = digest.time[i]!
    const apart = { asides: digest.asides[i]!, rest: digest.rests[digest.rest[i]!]! }
    return {
      call,
      tokens:
        stream === NOT_KEPT
          ? again()
          : Tokens.shared(this.streams[stream]!, apart, () => {
              const runs = digest.places.get(i)
              return runs ? placesBy(runs, this.streams[stream]!.length, runs.aside) : again()
            }),
      costs: Number.isNaN(time) ? costs : new TimedCosts(costs, time),
      endedBy: digest.endings[digest.ending[i]!]!,
      after: digest.afters[digest.after[i]!]!,
      stream,
      afterId: digest.after[i]!,
    }
  }
}

const placesIn = (seqs: Float64Array, aside: readonly number[]): Places => ({
  length: seqs.length,
  seqAt: (i) => seqs[i]!,
  aside,
})

function stateOf(source: EventSource, { tables }: SideDigest): PageState {
  const pageShift = pageShiftOf(source.run)
  const runs = tables && DescriptorRuns.fromWords(pageShift, tables.words)
  const state = PageState.of(source.run, runs ? new LayeredTable(runs) : undefined)
  state.unplaced = tables?.unplaced ?? 0
  return state
}

/** Costs as numbers, each set of which many calls have. */
class KnownCosts implements Counted {
  readonly #costs: Float64Array
  #last: { readonly evidence: CostEvidence; readonly costs: Costs } | null = null

  constructor(costs: Float64Array) {
    this.#costs = costs
  }

  costs(evidence: CostEvidence): Costs {
    if (this.#last?.evidence === evidence) return this.#last.costs
    const counted: Record<CostName, number | null> = zeroCosts()
    for (const [k, name] of COST_NAMES.entries()) {
      const value = this.#costs[k]!
      counted[name] = Number.isNaN(value) ? null : value
    }
    const costs = shownCosts(counted, evidence)
    this.#last = { evidence, costs }
    return costs
  }
}

/** The same with the time of one call. */
class TimedCosts implements Counted {
  readonly #costs: Counted
  readonly #time: number

  constructor(costs: Counted, time: number) {
    this.#costs = costs
    this.#time = time
  }

  costs(evidence: CostEvidence): Costs {
    const costs = this.#costs.costs(evidence)
    return evidence.shows('time') ? { ...costs, time: this.#time } : costs
  }
}

/** Numbers follow from texts; where two texts share one, the sides may have given it to different ones. */
function renumbering(
  theirs: SideDigest['texts'],
  texts: Texts,
): (stream: PlainStream) => PlainStream {
  const own = new Map(theirs.map(([text, id]) => [id, texts.id(text)]))
  if ([...own].every(([id, ours]) => id === ours)) return (stream) => stream
  const renumbered = (read: Uint32Array): Uint32Array => {
    const words = read.slice()
    for (let at = 0; at < words.length; at += TOKEN_WORDS) {
      if ((words[at + T.HAS]! & HAS.FN) === 0) continue
      for (const field of [T.ROLE, T.NAME]) words[at + field] = own.get(words[at + field]!)!
    }
    return words
  }
  return (stream) => ({
    ...stream,
    words: renumbered(stream.words),
    packed: stream.packed && { ...stream.packed, distinct: renumbered(stream.packed.distinct) },
  })
}
