/** What `explore` is to search: scenarios by name or file, runs, each with its regime of locks and its walkers. */
import {
  createGeometry,
  type GeometryChoice,
  geometryName,
  implementScenario,
  InputError,
  parseScenario,
  type Scenario,
} from '@pagetrail/engine'
import { openRuns, type Run, scenarioOfRun } from '@pagetrail/recorder'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { LoadedModule } from './module-file.ts'
import { findScenarios, type NamedScenario } from './scenario-file.ts'
import type { Job } from './scenario-jobs.ts'
import type { Session } from './session.ts'
import { VERSION } from './version.ts'

/** What excludes the CPUs from each other: see hazard H8. */
const LOCKS = {
  kernel: {},
  none: { split_lock: false },
  cpa: { split_lock: false, cpa_lock: true },
} as const
export const LOCK_REGIMES = ['kernel', 'none', 'cpa'] as const
export type LockRegime = (typeof LOCK_REGIMES)[number]
export const WALKERS = ['sc', 'weak'] as const

/** One search to be made. */
export interface Search {
  readonly job: Job
  readonly locks: LockRegime
}

export interface SearchChoice {
  readonly walkers?: (typeof WALKERS)[number] | undefined
  readonly fills?: number | undefined
}

export function locksNamed(name: string): LockRegime {
  const found = LOCK_REGIMES.find((known) => known === name)
  if (found !== undefined) return found
  throw new InputError(`there are no locks ${name}; they are one of ${LOCK_REGIMES.join(', ')}`)
}

/** A scenario by name or file; what is neither is a run of the database, whose scenario it is. */
export async function findExplorable(
  session: Session,
  spec: string,
  loaded: LoadedModule | undefined,
): Promise<readonly NamedScenario[]> {
  if (existsSync(spec)) return findScenarios(spec)
  const ofRun = await scenarioOfRunNamed(session, spec, loaded)
  if (ofRun !== null) return [ofRun]
  if (!spec.includes('/')) return findScenarios(spec)
  throw new InputError(`${spec} is neither a file nor a run of ${session.options.db}`)
}

/** Null: there is no such run. The database is closed again, before the search opens it to record. */
async function scenarioOfRunNamed(
  { options: { db }, proofs }: Session,
  spec: string,
  loaded: LoadedModule | undefined,
): Promise<NamedScenario | null> {
  if (!existsSync(db)) return null
  const runFile = await openRuns(db, { mode: 'read', proofs })
  try {
    const run = /^-?\d+$/.test(spec) ? runFile.find(spec) : runFile.lookUp(spec)
    if (run === undefined) return null
    const json = scenarioOfRun(runFile.source(run))
    refuseOtherModule(run, loaded)
    const { file } = run.facts
    const facts = { ...(file !== undefined && { file }), explored_run: run.id }
    const name = run.scenario ?? run.label
    return { name, json, where: `run ${run.id}`, hasFlavour: true, geometry: undefined, facts }
  } finally {
    runFile.close()
  }
}

function refuseOtherModule({ id, facts }: Run, loaded: LoadedModule | undefined): void {
  const { module: file, module_sha256: sha256 } = facts
  if (sha256 === undefined || sha256 === loaded?.facts.module_sha256) return
  const why =
    loaded === undefined
      ? 'give it with --module'
      : 'the one that is given is another, or has changed since'
  throw new InputError(`run ${id} was made by the module ${String(file)}: ${why}`)
}

/**
 * The scenario with the regime of locks, the walkers and the fills that are asked for: what is searched is what is
 * recorded.
 */
export function inputOf({ job, locks }: Search, { walkers, fills }: SearchChoice): unknown {
  const json = withFills(job.scenario.json, fills)
  const chosen = walkers ?? (hasAccesses(json) ? 'weak' : 'sc')
  const weak: Readonly<Record<string, boolean>> =
    chosen === 'weak' ? { weak_walkers: true, tlb_model: true } : {}
  return withFeatures(json, { ...LOCKS[locks], ...weak })
}

export function parseSearch(
  search: Search,
  choice: SearchChoice,
  loaded: LoadedModule | undefined,
): Scenario {
  const { flavour, geometry } = search.job
  const chosen = flavour ?? loaded?.implementation.base
  const parsed = parseScenario(inputOf(search, choice), { flavour: chosen, geometry })
  return loaded === undefined ? parsed : implementScenario(parsed, loaded.implementation)
}

/** `two-in-one-span/4k-48/6.18`. */
export function labelOf(
  { job: { scenario } }: Search,
  { geometry, flavour }: Scenario,
  loaded: LoadedModule | undefined,
): string {
  const { pageShift, vaBits } = createGeometry(geometry satisfies GeometryChoice)
  const name = loaded?.implementation.name ?? flavour.name
  return `${scenario.name}/${geometryName(pageShift, vaBits)}/${name}`
}

/** What distinguishes one search from another: a search that was stopped goes on only as the same. */
export function keyOf(
  scenario: Scenario,
  how: Readonly<Record<string, unknown>>,
  loaded: LoadedModule | undefined,
): string {
  const { interleaved, flavour, ...rest } = scenario
  const programs = interleaved?.programs
  const facts = loaded?.facts
  const all = { version: VERSION, flavour: flavour.name, ...rest, programs, how, facts }
  const text = JSON.stringify(all, (_name, value: unknown) =>
    typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
  )
  return createHash('sha256').update(text).digest('hex')
}

/** Whether a program of it accesses memory: then what walkers may see matters. */
const hasAccesses = (json: unknown): boolean => /"fn":\s*"access"/.test(JSON.stringify(json) ?? '')

/** The scenario with another number of fills on each CPU that makes some. */
function withFills(json: unknown, times: number | undefined): unknown {
  if (times === undefined || !isObject(json) || !Array.isArray(json['cpus'])) return json
  const cpus = json['cpus'].map((cpu: unknown) =>
    isObject(cpu) && isObject(cpu['fills']) ? { ...cpu, fills: { ...cpu['fills'], times } } : cpu,
  )
  return { ...json, cpus }
}

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null

/** The scenario with features that differ; anything but an object is left to the parser. */
function withFeatures(json: unknown, more: Readonly<Record<string, boolean>>): unknown {
  if (typeof json !== 'object' || json === null || Object.keys(more).length === 0) return json
  const features = 'features' in json && typeof json.features === 'object' ? json.features : {}
  return { ...json, features: { ...features, ...more } }
}
