import { type EventSource, fieldsOf, type TraceEvent } from '@pagetrail/recorder'
import { array, assert, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'

import { diffRuns } from '../../../packages/recorder/src/diff/diff-runs.ts'
import type { Diff } from '../../../packages/recorder/src/diff/result.ts'
import { capture } from '../../support/demo.ts'
import { captures, engineRuns, fixture, pagesScenario, runOf } from '../../support/runs.ts'
import { AREA, eventsOf, hex, initOf, setMemoryRo } from '../../support/sample-run.ts'

const ro = (numpages: number) => ({ fn: 'set_memory_ro', addr: hex(AREA), numpages })

async function engineDiff(scenario: object, left: string, right: string): Promise<Diff> {
  const [a, b] = await engineRuns(scenario, left, right)
  return diffRuns(a!, b!)
}

describe('two flavours of the engine', () => {
  test('three pages read-only: the same effects by another path', async () => {
    const diff = await engineDiff(pagesScenario(3, [ro(3)]), '6.17', '6.18')
    expect(diff.verdict).toBe('same effects by another path')
    expect(diff.incomplete).toEqual([])
    expect(diff.outcome).toMatchObject({
      answer: 'same',
      sameReturn: 1,
      mapping: { compared: 'final state', answer: 'same', ranges: { total: 0 }, unknownBytes: 0n },
    })
    expect(diff.effect).toMatchObject({ answer: 'same', differentPairs: 0, unknown: [] })
    // Four ranges: three aliases and the area. Each adds a callback at pud and one at pmd, and nothing else.
    const { pairedLeft, pairedRight } = diff.cost
    expect(pairedLeft).toMatchObject({ callbacks: 6, writes: 6, barriers: 4, flushes: 4 })
    expect(pairedRight).toMatchObject({ callbacks: 14, writes: 6, barriers: 4, flushes: 4 })
    // Lazy MMU mode round the walk instead of inside it.
    const { first } = diff.path
    const row = first?.rows[first.at]
    expect((row?.left ?? row?.right)?.['kind']).toMatch(/^(walk_begin|lazy_mmu_enter)$/)
    expect(first?.rows[first.at - 1]?.left).toMatchObject({ kind: 'op_begin' })
  })

  test('before lazy MMU each page had its barrier', async () => {
    const diff = await engineDiff(pagesScenario(3, [ro(3)], 0), '6.12', '6.18')
    expect(diff.verdict).toBe('same effects by another path')
    expect(diff.cost.pairedLeft).toMatchObject({ barriers: 3, lazySections: 0, tlbi: 3 })
    expect(diff.cost.pairedRight).toMatchObject({ barriers: 1, lazySections: 1, tlbi: 2 })
  })

  test('an invalid page: nothing is mapped there in either, and how that is written is no effect', async () => {
    const off = { fn: 'set_memory_valid', addr: hex(AREA), numpages: 1, enable: 0 }
    const diff = await engineDiff(pagesScenario(2, [off]), '6.18', '7.3')
    expect(diff.verdict).toBe('same effects by another path')
    expect(diff.effect).toMatchObject({ answer: 'same', differentPairs: 0 })
    expect(diff.outcome.mapping).toMatchObject({ answer: 'same', ranges: { total: 0 } })
  })

  test('part of the area: 6.18 changes the alias of all of it, 7.3 of what was asked for', async () => {
    const diff = await engineDiff(pagesScenario(4, [ro(1)]), '6.18', '7.3')
    expect(diff.verdict).toBe('different outcome')
    expect(diff.outcome.sameReturn).toBe(1)
    expect(diff.outcome.mapping.ranges.items).toMatchObject([
      { va: 0xffff_0001_0004_1000n, end: 0xffff_0001_0004_4000n, change: 'translation' },
    ])
  })

  test('a call that one side does not have', async () => {
    const calls = [ro(1), { fn: 'lazy_pause' }, ro(2)]
    const diff = await engineDiff(pagesScenario(2, calls), '6.18', '7.3')
    expect(diff.calls).toMatchObject({ paired: 2, onlyLeft: { total: 0 } })
    expect(diff.calls.onlyRight.items).toMatchObject([{ op: 1, fn: 'lazy_pause' }])
    expect(diff.verdict).toBe('different outcome')
  })
})

/** Calls of so many pages each, one area behind the other. */
const calls = (sizes: readonly number[]): TraceEvent[] =>
  sizes.flatMap((pages, op) => {
    const va = AREA + BigInt(op) * 0x10000n
    return [...eventsOf([initOf(pages, va)], null), ...eventsOf(setMemoryRo(pages, va), op)]
  })

/** Fields whose change must be noticed: all but those that say where or by whom. */
const mutable = (event: TraceEvent): string[] =>
  fieldsOf(event.kind)
    .filter(([name, field]) => !field.optional && field.type !== 'json' && name !== 'action')
    .map(([name]) => name)
    .filter((name) => Object.entries(event).some(([key, value]) => key === name && value !== null))

const changed = (value: unknown): unknown =>
  typeof value === 'bigint'
    ? value ^ 0x1000n
    : typeof value === 'number'
      ? value + 1
      : value === 'pte'
        ? 'pmd'
        : `${String(value)}_other`

const twoCalls = (): EventSource =>
  runOf([
    ...eventsOf([initOf(2)], null),
    ...eventsOf(setMemoryRo(2), 0),
    ...eventsOf(setMemoryRo(1), 1),
  ])
const oneChanged = (): EventSource => {
  const events = [...twoCalls().events()]
  return runOf(events.filter((event) => !(event.op === 1 && event.kind === 'tlbi')))
}

describe('any run', () => {
  const numbers = array(integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 })

  test('is identical with itself', () => {
    assert(
      property(numbers, (sizes) => {
        const diff = diffRuns(runOf(calls(sizes)), runOf(calls(sizes)))
        expect(diff.verdict).toBe('identical')
        expect(diff.path).toMatchObject({ changed: 0, onlyLeft: 0, onlyRight: 0, first: null })
        expect(diff.cost.left).toEqual(diff.cost.right)
      }),
      { numRuns: 20 },
    )
  })

  test('differs from another as that differs from it', () => {
    assert(
      property(numbers, numbers, (left, right) => {
        const there = diffRuns(runOf(calls(left)), runOf(calls(right)))
        const back = diffRuns(runOf(calls(right)), runOf(calls(left)))
        expect(back.verdict).toBe(there.verdict)
        expect(back.calls.onlyRight).toEqual(there.calls.onlyLeft)
        expect(back.cost.left).toEqual(there.cost.right)
        const { same, changed, onlyLeft, onlyRight } = there.path
        expect(back.path).toMatchObject({ same, changed, onlyLeft: onlyRight, onlyRight: onlyLeft })
      }),
      { numRuns: 30 },
    )
  })

  test('with one field of one event changed is not identical, and the divergence is there', () => {
    const events = calls([2, 3])
    const places = events.flatMap((event, seq) =>
      event.op === null || event.kind === 'op_begin'
        ? []
        : mutable(event).map((name) => ({ seq, name })),
    )
    expect(places.length).toBeGreaterThanOrEqual(90)
    for (const { seq, name } of places) {
      const mutant = events.map((event, i) =>
        i === seq
          ? Object.assign(
              {},
              event,
              Object.fromEntries([
                [name, changed(Object.entries(event).find(([key]) => key === name)?.[1])],
              ]),
            )
          : event,
      )
      const diff = diffRuns(runOf(events), runOf(mutant))
      expect.soft(diff.verdict, `${events[seq]!.kind}.${name}`).not.toBe('identical')
      const { first } = diff.path
      const rows = first?.rows
        .slice(first.at)
        .flatMap((row) => [row.left?.['seq'], row.right?.['seq']])
      expect.soft(rows, `${events[seq]!.kind}.${name}`).toContain(seq)
    }
  })

  test('with one event missing, the divergence is that event', () => {
    const events = calls([2])
    for (let seq = 2; seq < events.length - 1; seq++) {
      const diff = diffRuns(runOf(events), runOf(events.filter((_, i) => i !== seq)))
      expect(diff.path).toMatchObject({ onlyLeft: 1, onlyRight: 0, changed: 0 })
      // Of several equal neighbours any may be called the missing one.
      const { first } = diff.path
      expect(first?.rows[first.at]?.left).toMatchObject({ kind: events[seq]!.kind })
    }
  })
})

