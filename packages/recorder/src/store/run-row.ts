import { InputError } from '@pagetrail/engine'
import type { Selectable, Updateable } from 'kysely'

import { didYouMean } from '../event/nearest.ts'
import type { Schema } from './schema.ts'
import { ASKED, type Run, type RunGeometry, type RunState } from '../event/run.ts'

/** What is known of a run when its recording begins. */
export interface RunMeta
  extends
    Pick<Run, 'label' | 'source' | 'created'>,
    Partial<Pick<Run, 'flavour' | 'kernel' | 'scenario' | 'geometry' | 'facts' | 't0' | 'lost'>> {}

/**
 * `state` is what it turned out to be, where that is not what the row says.
 *
 * @internal
 */
export function runOfRow(row: Selectable<Schema['run']>, state: RunState): Run {
  const {
    page_shift,
    va_bits,
    levels,
    facts,
    seal: _,
    ...same
  } = state === 'damaged' ? ofItsTypes(row) : row
  const geometry =
    page_shift === null || va_bits === null || levels === null
      ? null
      : { pageShift: Number(page_shift), vaBits: Number(va_bits), levels: Number(levels) }
  return {
    ...same,
    id: Number(row.id),
    state,
    geometry,
    facts: factsOf(facts),
    created: Number(same.created),
    events: Number(same.events),
    calls: Number(same.calls),
    lost: Number(same.lost),
  }
}

/** A damaged row can hold any value, and must not hide the other runs: what is of another type counts as nothing. */
function ofItsTypes(row: Selectable<Schema['run']>): Selectable<Schema['run']> {
  return {
    ...row,
    label: text(row.label),
    flavour: row.flavour === null ? null : text(row.flavour),
    kernel: row.kernel === null ? null : text(row.kernel),
    scenario: row.scenario === null ? null : text(row.scenario),
    facts: text(row.facts),
    t0: optional(row.t0),
    page_shift: optional(row.page_shift),
    va_bits: optional(row.va_bits),
    levels: optional(row.levels),
    created: number(row.created),
    events: number(row.events),
    calls: number(row.calls),
    lost: number(row.lost),
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '?')
const number = (value: unknown): bigint => (typeof value === 'bigint' ? value : 0n)
const optional = (value: unknown): bigint | null => (typeof value === 'bigint' ? value : null)

const UNREADABLE = { damaged: 'the facts of this run cannot be read; pagetrail verify says more' }

function factsOf(json: string): Run['facts'] {
  try {
    const facts: unknown = JSON.parse(json)
    return isObject(facts) ? facts : UNREADABLE
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return UNREADABLE
  }
}

const isObject = (value: unknown): value is Run['facts'] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type RunColumns = Updateable<Schema['run']>

/**
 * The columns of `run` that this part of its description sets.
 *
 * @internal
 */
export function columnsOf(meta: Partial<RunMeta>): RunColumns {
  const { created, facts, geometry, lost, ...same } = meta
  return {
    ...same,
    ...(created === undefined ? {} : { created: BigInt(Math.trunc(created)) }),
    ...(lost === undefined ? {} : { lost: BigInt(lost) }),
    ...(facts === undefined ? {} : { facts: JSON.stringify(facts) }),
    ...(geometry === undefined ? {} : geometryColumns(geometry)),
  }
}

function geometryColumns(
  geometry: RunGeometry | null,
): Pick<RunColumns, 'page_shift' | 'va_bits' | 'levels'> {
  return {
    page_shift: geometry ? BigInt(geometry.pageShift) : null,
    va_bits: geometry ? BigInt(geometry.vaBits) : null,
    levels: geometry ? BigInt(geometry.levels) : null,
  }
}

/** Why no run is meant by what the user wrote, with what is near. */
export function noSuchRun(runs: readonly Run[], spec: string, path: string): InputError {
  if (runs.length === 0) return new InputError(`${path} holds no run yet; record or import one`)
  if (/^-\d+$/.test(spec)) {
    const own = runs.filter(({ facts }) => !(ASKED in facts)).length
    const asked =
      own === runs.length ? '' : '; runs of files that a command named are found by id or label'
    return new InputError(`there is no run ${spec}: ${path} holds ${own}, -1 is the latest${asked}`)
  }
  const hint = didYouMean(
    spec,
    runs.map((run) => run.label),
  )
  const latest = runs.slice(-3).map((run) => `${run.id} ${run.label}`)
  return new InputError(
    `${path} has no run ${spec}${hint || `; the latest are ${latest.join(', ')}`}`,
  )
}
