import { buildMachine, FLAVOURS, InputError, parseScenario, playScenario } from '@pagetrail/engine'
import { HookRecorder, SCENARIOS, type TraceEvent } from '@pagetrail/recorder'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { CallTree, type Misfit } from '../../../packages/recorder/src/event/call-tree.ts'
import { EventDrain } from '../../../packages/recorder/src/record/event-drain.ts'

/** What does not fit the call tree, and whether each event stands at the depth that those before it make. */
function misfitsOf(json: unknown, choice: { flavour: string; schedule?: string }): Misfit[] {
  const tree = new CallTree()
  const found: Misfit[] = []
  const take = (event: TraceEvent): void => {
    const depth = tree.depth(event)
    if (depth !== event.nest) found.push({ seq: event.seq, message: `at depth ${event.nest}` })
    const misfit = tree.take(event)
    if (misfit) found.push(misfit)
  }
  const sink = new EventDrain(take)
  const recorder = new HookRecorder(sink)
  const scenario = parseScenario(json, choice)
  const { schedule } = playScenario(buildMachine(scenario, recorder), scenario, (op) => {
    recorder.nextOp = op
  })
  sink.flush()
  return [...found, ...tree.end(schedule?.deadlocked ?? [])]
}

const FLAVOUR_NAMES = FLAVOURS.map(({ name }) => name)

/** Whether a scenario can be run in a flavour; what it names may not exist there. */
function runs(json: unknown, flavour: string): boolean {
  try {
    buildMachine(parseScenario(json, { flavour }))
    return true
  } catch (error) {
    if (error instanceof InputError) return false
    throw error
  }
}

const PLAYABLE = SCENARIOS.flatMap((scenario) =>
  FLAVOUR_NAMES.filter((flavour) => runs(scenario.json, flavour)).map((flavour) => ({
    name: scenario.name,
    json: scenario.json,
    flavour,
  })),
)

test('every scenario can be run in some flavour', () => {
  expect(new Set(PLAYABLE.map(({ name }) => name)).size).toBe(SCENARIOS.length)
})

test.each(PLAYABLE)(
  '$name on $flavour: every begin has its end, at its depth',
  ({ json, flavour }) => {
    expect(misfitsOf(json, { flavour })).toEqual([])
  },
)

const INTERLEAVED = PLAYABLE.filter(
  ({ json, flavour }) => parseScenario(json, { flavour }).interleaved !== null,
)

test.each(INTERLEAVED)('$name on $flavour: on any schedule', ({ json, flavour }) => {
  const { interleaved } = parseScenario(json, { flavour })
  const cpus = interleaved?.programs.length ?? 0
  const schedules = fc.array(fc.nat(cpus - 1), { minLength: 1, maxLength: 150 })
  fc.assert(
    fc.property(schedules, (steps) => {
      expect(misfitsOf(json, { flavour, schedule: steps.join('.') })).toEqual([])
    }),
    { numRuns: 40 },
  )
})

test('a run whose callback did not report its return does not fit', () => {
  const [first] = INTERLEAVED
  expect(INTERLEAVED.length).toBeGreaterThan(20)
  const events: TraceEvent[] = []
  const sink = new EventDrain((event) => events.push(event))
  const scenario = parseScenario(first!.json, { flavour: '7.3' })
  playScenario(buildMachine(scenario, new HookRecorder(sink)), scenario)
  sink.flush()
  const at = events.findIndex(({ kind }) => kind === 'cb_exit')
  const tree = new CallTree()
  const misfits = events.toSpliced(at, 1).flatMap((event) => tree.take(event) ?? [])
  expect(misfits[0]?.message).toMatch(/comes before the end of cb_enter of|closes nothing/)
})
