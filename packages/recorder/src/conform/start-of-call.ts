import {
  type Area,
  BIT,
  fromVa,
  type InitRun,
  LEVEL_NAMES,
  type LevelName,
  toVa,
} from '@pagetrail/engine'

import { hasBit } from '../descriptor/bits.ts'
import type { TraceEvent } from '../event/kinds.ts'
import { isLinear, physicalOf, type Survey } from './survey.ts'

/**
 * What a start state has that no descriptor showed: a vm area larger than the range asked for, taken from the linear
 * aliases that the call walked; the other entries of a contiguous span, of which the call showed one or none.
 */
export type Inferred = 'area' | 'span'

/** What a call found: entries, by level and the start of what they translate, and the vm area. */
export interface StartState {
  readonly entries: readonly InitRun[]
  readonly areas: readonly Area[]
  readonly inferred: readonly Inferred[]
}

const CONT = 1n << BigInt(BIT.CONT)
const VM_ALLOC = 2

/** Of one of the walks of a call. */
interface Range {
  readonly start: number
  readonly end: number
}

/**
 * The state a real call started from. Given: each descriptor that callbacks and splits got. Inferred: the rest of
 * a contiguous span of which a split was given one entry; that a page whose split section ended in a barrier, without
 * any block split, was part of a span; and the vm area, from the linear aliases that were walked.
 */
export class StartReader {
  readonly #survey: Survey
  readonly #entries = new Map<string, InitRun>()
  readonly #aliases: number[] = []
  /** Blocks that the call split: the entries below are its own doing. */
  readonly #split: Range[] = []
  #section: { range: Range | null; split: boolean } | null = null
  readonly #spans: Range[] = []
  readonly #inferred = new Set<Inferred>()

  constructor(survey: Survey) {
    this.#survey = survey
  }

  /** @param range what the call is about, if it is not about a page of the linear map */
  read(events: Iterable<TraceEvent>, range: Range | null): StartState {
    for (const event of events) this.#take(event, range)
    for (const span of this.#spans) this.#joinSpan(span)
    const areas = range === null ? [] : [this.#area(range)]
    return { entries: [...this.#entries.values()], areas, inferred: [...this.#inferred] }
  }

  #take(e: TraceEvent, range: Range | null): void {
    const { constants } = this.#survey
    switch (e.kind) {
      case 'walk_begin': {
        if (e.va === null || range === null) return
        const va = toVa(e.va)
        if (isLinear(va, constants) && !isLinear(range.start, constants)) this.#aliases.push(va)
        return
      }
      case 'cb_enter':
        if (e.level === null || e.va === null || !e.val) return
        // A table comes by itself, above the entries that it was seen to lead to.
        if (e.level !== 'pte' && hasBit(e.val, BIT.TYPE)) return
        return this.#add(e.level, toVa(e.va), e.val)
      case 'split':
        if (this.#section) this.#section.split = true
        if (e.level !== null && e.va !== null && e.val !== undefined)
          this.#addBlock(e.level, toVa(e.va), e.val)
        return
      case 'span_begin':
        if (e.fn !== 'split_kernel_leaf_mapping' || e.va === null || e.end === null) return
        this.#section = { range: { start: toVa(e.va), end: toVa(e.end) }, split: false }
        return
      case 'isb':
        // Only a barrier of the split section is one of its function.
        if (e.fn !== 'split_kernel_leaf_mapping' || !this.#section?.range) return
        if (!this.#section.split) this.#spans.push(this.#section.range)
        return
      default:
    }
  }

  #size(level: LevelName): number {
    return this.#survey.geometry.size[LEVEL_NAMES.indexOf(level)]!
  }

  #add(level: LevelName, address: number, desc: bigint): void {
    const size = this.#size(level)
    const va = Math.floor(address / size) * size
    const key = `${level} ${va}`
    if (this.#entries.has(key) || this.#split.some((r) => va >= r.start && va < r.end)) return
    this.#entries.set(key, entryOf(level, va, desc))
  }

  /** A block, and where it was contiguous the 15 others of its span. */
  #addBlock(level: LevelName, va: number, desc: bigint): void {
    const { geometry: g } = this.#survey
    const size = this.#size(level)
    if (level === 'pmd' && hasBit(desc, BIT.CONT)) {
      this.#inferred.add('span')
      const first = Math.floor(va / g.contPmdSize) * g.contPmdSize
      for (let i = 0; i < g.contPmds; i++) {
        const at = first + i * size
        this.#add(level, at, desc + BigInt(at - va))
      }
    } else this.#add(level, va, desc)
    this.#split.push({ start: va, end: va + size })
  }

  /** The pages around the less aligned end of a range as one contiguous span. */
  #joinSpan({ start, end }: Range): void {
    const { geometry: g } = this.#survey
    for (const boundary of [start, end]) {
      if (boundary % g.contPteSize === 0) continue
      const first = Math.floor(boundary / g.contPteSize) * g.contPteSize
      const pages = Array.from({ length: g.contPtes }, (_, i) => first + i * g.pageSize)
      const known = pages.find((va) => this.#entries.has(`pte ${va}`))
      if (known === undefined) continue
      this.#inferred.add('span')
      const { desc } = this.#entries.get(`pte ${known}`)!
      for (const va of pages) {
        const seen = this.#entries.get(`pte ${va}`)?.desc ?? desc + BigInt(va - known)
        this.#entries.set(`pte ${va}`, entryOf('pte', va, seen | CONT))
      }
    }
  }

  /** The vm area: what the linear aliases cover (to 6.18 all of it), else the range itself. */
  #area({ start, end }: Range): Area {
    const { geometry: g, constants, flavour } = this.#survey
    const asked = Math.round((end - start) / g.pageSize)
    const aliases = this.#aliases.map((va) => va - constants.PAGE_OFFSET + constants.PHYS_OFFSET)
    const isWhole = flavour.pageattr.alias !== 'range' && aliases.length > 0
    const offset = isWhole ? Math.max(0, aliases.indexOf(this.#pageAt(start) ?? -1)) : 0
    const count = isWhole ? aliases.length : asked
    if (count !== asked) this.#inferred.add('area')
    const pages = Array.from({ length: count }, (_, i) => {
      const isAsked = i >= offset && i < offset + asked
      const mapped = isAsked ? this.#pageAt(start + (i - offset) * g.pageSize) : undefined
      return { pa: mapped ?? aliases[i] ?? 0, count: 1 }
    })
    // The guard page behind it counts.
    const size = (Math.max(count, offset + asked) + 1) * g.pageSize
    return { start: start - offset * g.pageSize, size, flags: VM_ALLOC, nrPages: count, pages }
  }

  /** Physical address of a page of the range, by the descriptor that maps it. */
  #pageAt(va: number): number | undefined {
    const { geometry: g } = this.#survey
    for (const level of ['pte', 'pmd', 'pud'] as const) {
      const size = this.#size(level)
      const first = Math.floor(va / size) * size
      const entry = this.#entries.get(`${level} ${first}`)
      if (entry) return physicalOf(g, entry.desc) + (va - first)
    }
    return undefined
  }
}

const entryOf = (level: LevelName, va: number, desc: bigint): InitRun => ({
  va: fromVa(va),
  level,
  desc,
  count: 1,
  paStep: 0n,
})
