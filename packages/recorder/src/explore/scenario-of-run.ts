import { hexOf, InputError } from '@pagetrail/engine'
import type { EventOf, Json } from '../event/kinds.ts'
import type { EventSource } from '../event/run.ts'

/**
 * The scenario of a recorded run, in JSON: what its CPUs were to do and the features are in its facts, the start state
 * is its first events. Whatever the run did differently than the library's scenario of that name is so in it.
 * @throws InputError for a run that was not made from a scenario with several CPUs, or was recorded before runs held it
 */
export function scenarioOfRun(source: EventSource): Readonly<Record<string, Json>> {
  const { run } = source
  const refuse = (why: string): never => {
    throw new InputError(`run ${run.id} ${run.label} cannot be explored: ${why}`)
  }
  if (run.source === 'tree') {
    refuse('it was made by a kernel tree; `pagetrail tree DIR --explore SCENARIO` searches there')
  }
  if (run.source !== 'engine' && run.source !== 'module') {
    refuse('it was imported, and only what the engine runs can be run in other orders')
  }
  const { cpus, features = {}, constants = {}, schedule } = run.facts
  if (schedule === undefined) refuse('it has one CPU, so there is nothing to search')
  if (cpus === undefined) {
    refuse('it does not hold what its CPUs were to do; record the scenario again')
  }
  const { geometry } = run
  const { va_bits_actual, pa_bits } = run.facts
  const start = [...startEvents(source)]
  return {
    name: run.scenario ?? run.label,
    flavour: run.flavour,
    geometry: {
      page_shift: geometry?.pageShift ?? 12,
      va_bits: geometry?.vaBits ?? 48,
      ...(va_bits_actual !== undefined && { va_bits_actual }),
      ...(pa_bits !== undefined && { pa_bits }),
    },
    features,
    constants,
    init: start.filter((e) => e.kind === 'init').map(initOf),
    areas: start.filter((e) => e.kind === 'area').map(areaOf),
    cpus: cpus ?? [],
    schedule: schedule ?? '',
  }
}

function* startEvents(source: EventSource): Generator<EventOf<'init'> | EventOf<'area'>> {
  for (const event of source.events()) {
    if (event.kind !== 'init' && event.kind !== 'area') return
    yield event
  }
}

/** The engine reads all that it records of a start state. */
const text = (value: bigint | null): string => hexOf(value ?? 0n)

const initOf = ({ va, level, new: desc, count, pa_step }: EventOf<'init'>): Json => ({
  va: text(va),
  level,
  desc: text(desc),
  count,
  pa_step: text(pa_step),
})

const areaOf = ({ va, end, flags, nr_pages, pages }: EventOf<'area'>): Json => ({
  start: text(va),
  size: text((end ?? 0n) - (va ?? 0n)),
  flags: text(flags),
  nr_pages,
  pages,
})
