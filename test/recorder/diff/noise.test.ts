import { diffLines, diffRuns, type EventSource, type TraceEvent } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { runOf } from '../../support/runs.ts'
import { AREA, eventsOf, initOf, setMemoryRo } from '../../support/sample-run.ts'

const PAGES = 0x10_0000n
const FLUSH: ReadonlySet<string> = new Set(['tlb_flush', 'tlbi'])

/** Calls on ranges of their own; `-` lacks its flush, `!` is not made at all. */
function run(text: string): EventSource {
  const areas = [...text].map((_, i) => AREA + BigInt(i) * PAGES)
  const calls = [...text].flatMap((how, i): TraceEvent[] => {
    if (how === '!') return []
    const events = eventsOf(setMemoryRo(3, areas[i]!), i)
    return how === '-' ? events.filter(({ kind }) => !FLUSH.has(kind)) : events
  })
  return runOf([...areas.flatMap((va) => eventsOf([initOf(3, va)], null)), ...calls])
}

const compared = (left: string, right: string, again: string) =>
  diffRuns(run(left), run(right), { noise: run(again) })

test('what two recordings of one differ in is set aside, and named', () => {
  const diff = compared('oooo', 'o-oo', 'oo-o')
  expect(diff).toMatchObject({
    verdict: 'identical',
    calls: {
      paired: 3,
      noise: {
        pairs: 1,
        alone: 0,
        named: [{ what: 'set_memory_ro: same outcome, different effects', count: 1 }],
      },
    },
    effect: { answer: 'same' },
    path: { answer: 'same', first: null },
  })
  expect([...diffLines(diff, { width: 200 })].join('\n')).toContain(
    'noise: 1 pair and 0 calls without counterpart differ as the left run and sample do',
  )
})

test('what occurs more often than there counts', () => {
  expect(compared('oooo', '--oo', 'ooo-')).toMatchObject({
    verdict: 'same outcome, different effects',
    calls: { paired: 3, noise: { pairs: 1 } },
    effect: { differentPairs: 1 },
  })
})

test('whichever recording had it', () => {
  expect(compared('-ooo', 'oooo', 'oo-o').calls.noise?.pairs).toBe(1)
  expect(compared('-ooo', 'oooo', '--oo').verdict).toBe('identical')
})

test('another difference is not noise', () => {
  expect(compared('oooo', 'o-oo', 'oooo')).toMatchObject({
    verdict: 'same outcome, different effects',
    calls: { paired: 4, noise: { pairs: 0, named: [] } },
  })
})

test('calls without a counterpart', () => {
  const diff = compared('oooo', 'ooo!', 'o!oo')
  expect(diff.calls).toMatchObject({ onlyLeft: { total: 0 }, noise: { alone: 1 } })
  expect(compared('oooo', 'oo!!', 'o!oo').calls).toMatchObject({
    onlyLeft: { total: 1 },
    noise: { alone: 1 },
  })
})

test('without a second recording nothing is set aside', () => {
  expect(diffRuns(run('oo'), run('o-')).calls.noise).toBe(null)
})

test('a second recording that is not whole leaves the answer incomplete', () => {
  const again = run('oo')
  const lossy = { ...again, run: { ...again.run, lost: 4 } }
  expect(diffRuns(run('oo'), run('oo'), { noise: lossy }).incomplete).toEqual([
    'the second recording of the left run, sample, is not whole',
  ])
})
