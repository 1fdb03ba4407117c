import {
  conformOnTree,
  eventToJson,
  openRuns,
  recordOnTree,
  recordScenario,
  SCENARIOS,
} from '@pagetrail/recorder'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasTree, testTree, testWorkshop, USUAL } from '../../support/kernel/kernel-trees.ts'

const MINUTES = 60_000
const CASES = join(import.meta.dirname, '../../fixtures/corpus/kernel.jsonl.gz')

/** Groups about the engine's model, whose CPUs step otherwise, or with what only the engine can do. */
const ENGINE_ONLY = new Set([
  'accesses',
  'several-cpus',
  'split-race',
  'preemption',
  'nested-calls',
  'other-tables',
])

/** The events of a run without their numbers and places in a source. */
const placeless = (events: Iterable<Parameters<typeof eventToJson>[0]>) =>
  [...events].map((event) => {
    const { src: _src, seq: _seq, ...json } = eventToJson(event)
    return JSON.stringify(json)
  })

describe.runIf(hasTree())('a kernel tree', () => {
  test(
    "cases of the kernel's own code are equal, event for event",
    async () => {
      const workshop = await testWorkshop()
      const tree = await testTree(workshop)
      const verdicts = conformOnTree(workshop, tree, createReadStream(CASES), CASES, {
        geometries: [USUAL],
      })
      const tally = { equal: 0, unequal: 0, 'cannot-run': 0, 'passed-over': 0 }
      for await (const { verdict } of verdicts) {
        tally[verdict]++
        if (tally.equal === 200) break
      }
      expect(tally).toMatchObject({ unequal: 0, 'cannot-run': 0 })
      expect(tally.equal).toBeGreaterThan(30)
    },
    5 * MINUTES,
  )

  test(
    'the engine does the same in every scenario of the library that has one CPU',
    async () => {
      const workshop = await testWorkshop()
      const tree = await testTree(workshop)
      const built = await workshop.build(tree, USUAL)
      const runFile = await openRuns(':memory:', { mode: 'write' })
      const same: string[] = []
      for (const { name, json, group } of SCENARIOS) {
        if (ENGINE_ONLY.has(group) || name.startsWith('realm')) continue
        const options = { name, created: 0 }
        const onTree = await recordOnTree(runFile, workshop.harness(built), built, json, options)
        const onEngine = recordScenario(runFile, json, {
          ...options,
          flavour: tree.release,
          geometry: USUAL.choice,
        })
        const events = (run: typeof onTree.run) => placeless(runFile.source(run).events())
        expect(events(onTree.run), name).toEqual(events(onEngine.run))
        expect(onTree.results, name).toEqual(onEngine.results)
        expect(onTree.incomplete).toBeNull()
        same.push(name)
      }
      runFile.close()
      expect(same.length).toBeGreaterThan(90)
    },
    5 * MINUTES,
  )
})
