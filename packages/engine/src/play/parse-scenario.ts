import { MAX_CPUS } from '../kernel/calls/actions.ts'
import type { Call } from '../kernel/calls/call-spec.ts'
import { parseCall } from '../kernel/calls/call-table.ts'
import type { Area } from '../machine/cpu.ts'
import { DEFAULT_FEATURES, type Constants, type Features } from '../machine/features.ts'
import { FLAVOUR_NAMES, flavourOf, type Flavour } from '../machine/flavour.ts'
import { createGeometry, type GeometryChoice } from '../arch/geometry.ts'
import { CONTEXTS } from '../machine/hooks.ts'
import { InputError } from '../arch/input-error.ts'
import {
  asFields,
  asFlag,
  asInt,
  asList,
  asOneOf,
  asText,
  asU64,
  asVa,
  refuseUnknown,
  type Fields,
} from '../machine/json-fields.ts'
import { withoutPrefix } from './schedule-prefix.ts'
import { parseEntries } from './schedule-text.ts'
import { hexOf, toVa } from '../arch/u64.ts'
import { parseMms } from './parse-mms.ts'
import { parseRun } from './parse-run.ts'
import type { Scenario, Interleaving, CpuProgram, InterruptProgram } from './scenario.ts'

/** Said instead of the scenario's own; one without a flavour needs it said. */
export interface ScenarioChoice {
  readonly flavour?: string | undefined
  readonly geometry?: GeometryChoice | undefined
  /** `0.0.1.0`; only for a scenario with `cpus`. */
  readonly schedule?: string | undefined
  /** Refuse an entry of it that cannot run. Default false. */
  readonly exact?: boolean | undefined
}

/** Of a scenario that names none. */
const DEFAULT_GEOMETRY: GeometryChoice = { page_shift: 12, va_bits: 48 }

const GEOMETRY_FIELDS = ['page_shift', 'va_bits', 'levels', 'va_bits_actual', 'pa_bits']

/**
 * Checks a scenario. Fields it does not know are left alone: a case of the corpus has more.
 * @throws InputError with the path of the first field that is wrong
 */
export function parseScenario(input: unknown, choice: ScenarioChoice = {}): Scenario {
  const fields = asFields(input, 'scenario')
  const flavour = flavourOf(choice.flavour ?? asText(fields['flavour'], 'flavour'))
  const geometry = choice.geometry ?? parseGeometry(fields['geometry'])
  const g = createGeometry(geometry)
  const list = (name: string): readonly unknown[] =>
    fields[name] === undefined ? [] : asList(fields[name], name)
  const several = fields['cpus'] === undefined ? null : parsePrograms(fields)
  const exact = choice.exact ?? false
  const scenario: Scenario = {
    id: fields['id'] === undefined ? '' : asText(fields['id'], 'id'),
    flavour,
    geometry,
    features: parseFeatures(asFields(fields['features'] ?? {}, 'features')),
    constants: parseConstants(asFields(fields['constants'] ?? {}, 'constants')),
    init: list('init').map((run, i) => parseRun(run, `init[${i}]`)),
    mms: parseMms(fields['mms'], g),
    areas: list('areas').map((area, i) => parseArea(area, g.pageSize, `areas[${i}]`)),
    calls: several?.calls ?? parseCalls(fields['calls'], 'calls'),
    interleaved: several && { programs: several.programs, schedule: [], exact },
  }
  checkMms(scenario)
  const text = choice.schedule ?? ownSchedule(fields['schedule'], flavour)
  return text === undefined ? scenario : { ...scenario, interleaved: scheduled(scenario, text) }
}

/**
 * @throws InputError for a call on one that there is not, for several CPUs, whose locks are those of init_mm, and where
 * entries of init_mm have addresses of the lower half, too
 */
