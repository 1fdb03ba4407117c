import { createGeometry, type GeometryChoice, hexOf, u64OfInput } from '@pagetrail/engine'
import { isJsonObject, type JsonObject } from '../event/codec.ts'
import type { Json } from '../event/kinds.ts'
import { AddressFit, blockOf, Unfit } from './fit-addresses.ts'
import type { LibraryGeometry, LibraryScenario } from './scenario-library.ts'

/** A built-in scenario on another geometry, or why it cannot be there what it is. */
export type Fitted =
  | { readonly json: unknown; readonly unfit: null }
  | { readonly json: null; readonly unfit: string }

/**
 * Moves a built-in scenario to another geometry: its addresses, sizes, counts of pages and descriptors, so that what
 * was a page, a contiguous span, a block, a part or the end of one is that there too. Where the geometry has nothing of
 * the kind, or the scenario counts steps or callbacks, which are others with other tables, it says why not.
 */
export function fitScenario(
  { json, geometry: from }: Pick<LibraryScenario, 'json' | 'geometry'>,
  to: GeometryChoice,
): Fitted {
  if (from.page_shift === to.page_shift && from.va_bits === to.va_bits) return { json, unfit: null }
  try {
    return { json: moved(asFields(json), from, to), unfit: null }
  } catch (error) {
    if (error instanceof Unfit) return { json: null, unfit: error.message }
    throw error
  }
}

/** Of descriptors of pages: part of a contiguous span. */
const CONTIGUOUS = 1n << 52n

function moved(scenario: JsonObject, from: LibraryGeometry, to: GeometryChoice): JsonObject {
  const { init = [], calls, cpus, areas = [], features = {} } = scenario
  refuse(scenario, from, to)
  const runs = list(init)
  const spans = runs.some(({ level, desc }) => level === 'pte' && (u64(desc) & CONTIGUOUS) !== 0n)
  const fit = new AddressFit(from, to, spans)
  return {
    ...scenario,
    geometry: { page_shift: to.page_shift, va_bits: to.va_bits },
    init: runs.map((run, i) => initRun(fit, run, `init[${i}]`)),
    areas: list(areas).map((area) => movedArea(fit, area)),
    features: withAddresses(fit, asFields(features)),
    ...(calls === undefined ? {} : { calls: list(calls).map((call) => movedCall(fit, call)) }),
    ...(cpus === undefined ? {} : { cpus: list(cpus).map((cpu) => movedCpu(fit, cpu)) }),
  }
}

/** Fields that count callbacks, in the order of levels. */
const COUNTING = ['again_at', 'call_at', 'cont_at', 'err_at'] as const

/** @throws Unfit for what depends on the tables' shape and not on addresses */
function refuse(scenario: JsonObject, from: LibraryGeometry, to: GeometryChoice): void {
  const { init = [], calls = [], mms, schedule, geometry } = scenario
  if (mms !== undefined) throw new Unfit('it has tables besides those of init_mm')
  if (geometry !== undefined)
    throw new Unfit(`it is about ${1 << (from.page_shift - 10)}K pages with ${from.va_bits} bits`)
  const samePages = from.page_shift === to.page_shift
  for (const { level, desc } of list(init)) {
    if (level === 'pud' && !samePages)
      throw new Unfit('it begins with a block of a pud, and only 4K pages have those')
    if (level === 'pmd' && (u64(desc) & CONTIGUOUS) !== 0n && !samePages)
      throw new Unfit(
        'it begins with contiguous blocks, 16 of them with 4K pages and 32 with others',
      )
  }
  const sameLevels = createGeometry(from).levels === createGeometry(to).levels
  if (sameLevels && samePages) return
  if (schedule !== undefined)
    throw new Unfit('its schedule counts steps, which differ on other tables')
  // apply_to_page_range() calls back for pages alone.
  const walks = list(calls).filter(({ fn }) => fn !== 'apply_to_page_range')
  const counted = COUNTING.find((name) => walks.some((call) => call[name] !== undefined))
  if (counted !== undefined)
    throw new Unfit(`its ${counted} counts callbacks, which differ on other tables`)
}

function initRun(fit: AddressFit, run: JsonObject, path: string): JsonObject {
  const { va, level, desc, count = 1, pa_step: step } = run
  const start = u64(va)
  const base = { ...run, va: hexOf(fit.va(start)), desc: hexOf(fit.descriptor(u64(desc))) }
  const number = BigInt(Number(count))
  if (level !== 'pte') {
    // As many blocks as there were; each is its own whole.
    return step === undefined ? base : { ...base, pa_step: hexOf(stepOf(fit, u64(step), path)) }
  }
  const pages = fit.pages(start, number, (at) => fit.va(at))
  if (step === undefined) return count === 1 ? base : { ...base, count: Number(pages) }
  const memory = u64(desc) & ADDRESS
  if (u64(step) !== 0n && fit.pages(memory, number, (at) => fit.pa(at)) !== pages)
    throw new Unfit(`${path}: its pages and their memory lie at different places of a block`)
  return { ...base, count: Number(pages), pa_step: hexOf(stepOf(fit, u64(step), path)) }
}

