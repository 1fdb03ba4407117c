import { createMachine, type Scenario } from '@pagetrail/engine'
import {
  type EventSource,
  scenarioEvents,
  memorySource,
  type Run,
  type TraceEvent,
} from '@pagetrail/recorder'

import { SAMPLE_RUN } from './sample-run.ts'

/** What the file would say of a run of this scenario. */
export function runRow(scenario: Scenario, fields: Partial<Run> = {}): Run {
  const { pageShift, vaBits, levels } = createMachine(scenario).geometry
  return {
    ...SAMPLE_RUN,
    flavour: scenario.flavour.name,
    geometry: { pageShift, vaBits, levels },
    facts: { features: { ...scenario.features } },
    created: 0,
    ...fields,
  }
}

/** A run of the scenario as it would be recorded, in memory. */
export function playedRun(scenario: Scenario, name: string): EventSource {
  const events: TraceEvent[] = []
  scenarioEvents(scenario, (event) => events.push(event))
  const row = runRow(scenario, { label: name, scenario: name, events: events.length })
  return memorySource(row, events)
}
