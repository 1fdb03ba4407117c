import { COST_NAMES } from '../../cost/costs.ts'
import type { Kind, TraceEvent } from '../../event/kinds.ts'
import { type Call, type EventSource, pageShiftOf } from '../../event/run.ts'
import { LayeredTable } from '../../tables/layered-table.ts'
import { RunsBuilder } from '../../tables/descriptor-runs.ts'
import { PageState } from '../../tables/page-state.ts'
import { type After, NO_AFTER } from './after.ts'
import { type CallColumns, packCalls, packTraits, type TraitColumns } from './call-columns.ts'
import { CallStream, type ReadCall } from './call-stream.ts'
import { TraitsFold } from './call-traits.ts'
import type { EncoderOptions } from './encode.ts'
import { fieldReaders, ignoredNames, Texts } from './field-readers.ts'
import { roleTable } from './roles.ts'
import type { Addressing } from './addresses.ts'
import type { PackedRows, RowIds } from './packed-rows.ts'
import type { Stretches } from './places.ts'
import { Sorts } from '../sorts.ts'
import { PLAIN_ROWS, type PlainStream, TOKEN_WORDS, type Tokens } from './tokens.ts'

/** How a side of a comparison is read: plain data, for it may be read in another thread, and be remembered. */
export interface SideRequest {
  /** Kinds that both sides would show. */
  readonly shown: readonly Kind[]
  /** Both show in one way what flushes and barriers are made of. */
  readonly sameForm: boolean
  readonly addresses: Addressing
  readonly ignore: readonly string[]
  readonly map: Readonly<Record<string, string>>
  /** Rows kept of distinct calls; those of others are read again when they are asked for. */
  readonly keptRows: number
}

/** What narrows the reading of a side; it is then neither read apart nor remembered. */
export interface SideLimits {
  readonly matches: ((event: TraceEvent) => boolean) | null
  /** Last event to read; null: to the end. */
  readonly to: number | null
}

const NO_LIMITS: SideLimits = { matches: null, to: null }

/**
 * All that a comparison needs to know of a run, read once: its calls as numbers of what many of them have in common,
 * the streams of normalised events above all, of which two runs of 80,000 calls have a hundred. Plain data.
 */
export interface SideDigest {
  readonly calls: CallColumns
  readonly traits: TraitColumns
  /** By call: its stream, {@link NOT_KEPT} or {@link NO_EVENTS}; its costs, how it ended, what it left, by number. */
  readonly stream: Int32Array
  readonly cost: Int32Array
  readonly ending: Int32Array
  readonly after: Int32Array
  /** ns; NaN: unknown. */
  readonly time: Float64Array
  /** seq of its last event. */
  readonly upTo: Float64Array
  /** Events set aside. */
  readonly asides: Int32Array
  /** What is compared without rows, by number. */
  readonly rest: Int32Array
  /** The numbers of the events of long calls, by the call: of others they are had by reading it again. */
  readonly places: ReadonlyMap<number, PlacedRuns>
  readonly streams: readonly PlainStream[]
  /** {@link COST_NAMES} without the time, NaN where they are not known. */
  readonly costs: readonly Float64Array[]
  readonly endings: readonly (string | null)[]
  readonly rests: readonly string[]
  /** How many events of each sort concern, in calls, what others left behind. */
  readonly others: string
  readonly afters: readonly After[]
  readonly outside: {
    readonly stream: PlainStream
    readonly seqs: Float64Array
    readonly aside: readonly number[]
    readonly rest: string
    readonly after: ReadonlyMap<number, After>
    readonly isCut: boolean
    readonly costs: Float64Array
  }
  readonly lost: number
  readonly seen: ReadonlySet<Kind>
  /** The final state as a snapshot has it, where runs have one layout. */
  readonly tables: { readonly words: Uint32Array; readonly unplaced: number } | null
  /** Which numbers stand for which texts in the streams. */
  readonly texts: readonly (readonly [text: string, id: number])[]
}

export const NOT_KEPT = -1
export const NO_EVENTS = -2

