import {
  type Call,
  CALL_NAMES,
  fromVa,
  hexOf,
  InputError,
  type Machine,
  type Scenario,
} from '@pagetrail/engine'
import { toJson } from '../event/json.ts'

/**
 * A scenario as the harness reads it: lines of words, so that its C needs no JSON. harness/scenario.c describes them.
 * What only the engine has is refused with its name.
 */
export function caseText(scenario: Scenario, machine: Machine, wantsFinal: boolean): string {
  refuseEngineOnly(scenario)
  const { features, init, areas, calls, interleaved } = scenario
  const { constants } = machine.system
  const lines = ['case']
  for (const [name, value] of Object.entries(features)) {
    if (!ENGINE_FEATURES.has(name)) lines.push(`feat ${name} ${numberText(name, value)}`)
  }
  for (const name of ['PHYS_OFFSET', 'SWAPPER_PG_DIR_PA', 'TABLE_POOL_PA'] as const) {
    lines.push(`const ${name} ${hexOf(BigInt.asUintN(64, BigInt(constants[name])))}`)
  }
  for (const { level, va, desc, count, paStep } of init) {
    lines.push(`map ${level} ${hexOf(va)} ${hexOf(desc)} ${count} ${hexOf(paStep)}`)
  }
  for (const { start, size, flags, nrPages, pages } of areas) {
    const runs = pages.map(
      ({ pa, count }) => `${hexOf(BigInt(pa / machine.geometry.pageSize))} ${count}`,
    )
    lines.push(['area', hexOf(fromVa(start)), size, flags, nrPages, ...runs].join(' '))
  }
  for (const { first, count, context } of interleaved?.programs ?? [
    { first: 0, count: calls.length, context: null },
  ]) {
    lines.push(context === null ? 'cpu' : `cpu ${context}`)
    lines.push(...calls.slice(first, first + count).map(callLine))
  }
  if (interleaved !== null) lines.push(`schedule ${interleaved.schedule.join('.')}`)
  if (wantsFinal) lines.push('final')
  return `${lines.join('\n')}\n`
}

/** Of the engine's model, or of code that is not compiled into the harness. */
const ENGINE_FEATURES = new Set(['realm', 'ipa_bits', 'tlb_model'])
const ENGINE_CALLS = new Set([
  'h7_change',
  'set_memory_encrypted',
  'set_memory_decrypted',
  'arch_kfence_init_pool',
  'kfence_protect_page',
  'linear_map_maybe_split_to_ptes',
  'ptep_try_set',
])
const TREE_ACTIONS = new Set(['context'])

function refuseEngineOnly({ features, calls, geometry }: Scenario): void {
  const feature = [...ENGINE_FEATURES].find(
    (name) =>
      name !== 'ipa_bits' &&
      Object.entries(features).some(([own, value]) => own === name && value === true),
  )
  const only = 'belongs to the engine; record it with --flavour'
  if (feature !== undefined) throw InputError.of(`features.${feature}`, only)
  if (geometry.va_bits_actual !== undefined || geometry.pa_bits !== undefined) {
    throw InputError.of('geometry', 'with va_bits_actual or pa_bits is not run on a tree')
  }
  for (const [i, { fn, isAction }] of calls.entries()) {
    if (isAction ? !TREE_ACTIONS.has(fn) : ENGINE_CALLS.has(fn) || !CALL_NAMES.includes(fn)) {
      throw InputError.of(`calls[${i}].fn`, `${fn} ${only}`)
    }
  }
}

const numberText = (name: string, value: number | boolean): string => {
  if (typeof value === 'boolean') return value ? '1' : '0'
  return name === 'kfence_start' ? hexOf(fromVa(value)) : String(value)
}

/** Arguments by name, and after the bar as the event is to have them. */
function callLine({ fn, args, allocFail, isAction }: Call): string {
  if (isAction) return `call context cb=${String(args['to'])} | {}`
  const words = Object.entries(args).map(([name, value]) => {
    if (typeof value === 'bigint') return `${name}=${hexOf(value)}`
    return `${name}=${typeof value === 'boolean' ? Number(value) : value}`
  })
  if (allocFail > 0 && args['alloc_fail'] === undefined) words.push(`alloc_fail=${allocFail}`)
  return `call ${[fn, ...words].join(' ')} | ${toJson(args)}`
}
