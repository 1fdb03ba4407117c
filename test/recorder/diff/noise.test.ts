import { diffLines, diffRuns, type EventSource, type TraceEvent } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'

import { runOf } from '../../support/runs.ts'
import { AREA, eventsOf, hex, initOf, KERNEL_RO, setMemoryRo } from '../../support/sample-run.ts'

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

/** Entries of three pages as they stood in the end, all that the run has. */
const mapped = (...descs: readonly bigint[]): EventSource =>
  runOf(
    descs.flatMap((desc, i) =>
      eventsOf([{ ...initOf(1, AREA + BigInt(i) * 0x1000n), new: hex(desc) }], null),
    ),
  )
const page = (n: number, attributes = KERNEL_RO): bigint => attributes | (BigInt(n) << 12n)

describe('the final mapping', () => {
  const a = mapped(page(1), page(2), page(3))

  test('what a second recording shows there too is set aside', () => {
    const other = mapped(page(1), page(9), page(3))
    const moved = mapped(page(1), page(7), page(3))
    const diff = diffRuns(a, other, { noise: moved })
    expect(diff).toMatchObject({
      verdict: 'identical',
      outcome: { answer: 'same', mapping: { answer: 'same', ranges: { total: 0 } } },
      calls: { noise: { ranges: 1, named: [{ what: 'final mapping: translation', count: 1 }] } },
    })
    expect([...diffLines(diff, { width: 200 })].join('\n')).toContain(
      'and 1 range of the final mapping differ as the left run and sample do',
    )
  })

  test('with other bits, or elsewhere, it is a difference', () => {
    const writable = 1n << 51n
    const other = mapped(page(1), page(9, KERNEL_RO | writable), page(8))
    const diff = diffRuns(a, other, { noise: mapped(page(1), page(7), page(3)) })
    expect(diff).toMatchObject({
      verdict: 'different outcome',
      outcome: { mapping: { answer: 'different', ranges: { total: 2 } } },
      calls: { noise: { ranges: 0 } },
    })
  })

  test('of a range only the part that differs there is set aside', () => {
    const all = mapped(page(11), page(12), page(13))
    const diff = diffRuns(a, all, { noise: mapped(page(1), page(12), page(3)) })
    const { items } = diff.outcome.mapping.ranges
    expect(items.map(({ va, end, left, right }) => [va, end, left?.pa, right?.pa])).toEqual([
      [AREA, AREA + 0x1000n, 0x1000n, 0xb000n],
      [AREA + 0x2000n, AREA + 0x3000n, 0x3000n, 0xd000n],
    ])
    expect(diff.calls.noise?.ranges).toBe(1)
  })
})

/** Calls of one page, after some of which the whole TLB is waited for. */
const flushed = (...waits: readonly boolean[]): EventSource =>
  runOf(
    waits
      .flatMap((wait, i) => [
        eventsOf(setMemoryRo(1, AREA), i),
        wait ? eventsOf([{ kind: 'dsb', scope: 'ish', nest: 0 }], null) : [],
      ])
      .flat(),
  )

test('what happened outside of calls', () => {
  const [a, b] = [flushed(false, false), flushed(true, false)]
  expect(diffRuns(a, b).verdict).toBe('same effects by another path')
  const diff = diffRuns(a, b, { noise: b })
  expect(diff).toMatchObject({ verdict: 'identical', calls: { noise: { outside: 1 } } })
  expect(diffRuns(a, flushed(true, true), { noise: b }).outside?.pathDiffers).toBe(true)
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
