import { LEVEL_NAMES, type Words, u64OfText } from '@pagetrail/engine'

import { roleWords } from '../../descriptor/bits.ts'
import { runGeometry } from '../../descriptor/run-geometry.ts'
import { type EventOf, type Json, type Kind, KINDS, type TraceEvent } from '../../event/kinds.ts'
import { highWord, lowWord, take } from '../../event/words.ts'
import type { Call, Run } from '../../event/run.ts'

/** What distinguishes calls of one function and size before their events are compared. */
export interface CallTraits {
  /** What the call was asked for besides its range (`enable` of set_memory_valid), as text. */
  readonly input: string
  /** Whether its stores changed anything: a call that finds its work done repeats another. */
  readonly found: 'change' | 'done' | 'nothing'
  /** A digest of what was found and made of it: levels and attributes of its stores, splits, flushes, barriers. */
  readonly digest: number
}

/** Traits of a call of which nothing but its row is known. */
export const NO_TRAITS: CallTraits = { input: '', found: 'nothing', digest: 0 }

/** Arguments that say where and how much, which the call's range says too. */
const PLACES: ReadonlySet<string> = new Set(['fn', 'addr', 'end', 'numpages', 'page', 'pfn'])

type Traits = { -readonly [K in keyof CallTraits]: CallTraits[K] }

/** Kinds that a digest is made of, where both runs show them. */
const DIGESTED = [
  'desc_write',
  'span_begin',
  'split',
  'tlb_flush',
  'barrier',
  'barrier_queue',
] as const

/** The traits of each call, folded from the run's events. `shown`: kinds that both runs show. */
export class TraitsFold {
  /** By the place of the call among those that were given. */
  readonly traits: readonly CallTraits[]
  private readonly calls: readonly Call[]
  private readonly own: Traits[]
  private readonly at: ReadonlyMap<number, number>
  private readonly address: Words
  private readonly digested: ReadonlySet<Kind>

  constructor(run: Run, calls: readonly Call[], shown: ReadonlySet<Kind>) {
    this.calls = calls
    this.own = calls.map((): Traits => ({ ...NO_TRAITS }))
    this.traits = this.own
    this.at = new Map(calls.map(({ op }, i) => [op, i]))
    this.address = roleWords('address', runGeometry(run))
    this.digested = new Set(DIGESTED.filter((kind) => shown.has(kind)))
  }

  add(event: TraceEvent): void {
    if (event.kind !== 'op_begin' && !this.digested.has(event.kind)) return
    const i = this.at.get(event.op ?? -1)
    if (i === undefined) return
    const call = this.own[i]!
    if (event.kind === 'op_begin') {
      call.input = inputOf(event)
      return
    }
    call.digest = mix(call.digest, KINDS[event.kind].id)
    if (event.kind === 'desc_write') store(call, event, this.address)
    else if (event.kind === 'span_begin')
      call.digest = mix(call.digest, placeIn(this.calls[i]!, event.va))
  }
}

function store(
  call: Traits,
  { level, old: before, new: after }: EventOf<'desc_write'>,
  address: Words,
): void {
  if (call.found !== 'change') call.found = before === after ? 'done' : 'change'
  call.digest = mix(call.digest, level === null ? -1 : LEVEL_NAMES.indexOf(level))
  for (const value of [before, after]) {
    take(value ?? 0n)
    // Where it leads is of this boot.
    call.digest = mix(call.digest, lowWord() & ~address.lo)
    call.digest = mix(call.digest, highWord() & ~address.hi)
  }
}

/** Offset in the call's range; -1 for what lies elsewhere, which depends on the boot. */
function placeIn({ va, end }: Call, address: bigint | null): number {
  const inside = va !== null && end !== null && address !== null && address >= va && address < end
  return inside ? Number(address - va) : -1
}

const mix = (digest: number, word: number): number => {
  const product = Math.imul(digest ^ word, 0x85ebca6b)
  return product ^ (product >>> 15)
}

function inputOf({ args }: EventOf<'op_begin'>): string {
  if (typeof args !== 'object' || args === null || isArray(args)) return ''
  let text = ''
  for (const [name, value] of Object.entries(args)) {
    if (!PLACES.has(name)) text += `${text === '' ? '' : ' '}${name}=${numberText(value)}`
  }
  return text
}

const isArray = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Sources write a number as such or in hexadecimal. */
function numberText(value: Json): string {
  const read = typeof value === 'string' ? u64OfText(value) : null
  return read === null ? JSON.stringify(value) : read.toString()
}
