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
  const { page_shift, va_bits, levels, facts, seal: _, ...same } = row
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
    created: Number(row.created),
    events: Number(row.events),
    calls: Number(row.calls),
    lost: Number(row.lost),
  }
}

/** A damaged row must not hide the other runs; verify reports it. */
function factsOf(text: string): Run['facts'] {
  try {
    return JSON.parse(text) as Run['facts']
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { damaged: 'the facts of this run cannot be read; pagetrail verify says more' }
  }
}

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
