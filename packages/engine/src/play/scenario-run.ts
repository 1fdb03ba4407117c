/** Runs a scenario: plainly, one call after the other on one CPU, or interleaved by its schedule. */
import { TLB_ACTIONS } from '../kernel/calls/actions.ts'
import type { Call } from '../kernel/calls/call-spec.ts'
import { setContext } from '../machine/context.ts'
import type { Cpu } from '../machine/cpu.ts'
import type { Context, Hooks } from '../machine/hooks.ts'
import type { LeafRun } from '../machine/leaf-runs.ts'
import { createMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import type { Scenario } from './scenario.ts'
import { runSchedule } from './schedule.ts'
import type { ScheduleOutcome } from './schedule.ts'
import type { Program } from './scheduled-cpu.ts'
import type { CpuWork } from './thread.ts'
import { type ScenarioChoice, parseScenario } from './parse-scenario.ts'

/** A machine in the scenario's start state. @throws InputError */
export function buildMachine(scenario: Scenario, hooks: Hooks | null = null): Machine {
  const { flavour, geometry, features, constants, calls, interleaved } = scenario
  const spokenOf = 1 + calls.reduce((highest, call) => Math.max(highest, call.otherCpu ?? 0), 0)
  const machine = createMachine({
    flavour,
    geometry,
    features,
    constants,
    hooks,
    cpus: Math.max(spokenOf, interleaved?.programs.length ?? 1),
    ...(calls.some((call) => TLB_ACTIONS.includes(call.fn)) && { tlb: true }),
  })
  for (const [i, run] of scenario.init.entries()) machine.map(run, `init[${i}]`)
  for (const area of scenario.areas) machine.addArea(area)
  for (const [i, mm] of scenario.mms.entries()) machine.addMm(mm, `mms[${i}]`)
  return machine
}

/** What came of one call. */
export interface CallOutcome {
  readonly fn: string
  /** Null unless it returned. */
  readonly ret: number | null
  /** `stopped`: it did not return. `waiting`: it waits for a lock for ever. `not reached`: one before it did so. */
  readonly outcome: 'returned' | 'stopped' | 'unsupported' | 'not reached' | 'waiting'
}

export interface PlayedScenario {
  /** In the order of the scenario's calls. */
  readonly outcomes: readonly CallOutcome[]
  /** Null of a plain run. */
  readonly schedule: ScheduleOutcome | null
}

/** Called before each call is made, by its index; of an interleaved one each time its program is run again. */
export type OnCall = (index: number) => void

/** Makes the scenario's calls on a machine of {@link buildMachine}. */
export function playScenario(
  machine: Machine,
  scenario: Scenario,
  onCall: OnCall = () => {},
  onStep?: (step: number) => void,
): PlayedScenario {
  const outcomes = scenario.calls.map(({ fn }): CallOutcome => ({
    fn,
    ret: null,
    outcome: 'not reached',
  }))
  const make: MakeCall = (cpu, call, index) => {
    if (cpu.stopped) return null
    onCall(index)
    outcomes[index] = { fn: call.fn, ret: null, outcome: 'waiting' }
    const ret = machine.call(call, cpu)
    const missing = cpu.stopped ? 'stopped' : 'unsupported'
    outcomes[index] = { fn: call.fn, ret, outcome: ret === null ? missing : 'returned' }
    return ret
  }
  const { interleaved } = scenario
  if (interleaved === null) {
    const cpu = machine.cpu(0)
    for (const [index, call] of scenario.calls.entries()) make(cpu, call, index)
    return { outcomes, schedule: null }
  }
  const { schedule, exact } = interleaved
  const works = scenarioWorks(scenario, make)
  return { outcomes, schedule: runSchedule(machine, works, schedule, { exact, onStep }) }
}

/** Makes one call of a program, by its index in the scenario. */
export type MakeCall = (cpu: Cpu, call: Call, index: number) => number | null | void

/** What the CPUs of a scenario with several do. After each call only what it returned is remembered of it. */
export function scenarioWorks(
  { calls, interleaved }: Scenario,
  make: MakeCall,
): readonly CpuWork[] {
  const programOf = (first: number, count: number, context: Context | null): Program => {
    const own = calls.slice(first, first + count)
    return (cpu) => {
      if (context !== null) setContext(cpu, context)
      const mark = cpu.stepper?.mark() ?? 0
      const returned: (number | null)[] = []
      for (const [i, call] of own.entries()) {
        returned.push(make(cpu, call, first + i) ?? null)
        cpu.stepper?.settled(mark, returned.join())
      }
    }
  }
  return (interleaved?.programs ?? []).map(({ first, count, context, interrupts }) => ({
    program: programOf(first, count, context),
    interrupts: interrupts.map((each) => ({
      context: each.context,
      isAgain: each.isAgain,
      program: programOf(each.first, each.count, null),
    })),
  }))
}

export interface ScenarioOutcome {
  /** By call; null as {@link Machine.call} gives it. */
  readonly results: readonly (number | null)[]
  readonly final: readonly LeafRun[]
  /** Null of a plain run. */
  readonly schedule: ScheduleOutcome | null
}

/** Parses, builds and runs. @throws InputError */
export function runScenario(
  input: unknown,
  choice: ScenarioChoice = {},
  hooks: Hooks | null = null,
): ScenarioOutcome {
  const scenario = parseScenario(input, choice)
  const machine = buildMachine(scenario, hooks)
  const { outcomes, schedule } = playScenario(machine, scenario)
  return { results: outcomes.map(({ ret }) => ret), final: [...machine.leaves()], schedule }
}
