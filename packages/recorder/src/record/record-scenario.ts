import {
  type Area,
  buildMachine,
  type CallOutcome,
  fromVa,
  type GeometryChoice,
  geometryName,
  hexOf,
  type Implementation,
  type InitRun,
  implementScenario,
  InputError,
  parseScenario,
  type PlayedScenario,
  playScenario,
  printEntries,
  type Scenario,
} from '@pagetrail/engine'
import type { Json, TraceEvent } from '../event/kinds.ts'
import type { EventSink } from '../event/event-sink.ts'
import { EventDrain } from './event-drain.ts'
import { HookRecorder } from './hook-recorder.ts'
import type { Run, RunOrigin } from '../event/run.ts'
import type { RunFile } from '../store/run-file.ts'
import type { WriteOptions } from '../store/writing/run-writer.ts'

export interface EngineRunOptions {
  /** Said instead of the scenario's own; needed where it has none. */
  readonly flavour?: string
  readonly geometry?: GeometryChoice
  /** `0.0.1.0` instead of the scenario's own; only for one with several CPUs. */
  readonly schedule?: string
  /** Refuse an entry of the schedule that cannot run instead of passing it over. */
  readonly exact?: boolean
  /** Written behind the label: `~torn-span`. */
  readonly suffix?: string
  /** Calls that it has are made by it, the others by `flavour`, else its base, else the scenario's. */
  readonly implementation?: Implementation
  /** The run's label, made of `4k-48/6.18`; without it that stands behind the scenario's name. */
  readonly label?: (variant: string) => string
  /** Name of the scenario; the run's label is `name/4k-48/6.18`. */
  readonly name: string
  /** Added to the run's facts: the file of the scenario, of the module, … */
  readonly facts?: Readonly<Record<string, Json>>
  /** ms since 1970. */
  readonly created: number
  readonly write?: WriteOptions
}

export type CallResult = CallOutcome

export interface EngineRun {
  readonly run: Run
  readonly results: readonly CallResult[]
  /** Entries of the schedule that could not run. */
  readonly passedOver: number
  /** By step of the schedule: the first event from it on. */
  readonly stepSeqs: readonly number[]
}

/**
 * Runs a scenario (JSON in the corpus's form) on the engine, every observable thing appended as an event; the start
 * state comes first, as `init` and `area` events. The recorder has no clock: such a run has no timestamps.
 *
 * @throws InputError for a scenario that is wrong, before anything is written
 */
export function recordScenario(
  runFile: RunFile,
  input: unknown,
  options: EngineRunOptions,
): EngineRun {
  const { flavour, geometry, schedule, exact, implementation, created, write } = options
  const chosen = flavour ?? implementation?.base
  const parsed = parseScenario(input, { flavour: chosen, geometry, schedule, exact })
  const scenario = implementation === undefined ? parsed : implementScenario(parsed, implementation)
  // Built once without hooks: a start state that cannot be built must leave no run behind.
  const { levels, pageShift, vaBits } = buildMachine(scenario).geometry
  const source: RunOrigin = implementation ? 'module' : 'engine'
  const facts = {
    ...featuresOf(scenario),
    ...addressBits(scenario),
    ...given(input, ['cpus', 'mms']),
    ...options.facts,
  }
  const variant = `${geometryName(pageShift, vaBits)}/${labelOf(scenario, options)}${options.suffix ?? ''}`
  const writer = runFile.startRun(
    {
      label: options.label?.(variant) ?? `${options.name}/${variant}`,
      source,
      created,
      flavour: scenario.flavour.name,
      scenario: options.name,
      geometry: { pageShift, vaBits, levels },
      facts,
    },
    write,
  )
  try {
    startState(scenario, 2 ** pageShift, (event) => writer.append(event))
    const { played, stepSeqs } = makeCalls(scenario, writer)
    writer.finish('complete', { facts: { ...facts, ...interleavingOf(played) } })
    const passedOver = played.schedule?.passedOver ?? 0
    return { run: runFile.find(writer.id), results: played.outcomes, passedOver, stepSeqs }
  } catch (error) {
    // A schedule that does not fit is input, and leaves nothing. A bug of the engine's or a fault of the module's
    // leaves what happened until then, which helps to find it.
    if (error instanceof InputError && implementation === undefined) writer.abort()
    else writer.finish('interrupted')
    throw error
  }
}

