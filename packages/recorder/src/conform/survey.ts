import {
  BIT,
  type Constants,
  deriveConstants,
  type Features,
  type Flavour,
  FLAVOURS,
  type Geometry,
  physOf,
  toVa,
  u64OfText,
} from '@pagetrail/engine'

import { hasBit } from '../descriptor/bits.ts'
import type { EventOf, TraceEvent } from '../event/kinds.ts'
import { runGeometry } from '../descriptor/run-geometry.ts'
import type { EventSource } from '../event/run.ts'
import { highWord, lowWord, take } from '../event/words.ts'

/** The machine that a run shows: what every one of its calls starts from. */
export interface Survey {
  readonly flavour: Flavour
  readonly geometry: Geometry
  /** What the calls of the run did with it on: {@link Sighting}. */
  readonly features: Partial<Features>
  readonly constants: Constants
  /** Address of the `struct page` of PHYS_OFFSET; null: no call with a page was seen to walk. */
  readonly vmemmap: bigint | null
}

/** sizeof(struct page) of the usual configuration. */
const STRUCT_PAGE = 64n

/** Reads a run once for what its calls show of the machine; null where they do not show kernel or addresses. */
export function survey(source: EventSource): Survey | null {
  const flavour = FLAVOURS.find(({ name }) => name === source.run.flavour)
  const geometry = runGeometry(source.run)
  if (flavour === undefined || geometry === null) return null
  const sighting = new Sighting(geometry, deriveConstants(geometry, flavour))
  for (const event of source.events()) sighting.take(event)
  const { constants, features, vmemmap } = sighting
  return { flavour, geometry, features, constants, vmemmap }
}

/** Whether an address lies in the linear map. */
export const isLinear = (va: number, { PAGE_END }: Constants): boolean => va < PAGE_END

/** Output address of a descriptor. */
export function physicalOf(g: Geometry, desc: bigint): number {
  take(desc)
  return physOf(g, lowWord(), highWord())
}

/** The page that the linear map has at an address, as a `struct page` of this machine counts them. */
export const pageIndex = (va: number, { PAGE_OFFSET }: Constants, g: Geometry): bigint =>
  BigInt((va - PAGE_OFFSET) / g.pageSize)

/** The address in the linear map that a `struct page` stands for. */
export function addressOfPage(page: bigint, { vmemmap, constants, geometry }: Survey): number {
  const index = (page - (vmemmap ?? page)) / STRUCT_PAGE
  return constants.PAGE_OFFSET + Number(index) * geometry.pageSize
}

interface Open {
  readonly fn: string | null
  readonly va: bigint | null
  readonly page: bigint | null
  /** Its split section was entered; KFENCE's pages and machines that cannot split turn round before. */
  entered: boolean
  walked: boolean
}

class Sighting {
  readonly #g: Geometry
  readonly #derived: Constants
  readonly #open = new Map<number, Open>()
  #physOffset: number | null = null
  #splits = false
  #bti = false
  #ng = false
  /** Calls that would change a linear alias were seen, and one that did. */
  #ruled = false
  #aliased = false
  #kfence: { start: number; end: number } | null = null
  vmemmap: bigint | null = null

  constructor(g: Geometry, derived: Constants) {
    this.#g = g
    this.#derived = derived
  }

  get constants(): Constants {
    return { ...this.#derived, PHYS_OFFSET: this.#physOffset ?? this.#derived.PHYS_OFFSET }
  }

  get features(): Partial<Features> {
    const kfence = this.#splits ? this.#kfence : null
    return {
      rodata_full: this.#aliased || !this.#ruled,
      // Every call on the direct map that walks says so.
      kfence_direct_map: true,
      bbml: this.#splits,
      cpu_bbml: this.#splits,
      bti_kernel: this.#bti,
      ng_mappings: this.#ng,
      ...(kfence && { kfence_start: kfence.start, kfence_size: kfence.end - kfence.start }),
    }
  }

  take(e: TraceEvent): void {
    if (e.kind === 'op_begin') this.#begin(e)
    else if (e.kind === 'op_end') this.#end(e)
    else if (e.op === null) return
    else if (e.kind === 'walk_begin') this.#walk(e)
    else if (e.kind === 'cb_enter') this.#callback(e)
    else if (e.kind === 'span_begin' && e.fn === 'split_kernel_leaf_mapping_locked') {
      this.#splits = true
      const open = this.#open.get(e.op)
      if (open) open.entered = true
    }
  }

  #begin(e: EventOf<'op_begin'>): void {
    if (e.op === null) return
    const page = argumentPage(e.args)
    this.#open.set(e.op, { fn: e.fn, va: e.va, page, entered: false, walked: false })
    this.#ruled ||= e.fn === 'set_memory_ro' || e.fn === 'set_memory_rw'
  }

  #walk(e: EventOf<'walk_begin'>): void {
    const open = e.op === null ? undefined : this.#open.get(e.op)
    if (open === undefined || e.va === null) return
    const isFirst = !open.walked
    open.walked = true
    const va = toVa(e.va)
    if (!isLinear(va, this.#derived)) return
    if (open.va !== null && !isLinear(toVa(open.va), this.#derived)) this.#aliased = true
    if (isFirst && open.page !== null) {
      this.vmemmap ??= open.page - pageIndex(va, this.#derived, this.#g) * STRUCT_PAGE
    }
  }

  #callback(e: EventOf<'cb_enter'>): void {
    if (e.set !== undefined && e.clear !== undefined) {
      this.#bti ||= hasBit(e.set | e.clear, BIT.GP)
      this.#ng ||= hasBit(e.set, BIT.NG) && hasBit(e.set, BIT.VALID)
    }
    if (this.#physOffset !== null || e.level !== 'pte' || !e.val || e.va === null) return
    const va = toVa(e.va)
    if (!isLinear(va, this.#derived)) return
    this.#physOffset = physicalOf(this.#g, e.val) - (va - this.#derived.PAGE_OFFSET)
  }

  #end(e: EventOf<'op_end'>): void {
    const open = e.op === null ? undefined : this.#open.get(e.op)
    if (e.op === null || open === undefined) return
    this.#open.delete(e.op)
    if (open.fn !== 'set_memory_valid' || open.entered || open.va === null) return
    const start = toVa(open.va)
    const end = start + this.#g.pageSize
    const { start: from = start, end: to = end } = this.#kfence ?? {}
    this.#kfence = { start: Math.min(start, from), end: Math.max(end, to) }
  }
}

/** The `page` among a call's arguments. */
export function argumentPage(args: EventOf<'op_begin'>['args']): bigint | null {
  const page = argument(args, 'page')
  return typeof page === 'string' ? u64OfText(page) : null
}

export function argument(args: EventOf<'op_begin'>['args'], name: string): unknown {
  return typeof args === 'object' && args !== null ? Reflect.get(args, name) : undefined
}