/** Rows kept of distinct calls, 60 bytes each. */
export const KEPT_ROWS = 1 << 20

/** The numbers of a call's events, of its rows and of those that were set aside. */
export interface PlacedRuns extends Stretches {
  readonly aside: readonly number[]
}

/** How the events of a side become rows; Throws InputError for a name to ignore that does not exist. */
export function encoderOptions(
  source: EventSource,
  { shown, sameForm, addresses, ignore, map }: SideRequest,
  matches: SideLimits['matches'] = null,
): EncoderOptions {
  const ignored = ignoredNames(ignore)
  return {
    texts: new Texts(roleTable(map)),
    readers: fieldReaders(ignored),
    ignored,
    shown: new Set(shown),
    sameForm,
    addresses,
    matches,
    step: 2 ** (pageShiftOf(source.run) - 12),
  }
}

/** Reads a side, once and in order. */
export function digestSide(
  source: EventSource,
  request: SideRequest,
  calls: readonly Call[],
  limits: SideLimits = NO_LIMITS,
): SideDigest {
  const options = encoderOptions(source, request, limits.matches)
  const traits = new TraitsFold(source.run, calls, options.shown)
  const empty = new RunsBuilder(pageShiftOf(source.run)).build()
  const table = new LayeredTable(empty)
  const state = PageState.of(source.run, table)
  const watch = (event: TraceEvent) => traits.add(event)
  const stream = new CallStream(source, { ...options, calls, to: limits.to, watch }, state)
  const columns = new Columns(calls, request.keptRows)
  for (const data of stream.read()) columns.add(data)
  const { tokens, after, isCut } = stream.outsideOf()
  const { lost, seen, outside } = stream
  const { unplaced } = state
  return {
    calls: packCalls(calls),
    traits: packTraits(traits.traits),
    ...columns.columns(),
    outside: {
      stream: tokens.stream(),
      seqs: Float64Array.from({ length: tokens.length }, (_, i) => tokens.seqAt(i)),
      aside: [...tokens.aside],
      rest: [tokens.rest, `${tokens.others}`].filter((text) => text !== '').join(', '),
      after,
      isCut,
      costs: outside.numbers(),
    },
    lost,
    seen,
    tables: request.addresses === 'raw' ? { words: table.compacted().toWords(), unplaced } : null,
    texts: options.texts.entries(),
  }
}

/** The columns of a digest while the calls are read. */
class Columns {
  private readonly indexes: ReadonlyMap<number, number>
  private readonly stream: Int32Array
  private readonly cost: Int32Array
  private readonly ending: Int32Array
  private readonly after: Int32Array
  private readonly asides: Int32Array
  private readonly rest: Int32Array
  private readonly time: Float64Array
  private readonly upTo: Float64Array
  private readonly places = new Map<number, PlacedRuns>()
  private readonly streams = new Streams()
  /** By a hash of their bits. */
  private readonly costs = new Map<number, number[]>()
  private readonly costList: Float64Array[] = []
  private readonly endings: (string | null)[] = [null]
  private readonly rests: string[] = ['']
  private readonly others = new Sorts()
  private readonly afters: After[] = [NO_AFTER]
  private readonly afterIds = new Map<string, number>()
  private left: number

  constructor(calls: readonly Call[], keptRows: number) {
    const { length } = calls
    this.left = keptRows
    this.indexes = new Map(calls.map(({ op }, i) => [op, i]))
    this.stream = new Int32Array(length).fill(NO_EVENTS)
    this.cost = new Int32Array(length)
    this.ending = new Int32Array(length)
    this.after = new Int32Array(length)
    this.asides = new Int32Array(length)
    this.rest = new Int32Array(length)
    this.time = new Float64Array(length)
    this.upTo = new Float64Array(length)
  }