const matches = (event: TraceEvent): boolean => event.kind === 'desc_write'

/** Calls that do nothing. */
const emptyCalls = (fn: string, n: number, first = 0) =>
  Array.from({ length: n }, (_, i) =>
    eventsOf(
      [
        { kind: 'op_begin', fn, va: null, end: null, args: null },
        { kind: 'op_end', fn, ret: 0 },
      ],
      first + i,
    ),
  ).flat()

test('calls of one side are counted by function, also those that are not listed', () => {
  const left = runOf([...emptyCalls('set_memory_x', 60), ...emptyCalls('set_memory_nx', 70, 60)])
  const diff = diffRuns(left, runOf(emptyCalls('set_memory_ro', 1)))
  expect(diff.calls.onlyLeft).toMatchObject({
    total: 130,
    byFunction: { set_memory_x: 60, set_memory_nx: 70 },
  })
  expect(diff.calls.onlyLeft.items).toHaveLength(50)
  // Nothing was compared: only that the calls differ is known.
  expect(diff).toMatchObject({ effect: { answer: 'unknown' }, path: { answer: 'unknown' } })
})

describe('options', () => {
  test('calls A-B look at nothing else', () => {
    const first = diffRuns(twoCalls(), oneChanged(), { calls: { from: 0, to: 0 } })
    expect(first).toMatchObject({
      verdict: 'identical',
      calls: { paired: 1 },
      asked: { calls: '0-0' },
    })
    const second = diffRuns(twoCalls(), oneChanged(), { calls: { from: 1, to: 1 } })
    expect(second).toMatchObject({ calls: { paired: 1 }, path: { onlyLeft: 1 } })
    expect(() => diffRuns(twoCalls(), oneChanged(), { calls: { from: 1, to: 9 } })).toThrow(
      'run 1 has calls 0 to 1; --calls asks for 1-9',
    )
  })

  test('a filter and ignored kinds or fields leave events out', () => {
    const filter = { text: 'kind == desc_write', matches }
    expect(diffRuns(twoCalls(), oneChanged(), { filter }).verdict).toBe('identical')
    expect(diffRuns(twoCalls(), oneChanged(), { ignore: ['tlbi'] }).verdict).toBe('identical')
    expect(() => diffRuns(twoCalls(), oneChanged(), { ignore: ['tlbj'] })).toThrow(
      /did you mean tlbi/,
    )
  })

  test('a user maps one function to another', () => {
    const mine = [...twoCalls().events()].map((event) =>
      'fn' in event && event.fn === 'pageattr_pte_entry'
        ? Object.assign({}, event, { fn: 'my_entry' })
        : event,
    )
    expect(diffRuns(twoCalls(), runOf(mine)).path.onlyLeft).toBeGreaterThan(0)
    const mapped = diffRuns(twoCalls(), runOf(mine), { map: { pageattr_pte_entry: 'my_entry' } })
    expect(mapped.path).toMatchObject({ renamed: 6, onlyLeft: 0, onlyRight: 0 })
    expect(mapped.verdict).toBe('same effects by another path')
  })

  test('the fallback of the alignment is told', async () => {
    const [a, b] = await engineRuns(pagesScenario(64, [ro(64)]), '6.12', '7.3')
    const diff = diffRuns(a!, b!, { budget: 0 })
    expect(diff.path.approximate).toBe(1)
    expect(diff.incomplete).toEqual([expect.stringContaining('minimal alignment')])
  })
})

