import { FLAVOURS, hexOf, parseScenario } from '@pagetrail/engine'
import type { TraceEvent } from '../event/kinds.ts'

import { heldBefore, type Window } from './window.ts'
import { propertiesNamed } from './properties.ts'
import { exploreScenario } from './search-scenario.ts'

type Action = Readonly<Record<string, string>>

/** What stands for an event in a scenario that does the same again, without the code around it. */
function actionsOf(e: TraceEvent): Action[] {
  switch (e.kind) {
    case 'desc_write':
      return e.va === null || e.new === null
        ? []
        : [{ fn: 'store', addr: hexOf(e.va), desc: hexOf(e.new) }]
    case 'dsb':
    case 'dmb':
      return [{ fn: 'barrier', op: e.kind, scope: e.scope ?? 'sy' }]
    case 'isb':
      return [{ fn: 'barrier', op: 'isb' }]
    case 'barrier':
      return [
        { fn: 'barrier', op: 'dsb', scope: 'ishst' },
        { fn: 'barrier', op: 'isb' },
      ]
    case 'tlb_flush':
      return [{ fn: 'barrier', op: 'dsb', scope: 'ishst' }]
    case 'tlbi':
      return [{ fn: 'tlbi', insn: e.insn?.replace(/^r/, '') ?? 'vaae1is', addr: hexOf(e.va ?? 0n) }]
    case 'access':
      return [{ fn: 'access', addr: hexOf(e.va ?? 0n), mode: e.mode ?? 'read' }]
    case 'lock':
      return [{ fn: 'await' }]
    case 'unlock':
      return [{ fn: 'raise' }]
    default:
      return []
  }
}

/** The programs of the CPUs; a flush function ends with its dsb(ish), as the next event of its CPU shows. */
function programsOf({ events }: Window): Action[][] {
  const programs: Action[][] = []
  const flushing = new Set<number>()
  for (const e of events) {
    while (programs.length <= e.cpu) programs.push([])
    if (flushing.has(e.cpu) && e.kind !== 'tlbi') {
      flushing.delete(e.cpu)
      programs[e.cpu]!.push({ fn: 'barrier', op: 'dsb', scope: 'ish' })
    }
    if (e.kind === 'tlb_flush') flushing.add(e.cpu)
    programs[e.cpu]!.push(...actionsOf(e))
  }
  return programs
}

/**
 * Whether some execution of the window's instructions, by weak walkers and one speculative fill, meets its condition.
 * Two reads without a flag ask for the old value after the new one: the first stands for "the new value is there".
 */
export function windowVerdict(window: Window, ets2: boolean): 'Sometimes' | 'Never' {
  const programs = programsOf(window)
  const reader = programs.findLastIndex((actions) => actions.some(({ fn }) => fn === 'access'))
  const own = programs[reader] ?? []
  const reads = own.filter(({ fn }) => fn === 'access')
  const last = reads.at(-1)
  if (last === undefined) return 'Never'
  if (isUnordered(own)) return 'Sometimes'
  if (reads.length === 2) {
    programs[0]?.push({ fn: 'raise' })
    programs[reader] = [{ fn: 'await' }, { fn: 'barrier', op: 'isb' }, last]
  }
  const fills = { fills: { addr: last['addr'], times: 1, cpu: reader } }
  const va = BigInt(last['addr'] ?? 0)
  const desc = heldBefore(window, 'pte', va - (va % 0x1000n))
  const scenario = parseScenario(
    {
      features: { tlb_model: true, weak_walkers: true, ets2 },
      init: [{ va: hexOf(va - (va % 0x1000n)), level: 'pte', desc: hexOf(desc ?? 0n) }],
      cpus: [...programs.map((calls) => ({ calls })), ...(reader === 0 ? [] : [fills])],
    },
    { flavour: FLAVOURS[0]?.name },
  )
  const asked = propertiesNamed([asksForFault(window, last) ? 'spurious-fault' : 'stale-access'])
  return exploreScenario(scenario, { properties: asked }).findings.length > 0
    ? 'Sometimes'
    : 'Never'
}

/** The entry allows the access in the end, at the address that it always had: what must not be is a fault. */
function asksForFault(window: Window, access: Action): boolean {
  const stores = window.events.filter((e) => e.kind === 'desc_write')
  const desc = stores.at(-1)?.new ?? 0n
  const isMoved = stores.some(
    (e) => e.new !== null && (e.new & 1n) === 1n && frameOf(e.new) !== frameOf(desc),
  )
  const va = BigInt(access['addr'] ?? 0)
  const first = heldBefore(window, 'pte', va - (va % 0x1000n)) ?? 0n
  if (isMoved || ((first & 1n) === 1n && frameOf(first) !== frameOf(desc))) return false
  return (desc & 1n) === 1n && !(access['mode'] === 'write' && (desc & 0x80n) !== 0n)
}

const frameOf = (desc: bigint): bigint => (desc >> 12n) & 0xf_ffff_ffffn

/** A flag is seen and then, with nothing between, memory accessed: its own CPU may do that the other way round. */
function isUnordered(own: readonly Action[]): boolean {
  const at = own.findIndex(({ fn }) => fn === 'await')
  return at !== -1 && own[at + 1]?.['fn'] === 'access'
}