/** Output address of a descriptor of 48 bits and 4K pages, as the built-in scenarios have them. */
const ADDRESS = 0xffff_ffff_f000n

function stepOf(fit: AddressFit, step: bigint, path: string): bigint {
  if (step === 0n) return 0n
  if (step === fit.from.page) return fit.to.page
  if (step === blockOf(fit.from)) return blockOf(fit.to)
  throw new Unfit(
    `${path}: its memory goes on in steps of ${hexOf(step)}, neither a page nor a block`,
  )
}

function movedArea(fit: AddressFit, area: JsonObject): JsonObject {
  const { start, size, nr_pages: nr, pages } = area
  const at = u64(start)
  const end = fit.va(at + u64(size))
  const own = fit.va(at)
  const count = nr === undefined ? null : fit.pages(at, BigInt(Number(nr)), (va) => fit.va(va))
  const memory = list(pages ?? []).map(({ pfn, count: n }) => {
    const first = u64(pfn) * fit.from.page
    const number = fit.pages(first, BigInt(Number(n)), (pa) => fit.pa(pa))
    return { pfn: hexOf(fit.pa(first) / fit.to.page), count: Number(number) }
  })
  const all = memory.reduce((sum, each) => sum + BigInt(each.count), 0n)
  if (count !== null && memory.length > 0 && all !== count)
    throw new Unfit('its areas and their memory lie at different places of a block')
  return {
    ...area,
    start: hexOf(own),
    size: hexOf(end - own),
    ...(count === null ? {} : { nr_pages: Number(count) }),
    ...(pages === undefined ? {} : { pages: memory }),
  }
}

function movedCpu(fit: AddressFit, cpu: JsonObject): JsonObject {
  const { calls, fills, interrupts } = cpu
  return {
    ...cpu,
    ...(calls === undefined ? {} : { calls: list(calls).map((call) => movedCall(fit, call)) }),
    ...(fills === undefined ? {} : { fills: movedCall(fit, asFields(fills)) }),
    ...(interrupts === undefined
      ? {}
      : { interrupts: list(interrupts).map((each) => movedCpu(fit, each)) }),
  }
}

/** Counts of pages from a call's address on. */
const COUNTS = ['numpages', 'entries', 'pages'] as const

function movedCall(fit: AddressFit, call: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...withAddresses(fit, call) }
  const { addr, pfn, desc, call: inner } = call
  if (inner !== undefined) result['call'] = movedCall(fit, asFields(inner))
  if (pfn !== undefined) result['pfn'] = hexOf(fit.pa(u64(pfn) * fit.from.page) / fit.to.page)
  if (desc !== undefined) result['desc'] = hexOf(fit.descriptor(u64(desc)))
  for (const name of COUNTS) {
    const { [name]: count } = call
    if (typeof count !== 'number') continue
    const number = BigInt(count)
    const pages =
      addr === undefined
        ? fit.pages(u64(pfn ?? 0) * fit.from.page, number, (pa) => fit.pa(pa))
        : fit.pages(u64(addr), number, (va) => fit.va(va))
    result[name] = Number(pages)
  }
  return result
}

/** Fields that are addresses by themselves. */
const ADDRESSES = ['addr', 'end', 'via', 'kfence_start'] as const

function withAddresses(fit: AddressFit, fields: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...fields }
  for (const name of ADDRESSES) {
    const { [name]: value } = fields
    if (value !== undefined) result[name] = hexOf(fit.va(u64(value)))
  }
  const { kfence_start: start, kfence_size: size } = fields
  if (start !== undefined && size !== undefined) {
    result['kfence_size'] = hexOf(fit.va(u64(start) + u64(size)) - fit.va(u64(start)))
  }
  return result
}

function u64(value: Json | undefined): bigint {
  const read = u64OfInput(String(value))
  if (read === null) throw new Unfit(`${JSON.stringify(value)} is not a 64-bit value`)
  return read
}
const list = (value: Json): readonly JsonObject[] => value as readonly JsonObject[]
const asFields = (value: unknown): JsonObject => {
  if (!isJsonObject(value as Json)) throw new Unfit('it is not an object')
  return value as JsonObject
}