describe('captures of real kernels', () => {
  test('loading modules on 6.17 and 6.18: the same effects by another path', async () => {
    const [a, b] = await captures(capture('6.17.13'), capture('6.18.15'))
    const diff = diffRuns(a!, b!)
    expect(diff.verdict).toBe('same effects by another path')
    expect(diff.addresses).toBe('relative')
    expect(diff.calls).toMatchObject({
      paired: 93,
      otherInput: 1,
      onlyLeft: { total: 0 },
      onlyRight: { total: 2 },
    })
    expect(diff.effect.unknown).toEqual(['lock', 'allocation', 'free', 'warning'])
    // The whole runs: what an independent program counted in the same captures.
    const { left, right, outsideLeft, outsideRight } = diff.cost
    expect(left).toMatchObject({
      walks: 114,
      callbacksPte: 142,
      callbacksPmd: 0,
      callbacksPud: 0,
      writes: 142,
      redundantWrites: 20,
      barriersQueued: 80,
      barriers: 80,
      flushes: 46,
      flushedPages: 74,
      splits: 0,
      tlbi: null,
      locks: null,
    })
    expect(right).toMatchObject({
      walks: 116,
      callbacksPte: 145,
      callbacksPmd: 116,
      callbacksPud: 116,
      writes: 145,
      redundantWrites: 21,
      barriersQueued: 81,
      barriers: 81,
      flushes: 46,
      flushedPages: 75,
      splits: 0,
      tlbi: null,
      locks: null,
    })
    expect(left.foreignFlushes! + outsideLeft.foreignFlushes!).toBe(19)
    expect(right.foreignFlushes! + outsideRight.foreignFlushes!).toBe(18)
  })

  test('6.12 flushes by single instructions and 7.3 in a function: the same effect', async () => {
    const [a, b] = await captures(
      fixture('modules_small-6.12.trace.gz'),
      fixture('modules_small-7.3.trace.gz'),
    )
    const diff = diffRuns(a!, b!)
    expect(diff.verdict).toBe('same effects by another path')
    expect(diff.effect.groups.items).toEqual([])
    expect(diff.right.cannotShow).toEqual(['tlbi'])
    expect(diff.cost.left).toMatchObject({
      walks: 122,
      barriers: 118,
      barriersQueued: 0,
      lazySections: 0,
      flushes: 54,
      flushedPages: 84,
    })
    expect(diff.cost.right).toMatchObject({
      walks: 114,
      barriers: 80,
      flushes: 46,
      flushedPages: 74,
      tlbi: null,
    })
    // 6.12 makes each module's data read-only twice: the repeated calls have no counterpart.
    const repeated = diff.calls.onlyLeft.items.filter(
      ({ fn, op }) => fn === 'set_memory_ro' && op !== 17,
    )
    expect(repeated.map(({ op }) => op)).toEqual([8, 21, 35])
  })

  test('6.12 flushes everything where 7.3 is told a range: how that is carried out is unknown', async () => {
    const [a, b] = await captures(
      fixture('modules_small-6.12.trace.gz'),
      fixture('modules_small-7.3.trace.gz'),
    )
    const events = [...a!.events()].map((event) =>
      event.kind === 'tlbi' && event.insn === 'vaale1is'
        ? Object.assign({}, event, { insn: 'vmalle1is', va: null, pages: null })
        : event,
    )
    const { effect, cost } = diffRuns(runOf(events, a!.run), b!)
    expect([cost.left.fullFlushes, cost.right.fullFlushes]).toEqual([54, null])
    expect(effect.groups.items.filter(({ what }) => what === 'ended')).toEqual([])
  })

  test('what lean definitions do not show is unknown, and KASLR does not show', async () => {
    const [a, b] = await captures(
      capture('6.18.15'),
      fixture('modules_small-6.18-lean-kaslr.trace.gz'),
    )
    const diff = diffRuns(a!, b!)
    expect(diff.path).toMatchObject({ changed: 0, onlyLeft: 0, onlyRight: 0 })
    expect(diff.right.cannotShow).toContain('dsb')
    expect(diff.right.alsoUnknown).toEqual(['barrier'])
    expect(diff.effect).toMatchObject({ answer: 'unknown', differentPairs: 0 })
    expect(diff.effect.unknown).toContain('held')
    expect(diff.cost.right).toMatchObject({ barriers: null, flushes: null, writes: 145 })
  })

  test.each([
    ['6.12', fixture('modules_small-6.12.trace.gz'), []],
    ['6.17', capture('6.17.13'), ['tlbi']],
    ['6.18', capture('6.18.15'), ['tlbi']],
    ['7.3', fixture('modules_small-7.3.trace.gz'), ['tlbi']],
  ])('the engine does what kernel %s did, event for event', async (flavour, file, unseen) => {
    // The first call of the capture: one page of a module made read-only, its linear alias first.
    const [simulated] = await engineRuns(pagesScenario(1, [ro(1)]), flavour)
    const [real] = await captures(file)
    const diff = diffRuns(simulated!, real!, { calls: { from: 0, to: 0 } })
    expect(diff).toMatchObject({
      verdict: 'identical',
      calls: { paired: 1 },
      addresses: 'relative',
    })
    expect(diff.path.same).toBeGreaterThan(15)
    expect(diff.right.cannotShow).toEqual(unseen)
  })
})
