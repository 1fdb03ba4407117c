import { checkRun, type EventSource, memorySource, undecided } from '@pagetrail/recorder'
import { beforeAll, describe, expect, test } from 'vitest'

import { mutantBases } from '../../support/mutants/mutant-bases.ts'
import { Marked } from '../../support/mutants/marked-run.ts'
import { MUTATIONS, numbered, spread } from '../../support/mutants/mutants.ts'
import { captures, engineRuns, fixture } from '../../support/runs.ts'
import mutants from './mutants.json' with { type: 'json' }

let bases: (readonly [string, EventSource])[]
beforeAll(async () => {
  bases = await mutantBases({ captures, engineRuns, fixture })
})

test('the sound runs have no error and no warning', () => {
  for (const [name, source] of bases) {
    const bad = checkRun(source).findings.filter(({ severity }) => severity !== 'note')
    expect(bad, name).toEqual([])
  }
})

test('the table in docs/hazards.md is of these faults, and none was missed', () => {
  expect(mutants.table.map(({ fault }) => fault)).toEqual(MUTATIONS.map(({ name }) => name))
  expect(mutants.table.length).toBeGreaterThanOrEqual(30)
  expect(mutants.table.filter(({ missed }) => missed > 0)).toEqual([])
})

describe('a fault is found by its rule, or named undecided', () => {
  test.each(MUTATIONS)('$name', (mutation) => {
    let tried = 0
    for (const [name, source] of bases) {
      const run = new Marked([...source.events()])
      for (const at of spread(mutation.sites(run), 1)) {
        const report = checkRun(memorySource(source.run, numbered(mutation.make(run, at))))
        const fired = report.findings.some(({ rule }) => mutation.rules.includes(rule))
        const open = new Set(undecided(report).map((v) => v.rule))
        const isOpen = mutation.rules.every((rule) => open.has(rule))
        expect(fired || isOpen, `${name} at ${at}`).toBe(true)
        tried++
      }
    }
    expect(tried).toBeGreaterThan(0)
  })
})
