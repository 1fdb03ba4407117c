/** A scenario in the corpus's form: start state and calls, as JSON. Hexadecimal strings end here. */
import { parseCall } from './calls.ts'
import type { Call } from './calls.ts'
import type { Area } from './cpu.ts'
import { DEFAULT_FEATURES } from './features.ts'
import type { Constants, Features } from './features.ts'
import { flavourOf } from './flavour.ts'
import type { Flavour } from './flavour.ts'
import { createGeometry } from './geometry.ts'
import type { GeometryChoice } from './geometry.ts'
import type { Hooks } from './hooks.ts'
import { InputError } from './input-error.ts'
import { asFields, asFlag, asInt, asList, asText, asU64, asVa, refuseUnknown } from './input.ts'
import type { Fields } from './input.ts'
import { LEVEL_NAMES } from './level.ts'
import type { LeafRun } from './leaves.ts'
import { createMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { InitRun } from './start-state.ts'

/** A scenario that has been checked. */
export interface Scenario {
  readonly id: string
  readonly flavour: Flavour
  readonly geometry: GeometryChoice
  readonly features: Partial<Features>
  readonly constants: Partial<Constants>
  readonly init: readonly InitRun[]
  readonly areas: readonly Area[]
  readonly calls: readonly Call[]
}

/** Said instead of the scenario's own; a scenario that has none needs them. */
export interface ScenarioChoice {
  readonly flavour?: string | undefined
  readonly geometry?: GeometryChoice | undefined
}

const GEOMETRY_FIELDS = ['page_shift', 'va_bits', 'levels', 'va_bits_actual', 'pa_bits']

/** @throws InputError with the path of the first field that is wrong. Fields it does not know are left alone. */
export function parseScenario(input: unknown, choice: ScenarioChoice = {}): Scenario {
  const fields = asFields(input, 'scenario')
  const flavour = flavourOf(choice.flavour ?? asText(fields['flavour'], 'flavour'))
  const geometry = choice.geometry ?? parseGeometry(fields['geometry'])
  const { pageSize } = createGeometry(geometry)
  const list = (name: string): readonly unknown[] =>
    fields[name] === undefined ? [] : asList(fields[name], name)
  return {
    id: fields['id'] === undefined ? '' : asText(fields['id'], 'id'),
    flavour,
    geometry,
    features: parseFeatures(asFields(fields['features'] ?? {}, 'features')),
    constants: parseConstants(asFields(fields['constants'] ?? {}, 'constants')),
    init: list('init').map((run, i) => parseRun(run, `init[${i}]`)),
    areas: list('areas').map((area, i) => parseArea(area, pageSize, `areas[${i}]`)),
    calls: asList(fields['calls'], 'calls').map((call, i) => parseCall(call, `calls[${i}]`)),
  }
}

function parseGeometry(input: unknown): GeometryChoice {
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

function parseRun(input: unknown, path: string): InitRun {
  const fields = asFields(input, path)
  refuseUnknown(fields, ['va', 'level', 'desc', 'count', 'pa_step', 'invalid'], path)
  const name = asText(fields['level'], `${path}.level`)
  const level = LEVEL_NAMES.find((known) => known === name)
  if (level === undefined) {
    throw new InputError(`${path}.level`, `"${name}" should be pgd, p4d, pud, pmd or pte`)
  }
  asVa(fields['va'], `${path}.va`)
  return {
    va: asU64(fields['va'], `${path}.va`),
    level,
    desc: asU64(fields['desc'], `${path}.desc`),
    count: asInt(fields['count'] ?? 1, `${path}.count`, 1),
    paStep: asU64(fields['pa_step'] ?? 0, `${path}.pa_step`),
  }
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

/** A machine in the scenario's start state. @throws InputError */
export function buildMachine(scenario: Scenario, hooks: Hooks | null = null): Machine {
  const { flavour, geometry, features, constants } = scenario
  const machine = createMachine({ flavour, geometry, features, constants, hooks })
  for (const [i, run] of scenario.init.entries()) machine.map(run, `init[${i}]`)
  for (const area of scenario.areas) machine.addArea(area)
  return machine
}

/** What a scenario came to. */
export interface ScenarioOutcome {
  /** By call; null as {@link Machine.call} gives it. */
  readonly results: readonly (number | null)[]
  readonly final: readonly LeafRun[]
}

/** Parses, builds and runs. @throws InputError */
export function runScenario(
  input: unknown,
  choice: ScenarioChoice = {},
  hooks: Hooks | null = null,
): ScenarioOutcome {
  const scenario = parseScenario(input, choice)
  const machine = buildMachine(scenario, hooks)
  const results = scenario.calls.map((call) => machine.call(call))
  return { results, final: [...machine.leaves()] }
}
