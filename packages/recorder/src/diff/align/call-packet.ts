import {
  COST_NAMES,
  type CostEvidence,
  type CostName,
  shownCosts,
  zeroCosts,
} from '../../cost/costs.ts'
import type { Kind } from '../../event/kinds.ts'
import type { Call } from '../../event/run.ts'
import { type After, NO_AFTER } from './after.ts'
import type { CallData, Counted, Outside } from './call-stream.ts'
import type { Texts } from './field-readers.ts'
import { HAS, KINDS_LIMIT, T, TOKEN_WORDS, Tokens } from './tokens.ts'

/**
 * Calls as they go from one thread to another: columns over all of them, whose memory changes hands. Numbers that
 * stand for texts are those of the sender; `texts` says which they are.
 */
export interface CallPacket {
  readonly ops: Float64Array
  readonly upTo: Float64Array
  readonly rows: PackedRows
  /** {@link COST_NAMES} of each call, NaN where they are not known. */
  readonly costs: Float64Array
  readonly endedBy: readonly (string | null)[]
  /** Null: {@link NO_AFTER}, which most calls have. */
  readonly after: readonly (After | null)[]
  readonly texts: readonly (readonly [text: string, id: number])[]
}

/** Tokens of several streams, one behind the other. */
interface PackedRows {
  readonly lengths: Int32Array
  readonly words: Uint32Array<ArrayBuffer>
  readonly seqs: Float64Array<ArrayBuffer>
  /** {@link KINDS_LIMIT} of each stream. */
  readonly fields: Uint32Array
  readonly asides: Int32Array
  readonly aside: Float64Array
}

/** What is known of a side when all of it was read. */
export interface EndPacket {
  readonly lost: number
  readonly seen: ReadonlySet<Kind>
  readonly costs: Float64Array
  readonly rows: PackedRows
  readonly after: ReadonlyMap<number, After>
  readonly isCut: boolean
  readonly texts: CallPacket['texts']
}

/** Collects calls until there are enough to be sent. The tokens are copied: they may be released. */
export class CallPacker {
  rows = 0
  private readonly texts: Texts
  private calls: CallData[] = []
  private streams: Tokens[] = []

  constructor(texts: Texts) {
    this.texts = texts
  }

  get length(): number {
    return this.calls.length
  }

  add(data: CallData): void {
    this.rows += data.tokens.length
    this.calls.push(data)
    this.streams.push(data.tokens.copy())
  }

  /** The packet of all that was added; the next one begins empty. */
  take(): CallPacket {
    const { calls, streams } = this
    this.rows = 0
    this.calls = []
    this.streams = []
    return {
      ops: Float64Array.from(calls, ({ call }) => call.op),
      upTo: Float64Array.from(calls, ({ upTo }) => upTo),
      rows: packRows(streams),
      costs: packCosts(calls.map(({ costs }) => costs)),
      endedBy: calls.map(({ endedBy }) => endedBy),
      after: calls.map(({ after }) => (after === NO_AFTER ? null : after)),
      texts: this.texts.entries(),
    }
  }
}

/** What lies in a packet's own memory, to be handed over instead of copied. */
export const transferOf = ({ rows: { words, seqs } }: CallPacket): ArrayBuffer[] => [
  words.buffer,
  seqs.buffer,
]

export function packEnd(
  { tokens, after, isCut }: Outside,
  costs: Counted,
  texts: Texts,
  { lost, seen }: Pick<EndPacket, 'lost' | 'seen'>,
): EndPacket {
  const rows = packRows([tokens])
  return { lost, seen, costs: packCosts([costs]), rows, after, isCut, texts: texts.entries() }
}

/** The calls of a packet, in order. `texts`: those of the receiver. */
export function* unpackCalls(
  packet: CallPacket,
  callOf: (op: number) => Call,
  texts: Texts,
): Generator<CallData> {
  const { ops, upTo, costs, endedBy, after } = packet
  renumber(packet.rows, packet.texts, texts)
  const streams = unpackRows(packet.rows)
  for (const [i, tokens] of streams.entries()) {
    yield {
      call: callOf(ops[i]!),
      tokens,
      costs: unpackCosts(costs, i),
      endedBy: endedBy[i] ?? null,
      upTo: upTo[i]!,
      after: after[i] ?? NO_AFTER,
    }
  }
}

export function unpackEnd(packet: EndPacket, texts: Texts): { outside: Outside; costs: Counted } {
  const { rows, after, isCut, costs } = packet
  renumber(rows, packet.texts, texts)
  const [tokens = new Tokens(0)] = unpackRows(rows)
  return { outside: { tokens, after, isCut }, costs: unpackCosts(costs, 0) }
}

function packRows(streams: readonly Tokens[]): PackedRows {
  const lengths = Int32Array.from(streams, ({ length }) => length)
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const words = new Uint32Array(total * TOKEN_WORDS)
  const seqs = new Float64Array(total)
  const fields = new Uint32Array(streams.length * KINDS_LIMIT)
  let at = 0
  for (const [i, tokens] of streams.entries()) {
    words.set(tokens.words.subarray(0, tokens.length * TOKEN_WORDS), at * TOKEN_WORDS)
    seqs.set(tokens.seqs.subarray(0, tokens.length), at)
    fields.set(tokens.fields, i * KINDS_LIMIT)
    at += tokens.length
  }
  const asides = Int32Array.from(streams, ({ aside }) => aside.length)
  const aside = Float64Array.from(streams.flatMap((tokens) => tokens.aside))
  return { lengths, words, seqs, fields, asides, aside }
}

function unpackRows({ lengths, words, seqs, fields, asides, aside }: PackedRows): Tokens[] {
  let at = 0
  let set = 0
  return Array.from(lengths, (length, i) => {
    const end = at + length
    const tokens = Tokens.over(
      words.subarray(at * TOKEN_WORDS, end * TOKEN_WORDS),
      seqs.subarray(at, end),
      fields.subarray(i * KINDS_LIMIT, (i + 1) * KINDS_LIMIT),
      [...aside.subarray(set, set + asides[i]!)],
    )
    at = end
    set += asides[i]!
    return tokens
  })
}

/** Numbers follow from texts; where two texts share one, the sides may have given it to different ones. */
function renumber({ words }: PackedRows, sent: CallPacket['texts'], texts: Texts): void {
  const own = new Map(sent.map(([text, id]) => [id, texts.id(text)]))
  if ([...own].every(([theirs, ours]) => theirs === ours)) return
  for (let at = 0; at < words.length; at += TOKEN_WORDS) {
    if ((words[at + T.HAS]! & HAS.FN) === 0) continue
    for (const field of [T.ROLE, T.NAME]) words[at + field] = own.get(words[at + field]!)!
  }
}

/** Costs are packed as they were counted. */
const EVERYTHING: CostEvidence = { shows: () => true, showsInSplits: () => true }

function packCosts(counted: readonly Counted[]): Float64Array {
  const packed = new Float64Array(counted.length * COST_NAMES.length)
  for (const [i, item] of counted.entries()) {
    const costs = item.costs(EVERYTHING)
    for (const [k, name] of COST_NAMES.entries()) {
      packed[i * COST_NAMES.length + k] = costs[name] ?? Number.NaN
    }
  }
  return packed
}

const unpackCosts = (packed: Float64Array, i: number): Counted => ({
  costs: (evidence) => {
    const counted: Record<CostName, number | null> = zeroCosts()
    for (const [k, name] of COST_NAMES.entries()) {
      const value = packed[i * COST_NAMES.length + k]!
      counted[name] = Number.isNaN(value) ? null : value
    }
    return shownCosts(counted, evidence)
  },
})
