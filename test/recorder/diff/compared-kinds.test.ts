import { memorySource, type TraceEvent } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { diffRuns } from '../../../packages/recorder/src/diff/diff-runs.ts'
import { comparedKinds } from '../../../packages/recorder/src/diff/compared-kinds.ts'
import { engineRuns, pagesScenario } from '../../support/runs.ts'
import { AREA, hex } from '../../support/sample-run.ts'

const engine = { source: 'engine', facts: {}, flavour: '6.18' } as const
const full = { source: 'ftrace', facts: { definitions: 'full' }, flavour: '6.18' } as const
const lean = { source: 'ftrace', facts: { definitions: 'lean' }, flavour: '6.18' } as const

test('probes at entries and returns show no lazy MMU, barrier or flush; only 6.12 shows its TLBI', () => {
  expect(comparedKinds(full).has('lazy_mmu_enter')).toBe(true)
  expect(comparedKinds(lean).has('lazy_mmu_enter')).toBe(false)
  expect(comparedKinds(lean).has('tlb_flush')).toBe(false)
  expect(comparedKinds(full).has('tlbi')).toBe(false)
  expect(comparedKinds({ ...full, flavour: '6.12' }).has('tlbi')).toBe(true)
})

test('contexts and spans of the engine count beside the engine, not beside a capture', () => {
  expect(comparedKinds(engine).has('context')).toBe(true)
  expect(comparedKinds(engine, full).has('context')).toBe(false)
  expect(comparedKinds(engine, full).has('span_begin')).toBe(false)
})

test('two runs that differ in a context alone are told apart', async () => {
  const ro = { fn: 'set_memory_ro', addr: hex(AREA), numpages: 1 }
  const [run] = await engineRuns(pagesScenario(1, [ro]), '6.18')
  const events = [...run!.events()]
  const last = events.at(-1)!
  const { seq, op, cpu, ts, task } = last
  const context = (fn: string): TraceEvent => ({
    kind: 'context',
    fn,
    seq,
    cpu,
    op,
    nest: 1,
    ts,
    task,
  })
  const ending = (fn: string) => [...events.slice(0, -1), context(fn), { ...last, seq: seq + 1 }]
  const softirq = memorySource(run!.run, ending('softirq'))
  expect(diffRuns(softirq, memorySource(run!.run, ending('softirq'))).verdict).toBe('identical')
  expect(diffRuns(softirq, memorySource(run!.run, ending('irq'))).verdict).not.toBe('identical')
})
