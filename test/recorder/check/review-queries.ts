import { buildMachine, masksFor, parseScenario } from '@pagetrail/engine'
import {
  isHarm,
  type Kind,
  PageState,
  scenarioNamed,
  SCENARIOS,
  type TraceEvent,
} from '@pagetrail/recorder'
import { Observers } from '../../../packages/recorder/src/observers/observers.ts'
import { heldVersions } from '../../../packages/recorder/src/observers/held-versions.ts'
import { FLAVOURS, type FlavourName, type Library } from './library.ts'

import type { Searched } from './review-explore.ts'

/**
 * How an item of the review is answered: by scenarios of the library; by `pagetrail explore`;
 * by captures of real kernels; or not at all, because there is nothing to run.
 */
export type ReviewItem =
  | {
      readonly n: number
      readonly item: string
      readonly by: 'scenario'
      readonly scenarios: readonly string[]
      /** What came out, in words; and whether it is what the item says. */
      readonly shows: (library: Library) => string
      readonly holds: (library: Library) => boolean
    }
  | {
      readonly n: number
      readonly item: string
      readonly by: 'explore'
      readonly searches: readonly Searched[]
      /** Whether what came out is what the item says, or that it does not hold. */
      readonly holds: () => boolean
    }
  | {
      readonly n: number
      readonly item: string
      readonly by: 'capture'
      readonly shows: (library: Library) => string
      readonly holds: (library: Library) => boolean
    }
  | { readonly n: number; readonly item: string; readonly by: 'meta'; readonly why: string }

export const PAGEWALK: readonly FlavourName[] = ['seed-v1', '6.18', '7.3']

export const perFlavour = (of: (flavour: FlavourName) => string | number): string =>
  FLAVOURS.map((flavour) => `${flavour} ${of(flavour)}`).join(' · ')

export const results = (scenario: string) => (l: Library) =>
  perFlavour((flavour) => l.results(scenario, flavour))

export const counts = (scenario: string, kind: Kind, what: string) => (l: Library) =>
  `${what}: ${perFlavour((flavour) => l.count(scenario, flavour, kind))}`

export const rules =
  (scenario: string, ...names: readonly string[]) =>
  (l: Library) =>
    `${names.join(', ')}: ${perFlavour((f) => {
      const fired = names.filter((name) => l.fires(scenario, f, name))
      return fired.length === 0 ? 'no' : names.length === 1 ? 'fires' : fired.join('+')
    })}`

export const firesOn = (l: Library, scenario: string, rule: string): string =>
  FLAVOURS.filter((flavour) => l.fires(scenario, flavour, rule)).join(' ')

/** Leaves at the end, as text. */
export function finalLeaves(l: Library, scenario: string, flavour: FlavourName): string {
  const state = new PageState({ geometry: null, complete: true })
  for (const e of l.run(scenario, flavour).events) state.apply(e)
  const leaves: string[] = []
  state.eachLeaf((level, address, lo, hi) => leaves.push(`${level} ${address} ${lo} ${hi}`))
  return leaves.join('\n')
}

/** Levels whose callbacks were entered, in the order of the first. */
export const levelsEntered = (l: Library, scenario: string, flavour: FlavourName): string =>
  [...new Set(l.events(scenario, flavour, 'cb_enter').map((e) => e.level))].join(' ') || 'none'

export const stores = (l: Library, scenario: string, flavour: FlavourName) =>
  l.events(scenario, flavour, 'desc_write')

export const storeText = (l: Library, scenario: string, flavour: FlavourName): string =>
  stores(l, scenario, flavour)
    .map((e) => `${e.level} ${e.va} ${e.old} ${e.new}`)
    .join('\n')

export const inOp = (
  l: Library,
  scenario: string,
  flavour: FlavourName,
  op: number,
): TraceEvent[] => l.run(scenario, flavour).events.filter((e) => e.op === op)

export const countIn = (events: readonly TraceEvent[], kind: Kind): number =>
  events.filter((e) => e.kind === kind).length

export const lockModes = (l: Library, scenario: string, flavour: FlavourName): string =>
  [...new Set(l.events(scenario, flavour, 'lock').map((e) => `${e.fn} (${e.mode})`))].join(', ') ||
  'none'

export const scenario = (
  n: number,
  item: string,
  scenarios: readonly string[],
  shows: (l: Library) => string,
  holds: (l: Library) => boolean,
): ReviewItem => ({ n, item, by: 'scenario', scenarios, shows, holds })
export const explored = (
  n: number,
  item: string,
  searches: readonly Searched[],
  holds: () => boolean,
): ReviewItem => ({ n, item, by: 'explore', searches, holds })
export const captured = (
  n: number,
  item: string,
  shows: (l: Library) => string,
  holds: (l: Library) => boolean,
): ReviewItem => ({ n, item, by: 'capture', shows, holds })
export const meta = (n: number, item: string, why: string): ReviewItem => ({
  n,
  item,
  by: 'meta',
  why,
})

/** After how many events of a run a TLB may still use an old entry that does harm, and whether it may at the end. */
export function window(l: Library, name: string, flavour: FlavourName): [number, boolean] {
  const { run, events } = l.run(name, flavour)
  const observers = new Observers(run)
  const isHarmful = (): boolean => heldVersions(observers).some((v) => isHarm(v.relation))
  let count = 0
  for (const e of events) {
    observers.apply(e)
    if (isHarmful()) count++
  }
  observers.finish()
  return [count, isHarmful()]
}

/** Scenarios of the library whose machine can split live blocks. */
const WITH_BBML: readonly string[] = SCENARIOS.filter(
  ({ json }) => (json as { features?: { bbml?: unknown } }).features?.bbml === true,
).map(({ name }) => name)

export const warnedWithBbml = (l: Library, flavour: FlavourName): string[] =>
  WITH_BBML.filter((name) => l.count(name, flavour, 'warn') > 0)

/** What set_memory_valid() sets and clears at once, off and on; the order of both shows in these bits alone. */
export function inBothMasks(name: string, flavour: FlavourName): [off: number, on: number] {
  const { json, geometry } = scenarioNamed(name)
  const [cpu] = buildMachine(parseScenario(json, { flavour, geometry })).cpus
  const both = (change: 'invalid' | 'valid'): number => {
    const { set, clear } = masksFor(cpu!, change)
    return (set.lo & clear.lo) >>> 0
  }
  return [both('invalid'), both('valid')]
}

/** Stores by callbacks at pgd or p4d level, over the whole library. */
export function topStores(l: Library): number {
  let count = 0
  for (const [, , { events }] of l.all()) {
    let inTop = false
    for (const e of events) {
      if (e.kind === 'cb_enter') inTop = e.level === 'pgd' || e.level === 'p4d'
      else if (e.kind === 'cb_exit') inTop = false
      else if (e.kind === 'desc_write' && inTop) count++
    }
  }
  return count
}

export const warnings = (l: Library, which: (name: string) => boolean): number =>
  [...l.all()]
    .filter(([name]) => which(name))
    .reduce((sum, [name, flavour]) => sum + l.count(name, flavour, 'warn'), 0)