function checkMms({ mms, init, calls, interleaved }: Scenario): void {
  const low = mms.length === 0 ? -1 : init.findIndex((run) => toVa(run.va) >= 0)
  if (low !== -1) {
    const where = 'is an address of the lower half, where `mms` have theirs'
    throw InputError.of(`init[${low}].va`, `${hexOf(init[low]?.va ?? 0n)} ${where}`)
  }
  if (mms.length > 0 && interleaved !== null) {
    throw InputError.of('mms', 'should be left out where there is `cpus`')
  }
  for (const [i, { mmNames = [] }] of calls.entries()) {
    const unknown = mmNames.find((name) => mms.every((mm) => mm.name !== name))
    if (unknown === undefined) continue
    const known =
      mms.length === 0 ? 'the scenario has none' : `has ${mms.map((mm) => mm.name).join(', ')}`
    throw InputError.of(`calls[${i}]`, `"${unknown}" is not one of \`mms\`: ${known}`)
  }
}

const parseCalls = (input: unknown, path: string): Call[] =>
  asList(input, path).map((call, i) => parseCall(call, `${path}[${i}]`))

function parsePrograms(fields: Fields): { programs: CpuProgram[]; calls: Call[] } {
  const cpus = asList(fields['cpus'], 'cpus')
  if (fields['calls'] !== undefined) {
    throw InputError.of('calls', 'should be left out where there is `cpus`')
  }
  if (cpus.length === 0 || cpus.length > MAX_CPUS) {
    throw InputError.of('cpus', `should be 1 to ${MAX_CPUS} CPUs, not ${cpus.length}`)
  }
  const calls: Call[] = []
  const add = (own: readonly Call[]): { first: number; count: number } => {
    const first = calls.length
    calls.push(...own)
    return { first, count: own.length }
  }
  const programs = cpus.map((input, i) => {
    const path = `cpus[${i}]`
    const cpu = asFields(input, path)
    refuseUnknown(cpu, ['calls', 'fills', 'context', 'interrupts'], path)
    const given = cpu['context']
    const context = given === undefined ? null : asOneOf(given, CONTEXTS, `${path}.context`)
    const { first, count } = add(ownCalls(cpu, path))
    return { first, count, context, interrupts: parseInterrupts(cpu, path, add) }
  })
  return { programs, calls }
}

/** `calls`, or `fills`: speculative fills of any of some pages, a number of times. */
function ownCalls(cpu: Fields, path: string): Call[] {
  if (cpu['fills'] === undefined) return parseCalls(cpu['calls'], `${path}.calls`)
  if (cpu['calls'] !== undefined) {
    throw InputError.of(`${path}.calls`, 'should be left out where there is `fills`')
  }
  const fills = asFields(cpu['fills'], `${path}.fills`)
  refuseUnknown(fills, ['addr', 'pages', 'times', 'cpu'], `${path}.fills`)
  const times = asInt(fills['times'] ?? 1, `${path}.fills.times`, 0, MAX_FILLS)
  const { addr, pages = 1 } = fills
  const fill = {
    fn: 'tlb_fill',
    addr,
    pages,
    ...(fills['cpu'] !== undefined && { cpu: fills['cpu'] }),
  }
  return Array.from({ length: times }, () => parseCall(fill, `${path}.fills`))
}

/** Of one CPU: each is a choice of page and moment in every schedule. */
const MAX_FILLS = 64

function parseInterrupts(
  cpu: Fields,
  path: string,
  add: (calls: readonly Call[]) => { first: number; count: number },
): InterruptProgram[] {
  if (cpu['interrupts'] === undefined) return []
  return asList(cpu['interrupts'], `${path}.interrupts`).flatMap((input, i) => {
    const at = `${path}.interrupts[${i}]`
    const fields = asFields(input, at)
    refuseUnknown(fields, ['context', 'calls', 'times'], at)
    const context = asOneOf(fields['context'] ?? 'softirq', CONTEXTS, `${at}.context`)
    const times = asInt(fields['times'] ?? 1, `${at}.times`, 1, 8)
    const own = parseCalls(fields['calls'], `${at}.calls`)
    return Array.from({ length: times }, (_, n) => ({ ...add(own), context, isAgain: n > 0 }))
  })
}

/**
 * With the schedule; one with a prefix is made for this scenario, so that each of its entries must run.
 * @throws InputError unless it is the numbers of CPUs that there are, there are `cpus`, and its prefix fits
 */