  add({ call, tokens, costs, endedBy, after, upTo }: ReadCall): void {
    const i = this.indexes.get(call.op)
    // A call that was over when another began is not begun again by what comes late.
    if (i === undefined || this.stream[i] !== NO_EVENTS) return
    this.stream[i] = this.streamOf(tokens)
    const counted = costs.numbers()
    this.time[i] = counted[TIME]!
    counted[TIME] = Number.NaN
    this.cost[i] = this.costId(counted)
    if (endedBy !== null) this.ending[i] = indexIn(this.endings, endedBy)
    if (after !== NO_AFTER) this.after[i] = this.afterId(after)
    this.asides[i] = tokens.asides
    this.others.addAll(tokens.others)
    if (tokens.rest !== '') this.rest[i] = indexIn(this.rests, tokens.rest)
    if (tokens.length > PLAIN_ROWS)
      this.places.set(i, { ...tokens.stretchesOf(), aside: tokens.aside })
    this.upTo[i] = upTo
  }

  columns() {
    const { stream, cost, ending, after, asides, rest, time, upTo, places } = this
    const { endings, afters, rests } = this
    const others = this.others.toString()
    const { list: streams } = this.streams
    const costs = this.costList
    const byCall = { stream, cost, ending, after, asides, rest, time, upTo, places }
    return { ...byCall, streams, costs, endings, afters, rests, others }
  }

  private streamOf(tokens: Tokens): number {
    const known = this.streams.find(tokens)
    if (known >= 0) return known
    const stream = tokens.stream()
    const rows = (stream.words.length + (stream.packed?.ids.length ?? 0)) / TOKEN_WORDS
    if (rows > this.left) return NOT_KEPT
    this.left -= rows
    return this.streams.add(stream)
  }

  private costId(costs: Float64Array): number {
    const bits = new Uint32Array(costs.buffer)
    const hash = hashOf(bits, bits.length)
    const same = this.costs.get(hash)
    for (const id of same ?? [])
      if (isStart(new Uint32Array(this.costList[id]!.buffer), bits)) return id
    const id = this.costList.push(costs) - 1
    if (same) same.push(id)
    else this.costs.set(hash, [id])
    return id
  }

  private afterId(after: After): number {
    const key = JSON.stringify(after)
    let id = this.afterIds.get(key)
    if (id === undefined) {
      id = this.afters.push(after) - 1
      this.afterIds.set(key, id)
    }
    return id
  }
}

const TIME = COST_NAMES.indexOf('time')

function indexIn<T>(list: T[], item: T): number {
  const at = list.indexOf(item)
  return at < 0 ? list.push(item) - 1 : at
}

/** Distinct streams: the same where every word is, and every compared field. */
class Streams {
  readonly list: PlainStream[] = []
  private readonly byHash = new Map<number, number[]>()
  private hash = 0

  /** Number of the stream; -1: it is not there. */
  find({ words, fields, length, packed }: Tokens): number {
    const used = packed === null ? length * TOKEN_WORDS : 0
    this.hash = packed === null ? hashOf(words, used) : hashOf(packed.ids, length)
    for (const id of this.byHash.get(this.hash) ?? []) {
      const known = this.list[id]!
      if (known.length !== length || !isStart(known.fields, fields)) continue
      if (packed === null ? isStart(known.words, words) : isPacked(known, packed)) return id
    }
    return -1
  }

  /** Adds the one that was not found. */
  add(stream: PlainStream): number {
    const id = this.list.push(stream) - 1
    const same = this.byHash.get(this.hash)
    if (same) same.push(id)
    else this.byHash.set(this.hash, [id])
    return id
  }
}

/** Packed rows are the same where the rows are. */
const isPacked = ({ packed }: PlainStream, other: PackedRows): boolean =>
  packed !== null &&
  packed.distinct.length === other.distinct.length &&
  isStart(packed.ids, other.ids) &&
  isStart(packed.distinct, other.distinct)

function hashOf(words: RowIds, used: number): number {
  let hash = used
  for (let i = 0; i < used; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x85ebca6b)
    hash ^= hash >>> 15
  }
  return hash
}

function isStart(start: RowIds, whole: RowIds): boolean {
  for (let i = 0; i < start.length; i++) if (start[i] !== whole[i]) return false
  return true
}
