import {
  checkRun,
  type CheckReport,
  eventFromJson,
  type EventSource,
  type Json,
  KIND_NAMES,
  memorySource,
  nestOf,
  type TraceEvent,
} from '@pagetrail/recorder'

import { SAMPLE_RUN } from '../sample-run.ts'

/** How a producer shows flushes: the function and its TLBI, the function alone, the instructions alone. */
export type Style = 'function and tlbi' | 'function' | 'instructions'

/** Where and on what a case happens: none of it changes whether it is right. */
export interface World {
  readonly flavour: string
  readonly pageShift: number
  readonly vaBits: number
  readonly levels: number
  readonly va: bigint
  readonly linear: bigint
  readonly pa: bigint
  readonly cpus: readonly [number, number]
  readonly tasks: readonly [string, string] | null
  readonly style: Style
  readonly features: { readonly [name: string]: Json }
}

type Field = bigint | Json
const asJson = (value: Field): Json =>
  typeof value === 'bigint' ? `0x${value.toString(16)}` : value

/** Writes the events of a case in its world, as a producer of JSON Lines would. */
export class Scene {
  readonly events: TraceEvent[] = []
  readonly world: World
  readonly page: bigint
  readonly #depth = [0, 0]
  readonly #open: (number | null)[] = [null, null]
  #ops = 0
  #who = 0

  constructor(world: World) {
    this.world = world
    this.page = 1n << BigInt(world.pageShift)
  }

  /** The two parties of the case. */
  on(who: 0 | 1): this {
    this.#who = who
    return this
  }

  add(kind: TraceEvent['kind'], fields: { readonly [name: string]: Field } = {}): this {
    const who = this.#who
    const move = nestOf(kind)
    if (move < 0) this.#depth[who]!--
    const { cpus, tasks } = this.world
    const json: { [name: string]: Json } = {
      seq: this.events.length,
      cpu: cpus[who]!,
      op: this.#open[who]!,
      nest: this.#depth[who]!,
      task: tasks === null ? null : tasks[who]!,
      kind,
    }
    for (const [name, value] of Object.entries(fields)) json[name] = asJson(value)
    this.events.push(eventFromJson(json))
    if (move > 0) this.#depth[who]!++
    return this
  }

  /** Address of a page of the area. */
  at(page: number): bigint {
    return this.world.va + BigInt(page) * this.page
  }

  desc(attributes: bigint, page: number): bigint {
    return attributes | (this.world.pa + BigInt(page) * this.page)
  }

  init(
    attributes: bigint,
    pages: number,
    level = 'pte',
    va = this.world.va,
    step = this.page,
  ): this {
    return this.add('init', {
      level,
      va,
      new: attributes | this.world.pa,
      count: pages,
      pa_step: step,
    })
  }

  begin(fn: string, va: bigint, pages: number, args: { [name: string]: Json } = {}): this {
    this.#open[this.#who] = this.#ops++
    const end = va + BigInt(pages) * this.page
    return this.add('op_begin', {
      fn,
      va,
      end,
      args: { addr: asJson(va), numpages: pages, ...args },
    })
  }

  end(fn: string, ret = 0): this {
    this.add('op_end', { fn, ret })
    this.#open[this.#who] = null
    return this
  }

  /** A walk over [va, va + pages) with a callback and its store for each. */
  walk(
    va: bigint,
    stores: readonly (readonly [page: bigint, old: bigint, now: bigint])[],
    pages = new Set(stores.map(([page]) => page)).size,
  ): this {
    const fn =
      this.world.flavour === '6.12' || this.world.flavour === '6.17'
        ? 'apply_to_page_range'
        : 'walk_kernel_page_table_range_lockless'
    const cb = fn === 'apply_to_page_range' ? 'change_page_range' : 'pageattr_pte_entry'
    this.add('walk_begin', { fn, va, end: va + BigInt(pages) * this.page })
    for (const [i, [page, old, now]] of stores.entries()) {
      const at = { level: 'pte', fn: cb, va: page }
      if (stores[i - 1]?.[0] !== page)
        this.add('cb_enter', { ...at, end: page + this.page, val: old })
      this.add('desc_write', { level: 'pte', va: page, old, new: now })
      if (stores[i + 1]?.[0] !== page) this.add('cb_exit', { ...at, ret: 0, action: null })
    }
    return this.add('walk_end', { fn, ret: 0 })
  }

  /** dsb(ishst) and isb(), as the setters have it. */
  barrier(): this {
    if (this.world.style !== 'instructions') return this.add('barrier')
    return this.add('dsb', { scope: 'ishst' }).add('isb')
  }

  flush(va: bigint, pages = 1): this {
    const { style } = this.world
    const end = va + BigInt(pages) * this.page
    if (style !== 'instructions') this.add('tlb_flush', { fn: 'flush_tlb_kernel_range', va, end })
    if (style === 'function') return this
    if (style === 'instructions') this.add('dsb', { scope: 'ishst' })
    for (let i = 0; i < pages; i++) this.tlbi(va + BigInt(i) * this.page)
    return style === 'instructions' ? this.add('dsb', { scope: 'ish' }).add('isb') : this
  }

  tlbi(va: bigint, insn = 'vaale1is'): this {
    return this.add('tlbi', { insn, va, pages: 1, scale: null, num: null })
  }

  /** Two more pages, that have nothing to do with the case. */
  others(page: number): this {
    const at = { va: this.at(page), new: this.desc(RW, page) }
    return this.add('init', { level: 'pte', ...at, count: 2, pa_step: this.page })
  }

  /** Another page is made read-only, as it should be. */
  calm(page: number): this {
    const va = this.at(page)
    this.begin('set_memory_ro', va, 1).walk(va, [[va, this.desc(RW, page), this.desc(RO, page)]])
    this.barrier().flush(va).end('set_memory_ro')
    return this
  }

  /** The run as it would be imported. */
  source(id = 1): EventSource {
    const { flavour, pageShift, vaBits, levels, style, features } = this.world
    const facts: { [name: string]: Json } = { features: { ...features } }
    if (style === 'function') facts['shows'] = KIND_NAMES.filter((kind) => kind !== 'tlbi')
    const geometry = { pageShift, vaBits, levels }
    const counts = { events: this.events.length, calls: this.#ops }
    return memorySource({ ...SAMPLE_RUN, ...counts, id, flavour, geometry, facts }, this.events)
  }

  /** The run, checked by all rules. */
  checked(): CheckReport {
    return checkRun(this.source())
  }
}

/** Bits that the cases turn. */
export const AF = 1n << 10n
export const USER = 1n << 6n
export const PXN = 1n << 53n
export const UXN = 1n << 54n
export const NG = 1n << 11n
export const CONT = 1n << 52n
export const DBM = 1n << 51n
/** A page of kernel memory, writable and read-only, without its address; a table. */
export const RW = 0xe8_0000_0000_0703n
export const RO = 0xe0_0000_0000_0783n
export const TABLE = 0x1000_0000_0000_0403n