function scheduled(scenario: Scenario, given: unknown): Interleaving {
  const { interleaved } = scenario
  if (interleaved === null) {
    throw InputError.of('schedule', 'is for several CPUs: the scenario needs `cpus`, not `calls`')
  }
  const { text, hasPrefix } = withoutPrefix(asText(given, 'schedule'), scenario)
  const schedule = parseEntries(text)
  const cpus = interleaved.programs.length
  const stray = schedule.findIndex(({ cpu }) => cpu >= cpus)
  if (stray === -1) return { ...interleaved, schedule, exact: interleaved.exact || hasPrefix }
  throw InputError.of(
    `schedule[${stray}]`,
    `${schedule[stray]?.cpu} should be a CPU from 0 to ${cpus - 1}`,
  )
}

/** One for all flavours, or by flavour: `{ "6.12": "0*15.1", … }`, without one CPUs run in order. */
function ownSchedule(input: unknown, { name }: Flavour): unknown {
  if (typeof input !== 'object' || input === null) return input
  const byFlavour = asFields(input, 'schedule')
  refuseUnknown(byFlavour, FLAVOUR_NAMES, 'schedule')
  return byFlavour[name] ?? ''
}

function parseGeometry(input: unknown): GeometryChoice {
  if (input === undefined) return DEFAULT_GEOMETRY
  const fields = asFields(input, 'geometry')
  refuseUnknown(fields, GEOMETRY_FIELDS, 'geometry')
  const optional = (name: string): number | undefined =>
    fields[name] === undefined ? undefined : asInt(fields[name], `geometry.${name}`)
  return {
    page_shift: asInt(fields['page_shift'], 'geometry.page_shift'),
    va_bits: asInt(fields['va_bits'], 'geometry.va_bits'),
    levels: optional('levels'),
    va_bits_actual: optional('va_bits_actual'),
    pa_bits: optional('pa_bits'),
  }
}

function parseFeatures(fields: Fields): Partial<Features> {
  refuseUnknown(fields, Object.keys(DEFAULT_FEATURES), 'features')
  const features: Record<string, boolean | number> = {}
  for (const [name, value] of Object.entries(fields)) {
    const path = `features.${name}`
    if (name === 'online_cpus') features[name] = asInt(value, path, 1)
    else if (name === 'tlb_entries') features[name] = asInt(value, path, 0)
    else if (name === 'ipa_bits') features[name] = asInt(value, path, 32, 52)
    else if (name === 'kfence_start' || name === 'kfence_size') features[name] = asVa(value, path)
    else features[name] = asFlag(value, path)
  }
  return features
}

const ADDRESSES: readonly (keyof Constants)[] = [
  'PAGE_OFFSET',
  'PHYS_OFFSET',
  'PAGE_END',
  'VMALLOC_START',
  'VMALLOC_END',
  'TABLE_POOL_PA',
  'SWAPPER_PG_DIR_PA',
  'FIX_PGD_VA',
]

/** Of the corpus; they follow from the geometry. */
const DERIVED = ['CONT_PTE_SIZE', 'CONT_PMD_SIZE', 'top']

function parseConstants(fields: Fields): Partial<Constants> {
  refuseUnknown(fields, [...ADDRESSES, ...DERIVED], 'constants')
  const given = ADDRESSES.filter((name) => fields[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, asVa(fields[name], `constants.${name}`)]))
}

function parseArea(input: unknown, pageSize: number, path: string): Area {
  const fields = asFields(input, path)
  refuseUnknown(fields, ['start', 'size', 'flags', 'nr_pages', 'pages'], path)
  const pages = asList(fields['pages'] ?? [], `${path}.pages`).map((input, i) => {
    const run = asFields(input, `${path}.pages[${i}]`)
    const pfn = asU64(run['pfn'], `${path}.pages[${i}].pfn`)
    const count = asInt(run['count'] ?? 1, `${path}.pages[${i}].count`, 0)
    return { pa: Number(pfn) * pageSize, count }
  })
  const listed = pages.reduce((sum, run) => sum + run.count, 0)
  return {
    start: asVa(fields['start'], `${path}.start`),
    size: asVa(fields['size'], `${path}.size`),
    flags: Number(asU64(fields['flags'] ?? 2, `${path}.flags`)),
    nrPages: asInt(fields['nr_pages'] ?? listed, `${path}.nr_pages`, 0),
    pages,
  }
}
