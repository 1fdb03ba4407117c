import {
  type Call,
  DEFAULT_FEATURES,
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
    if (TREE_FEATURES.has(name)) lines.push(`feat ${name} ${numberText(name, value)}`)
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
  if (interleaved !== null) {
    const turns = interleaved.schedule.map(({ cpu, byTurns }) => `${cpu}${byTurns ? '?' : ''}`)
    lines.push(`schedule ${turns.join('.')}`)
  }
  if (wantsFinal) lines.push('final')
  return `${lines.join('\n')}\n`
}

/** What the harness has; the rest belongs to the engine's model, or to code that is not compiled into it. */
const TREE_FEATURES: ReadonlySet<string> = new Set([
  'rodata_full',
  'debug_pagealloc',
  'kfence_direct_map',
  'bbml',
  'cpu_bbml',
  'caps_finalized',
  'page_alloc_available',
  'online_cpus',
  'tlb_range',
  'rodata_is_rw',
  'in_interrupt',
  'ng_mappings',
  'bti_kernel',
  'kfence_start',
  'kfence_size',
  'init_mm_locked',
])
const TREE_CALLS: ReadonlySet<string> = new Set([
  'set_memory_ro',
  'set_memory_rw',
  'set_memory_x',
  'set_memory_nx',
  'set_memory_rox',
  'set_memory_valid',
  'set_direct_map_invalid_noflush',
  'set_direct_map_default_noflush',
  'set_direct_map_valid_noflush',
  '__kernel_map_pages',
  'kernel_page_present',
  'can_set_direct_map',
  'apply_to_page_range',
  'apply_to_existing_page_range',
  'walk_kernel_page_table_range',
  'walk_kernel_page_table_range_lockless',
  'walk_page_range_debug',
  'walk_page_range_novma',
  'split_kernel_leaf_mapping',
  'range_split_to_ptes',
  'flush_tlb_kernel_range',
  'lazy_enter',
  'lazy_leave',
  'lazy_pause',
  'lazy_resume',
])
const TREE_ACTIONS: ReadonlySet<string> = new Set(['context'])
const ONLY = 'belongs to the engine; record it with --flavour'

function refuseEngineOnly({ features, calls, geometry, mms, interleaved }: Scenario): void {
  if (mms.length > 0) throw InputError.of('mms', ONLY)
  for (const [name, value] of Object.entries(features)) {
    if (TREE_FEATURES.has(name)) continue
    const usual: unknown = Reflect.get(DEFAULT_FEATURES, name)
    if (value !== usual) throw InputError.of(`features.${name}`, ONLY)
  }
  if (geometry.va_bits_actual !== undefined || geometry.pa_bits !== undefined) {
    throw InputError.of('geometry', 'with va_bits_actual or pa_bits is not run on a tree')
  }
  for (const [i, { fn, isAction, inner }] of calls.entries()) {
    const known = isAction ? TREE_ACTIONS : TREE_CALLS
    if (inner) throw InputError.of(`calls[${i}].call`, `a call made by a callback ${ONLY}`)
    if (!known.has(fn)) throw InputError.of(`calls[${i}].fn`, `${fn} ${ONLY}`)
  }
  for (const [i, { interrupts }] of (interleaved?.programs ?? []).entries()) {
    if (interrupts.length > 0) throw InputError.of(`cpus[${i}].interrupts`, ONLY)
  }
  for (const [i, { arrives, choices }] of (interleaved?.schedule ?? []).entries()) {
    if (arrives || choices.length > 0) {
      throw InputError.of(
        `schedule[${i}]`,
        'a tree takes numbers of CPUs; interrupts and choices are of the engine',
      )
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