const labelOf = ({ flavour }: Scenario, { implementation }: EngineRunOptions): string =>
  implementation?.name ?? flavour.name

/** Features and constants as the scenario gave them, in JSON. */
export function featuresOf({
  features,
  constants,
}: Scenario): Record<'features' | 'constants', Json> {
  const text = (value: boolean | number, name: string) =>
    name in constants || name === 'kfence_start' ? hexOf(fromVa(Number(value))) : value
  const jsonOf = (values: Readonly<Record<string, boolean | number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, v]) => [name, text(v, name)]))
  return { features: jsonOf({ ...features }), constants: jsonOf({ ...constants }) }
}

/** What a scenario says of its geometry that a run's row has no column for. */
function addressBits({ geometry }: Scenario): Record<string, Json> {
  const { pa_bits, va_bits_actual } = geometry
  return {
    ...(pa_bits !== undefined && { pa_bits }),
    ...(va_bits_actual !== undefined && { va_bits_actual }),
  }
}

/**
 * Parts of a scenario as it says them: what several CPUs are to do, as calls that were not reached have no events, and
 * address spaces besides init_mm, as VMAs have none.
 */
function given(input: unknown, names: readonly string[]): Record<string, Json> {
  if (typeof input !== 'object' || input === null) return {}
  const own = Object.entries(input).filter(([name]) => names.includes(name))
  return JSON.parse(JSON.stringify(Object.fromEntries(own))) as Record<string, Json>
}

/** Of init_mm, then of the others: a table of the lower half has addresses of its own. */
const startRuns = ({ init, mms }: Scenario): readonly InitRun[] => [
  ...init,
  ...mms.flatMap((mm) => mm.init),
]

/** The start state of a run: `init` and `area` events. */
export function startState(
  scenario: Scenario,
  pageSize: number,
  append: (e: TraceEvent) => void,
): void {
  const common = { seq: 0, cpu: 0, op: null, nest: 0, ts: null, task: null }
  for (const { va, level, desc, count, paStep } of startRuns(scenario)) {
    append({ kind: 'init', ...common, va, level, new: desc, count, pa_step: paStep })
  }
  for (const area of scenario.areas)
    append({ kind: 'area', ...common, ...areaFields(area, pageSize) })
}

function areaFields({ start, size, flags, nrPages, pages }: Area, pageSize: number) {
  const va = fromVa(start)
  return {
    va,
    end: BigInt.asUintN(64, va + BigInt(size)),
    flags: BigInt(flags),
    nr_pages: nrPages,
    pages: pages.map(({ pa, count }) => ({ pfn: hexOf(BigInt(pa / pageSize)), count })),
  }
}

function makeCalls(
  scenario: Scenario,
  sink: EventSink,
): { played: PlayedScenario; stepSeqs: readonly number[] } {
  const recorder = new HookRecorder(sink)
  const machine = buildMachine(scenario, recorder)
  const begun = startRuns(scenario).length + scenario.areas.length
  const stepSeqs: number[] = []
  const played = playScenario(
    machine,
    scenario,
    (op) => {
      recorder.nextOp = op
    },
    () => stepSeqs.push(begun + recorder.events),
  )
  return { played, stepSeqs }
}

/** What a run of the scenario would be recorded as, without a file: for those who look at many. */
export function scenarioEvents(
  scenario: Scenario,
  take: (event: TraceEvent) => void,
): PlayedScenario {
  const drain = new EventDrain(take)
  // Numbered by the drain, as a file numbers them.
  let seq = 0
  const { pageSize } = buildMachine(scenario).geometry
  startState(scenario, pageSize, (event) => take({ ...event, seq: seq++ }))
  drain.startAt(seq)
  const { played } = makeCalls(scenario, drain)
  drain.flush()
  return played
}

/** The schedule that was taken, in full, and the CPUs that were left waiting. */
function interleavingOf({ schedule }: PlayedScenario): Record<string, Json> {
  if (schedule === null) return {}
  const { entries, deadlocked } = schedule
  return { schedule: printEntries(entries), ...(deadlocked.length > 0 && { deadlocked }) }
}
