import { InputError } from '@pagetrail/engine'
import accesses from '@pagetrail/engine/scenarios/accesses.json' with { type: 'json' }
import aliases from '@pagetrail/engine/scenarios/aliases.json' with { type: 'json' }
import boot from '@pagetrail/engine/scenarios/boot.json' with { type: 'json' }
import clean from '@pagetrail/engine/scenarios/clean.json' with { type: 'json' }
import contexts from '@pagetrail/engine/scenarios/contexts.json' with { type: 'json' }
import contiguousSpans from '@pagetrail/engine/scenarios/contiguous-spans.json' with { type: 'json' }
import flushes from '@pagetrail/engine/scenarios/flushes.json' with { type: 'json' }
import holes from '@pagetrail/engine/scenarios/holes.json' with { type: 'json' }
import interleavings from '@pagetrail/engine/scenarios/interleavings.json' with { type: 'json' }
import invalidBlocks from '@pagetrail/engine/scenarios/invalid-blocks.json' with { type: 'json' }
import lazyMmu from '@pagetrail/engine/scenarios/lazy-mmu.json' with { type: 'json' }
import liveChanges from '@pagetrail/engine/scenarios/live-changes.json' with { type: 'json' }
import nestedCalls from '@pagetrail/engine/scenarios/nested-calls.json' with { type: 'json' }
import otherTables from '@pagetrail/engine/scenarios/other-tables.json' with { type: 'json' }
import partialBlocks from '@pagetrail/engine/scenarios/partial-blocks.json' with { type: 'json' }
import preemption from '@pagetrail/engine/scenarios/preemption.json' with { type: 'json' }
import severalCpus from '@pagetrail/engine/scenarios/several-cpus.json' with { type: 'json' }
import walkers from '@pagetrail/engine/scenarios/walkers.json' with { type: 'json' }
import splitRace from '@pagetrail/engine/scenarios/split-race.json' with { type: 'json' }
import { didYouMean } from '../event/nearest.ts'

/**
 * A scenario that comes with Pagetrail. `json` is its start state and calls in the corpus's form, which the engine's
 * parseScenario() and recordScenario() take; flavour and geometry are chosen when it is run.
 */
export interface LibraryScenario {
  readonly name: string
  /** What it shows, in a sentence. */
  readonly sentence: string
  /** The theme it belongs to: `partial-blocks`, `flushes`, … */
  readonly group: string
  /** Its geometry, where it is not about 4K pages and 48 bits. */
  readonly geometry: LibraryGeometry
  readonly json: unknown
}

export interface LibraryGeometry {
  readonly page_shift: number
  readonly va_bits: number
}

/** What the JSON files hold besides the scenario itself. */
interface Entry {
  readonly name: string
  readonly sentence: string
  readonly geometry?: LibraryGeometry
}

const USUAL: LibraryGeometry = { page_shift: 12, va_bits: 48 }

const group = (name: string, entries: readonly Entry[]): LibraryScenario[] =>
  entries.map((json) => ({
    name: json.name,
    sentence: json.sentence,
    group: name,
    geometry: json.geometry ?? USUAL,
    json,
  }))

/** Every scenario of the library, by theme. */
export const SCENARIOS: readonly LibraryScenario[] = [
  ...group('clean', clean),
  ...group('partial-blocks', partialBlocks),
  ...group('contiguous-spans', contiguousSpans),
  ...group('live-changes', liveChanges),
  ...group('flushes', flushes),
  ...group('lazy-mmu', lazyMmu),
  ...group('contexts', contexts),
  ...group('preemption', preemption),
  ...group('nested-calls', nestedCalls),
  ...group('invalid-blocks', invalidBlocks),
  ...group('holes', holes),
  ...group('aliases', aliases),
  ...group('walkers', walkers),
  ...group('other-tables', otherTables),
  ...group('boot', boot),
  ...group('accesses', accesses),
  ...group('several-cpus', severalCpus),
  ...group('split-race', splitRace),
]

/** Scenarios for the search of interleavings; what each comes to is in its `expect`. */
export const INTERLEAVINGS: readonly LibraryScenario[] = group('interleavings', interleavings)

/** @throws InputError naming the nearest one. */
export function scenarioNamed(name: string): LibraryScenario {
  const all = [...SCENARIOS, ...INTERLEAVINGS]
  const found = all.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  const names = all.map((scenario) => scenario.name)
  throw new InputError(
    `no scenario ${name}${didYouMean(name, names)}; pagetrail scenarios lists them`,
  )
}
