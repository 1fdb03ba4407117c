import { expect, test } from 'vitest'

import { buildMachine, parseScenario, runSchedule } from '@pagetrail/engine'
import type { Cpu } from '@pagetrail/engine'

import { hookLog } from '../../support/hook-log.ts'
import { kernelCases } from '../../support/kernel/kernel-cases.ts'

const cases = kernelCases().map((text): unknown => JSON.parse(text))

test('there are cases', () => {
  expect(cases.length).toBeGreaterThan(500)
})

test('a CPU that is scheduled takes the callback for each entry, and does and reports the same', () => {
  for (const input of cases) {
    const scenario = parseScenario(input)
    const plain = hookLog()
    const plainMachine = buildMachine(scenario, plain.hooks)
    const results = scenario.calls.map((call) => plainMachine.call(call))

    const stepped = hookLog()
    const steppedMachine = buildMachine(scenario, stepped.hooks)
    const again: (number | null)[] = []
    const program = (cpu: Cpu): void => {
      again.length = 0
      for (const call of scenario.calls) again.push(steppedMachine.call(call, cpu))
    }
    runSchedule(steppedMachine, [program], '')

    expect(again, scenario.id).toEqual(results)
    // Only a scheduled run tells what is read.
    const told = stepped.lines.filter((line) => !line.startsWith('descRead'))
    expect(told, scenario.id).toEqual(plain.lines)
    expect([...steppedMachine.leaves()], scenario.id).toEqual([...plainMachine.leaves()])
  }
})

test('and without hooks the tables end the same', () => {
  for (const input of cases) {
    const scenario = parseScenario(input)
    const watched = buildMachine(scenario, hookLog().hooks)
    const quiet = buildMachine(scenario)
    for (const call of scenario.calls) expect(quiet.call(call)).toBe(watched.call(call))
    expect([...quiet.leaves()], scenario.id).toEqual([...watched.leaves()])
  }
})
