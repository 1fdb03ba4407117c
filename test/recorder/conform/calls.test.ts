import { conformRun, type EventSource, type TraceEvent } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'

import { capture } from '../../support/demo.ts'
import { captures, fixture, runOf } from '../../support/runs.ts'

const FILES = [
  [fixture('modules_small-6.12.trace.gz'), 97],
  [fixture('modules_small-6.17-localclock.trace.gz'), 94],
  [fixture('modules_small-6.17-lean-kaslr.trace.gz'), 94],
  [fixture('modules_small-6.18-bbm.trace.gz'), 96],
  [fixture('modules_small-6.18-lean-kaslr.trace.gz'), 96],
  [fixture('modules_small-6.18-max.trace.gz'), 96],
  [fixture('modules_small-6.18.trace.dat'), 96],
  [fixture('modules_small-7.3.trace.gz'), 94],
  [fixture('secretmem_small-6.17.trace.gz'), 32],
  [capture('6.17.13'), 94],
  [capture('6.18.15'), 96],
] as const

describe('the engine predicts every call of a real kernel', () => {
  test.each(FILES)('%s', async (file, calls) => {
    const [source] = await captures(file)
    const verdicts = [...conformRun(source!)]
    expect(verdicts.filter(({ verdict }) => verdict !== 'predicted')).toEqual([])
    expect(verdicts).toHaveLength(calls)
  })

  test('a call is more than its result: callbacks, stores, barriers, flushes are steps', async () => {
    const [source] = await captures(capture('6.18.15'))
    const [first] = conformRun(source!)
    expect(first).toMatchObject({ op: 0, fn: 'set_memory_ro', verdict: 'predicted', steps: 29 })
  })
})

/** The run with its events put through a change. */
function altered(
  { run, events }: EventSource,
  change: (event: TraceEvent) => readonly TraceEvent[],
): EventSource {
  return runOf([...events()].flatMap(change), run)
}

/** Verdicts that are not `predicted`. */
const others = (source: EventSource) =>
  [...conformRun(source)].filter(({ verdict }) => verdict !== 'predicted')

describe('what the engine does not do is found', () => {
  const sources = captures(fixture('modules_small-6.18-bbm.trace.gz'), capture('6.18.15'))
  const blocks = async () => (await sources)[0]!
  const pages = async () => (await sources)[1]!

  test('another version of the kernel, in every call', async () => {
    const { run, ...source } = await pages()
    const differing = (flavour: string) =>
      others({ ...source, run: { ...run, flavour } }).map(({ fn }) => fn)
    expect(differing('6.12')).toHaveLength(96)
    expect(differing('6.17')).toHaveLength(96)
    // 7.3 leaves a mark in what it makes invalid, and otherwise does to pages what 6.18 does.
    expect(differing('7.3')).toEqual(Array(35).fill('set_direct_map_invalid_noflush'))
  })

  test('one bit of one store', async () => {
    const source = await pages()
    let stores = 0
    const wrong = altered(source, (e) =>
      e.kind === 'desc_write' && ++stores === 50 ? [{ ...e, new: e.new! ^ 0x80n }] : [e],
    )
    expect(others(wrong)).toMatchObject([
      { verdict: 'different', difference: { seen: expect.stringMatching(/^pte 0x.* -> 0x/) } },
    ])
  })

  test('a barrier less: the step after it stands where it should be', async () => {
    const wrong = altered(await pages(), (e) =>
      e.op === 0 && (e.kind === 'dsb' || e.kind === 'isb') ? [] : [e],
    )
    expect(others(wrong)).toMatchObject([
      { op: 0, verdict: 'different', difference: { seen: 'lazy leave', predicted: 'barrier' } },
    ])
  })

  test('a flush of another range, or none', async () => {
    const source = await pages()
    const short = altered(source, (e) =>
      e.op === 0 && e.kind === 'tlb_flush' ? [{ ...e, end: e.va }] : [e],
    )
    expect(others(short)).toMatchObject([
      { op: 0, difference: { seen: expect.stringMatching(/^flush (0x\w+)-\1$/) } },
    ])
    const none = altered(source, (e) => (e.op === 0 && e.kind === 'tlb_flush' ? [] : [e]))
    expect(others(none)).toMatchObject([
      { op: 0, difference: { predicted: expect.stringMatching(/^flush 0x/) } },
    ])
  })

  test('a block that was not split', async () => {
    const wrong = altered(await blocks(), (e) =>
      e.kind === 'split' || e.kind === 'split_end' ? [] : [e],
    )
    expect(others(wrong).length).toBeGreaterThan(0)
  })

  test('another result', async () => {
    const wrong = altered(await pages(), (e) =>
      e.kind === 'op_end' && e.op === 3 ? [{ ...e, ret: -22 }] : [e],
    )
    expect(others(wrong)).toMatchObject([
      { op: 3, difference: { seen: 'returns -22', predicted: 'returns 0' } },
    ])
  })
})

const read = async () => (await captures(capture('6.18.15')))[0]!

describe('what a trace does not hold is said, not guessed', () => {
  test('the kernel', async () => {
    const { run, ...source } = await read()
    const verdicts = [...conformRun({ ...source, run: { ...run, flavour: null } })]
    expect(new Set(verdicts.map((v) => v.verdict === 'missing-input' && v.missing))).toEqual(
      new Set(['kernel']),
    )
  })

  test('a call without its return, or with a gap in it', async () => {
    const source = await read()
    const cut = altered(source, (e) => (e.kind === 'op_end' && e.op === 5 ? [] : [e]))
    expect(others(cut)).toMatchObject([{ op: 5, verdict: 'missing-input', missing: 'events' }])
    const torn = altered(source, (e) =>
      e.kind === 'op_begin' && e.op === 5
        ? [e, { ...e, kind: 'gap', op: null, lost: 3, reason: 'LOST EVENTS' }]
        : [e],
    )
    expect(others(torn)).toMatchObject([{ op: 5, verdict: 'missing-input', missing: 'events' }])
  })

  test('arguments', async () => {
    const bare = altered(await read(), (e) =>
      e.kind === 'op_begin' && e.op === 0 ? [{ ...e, args: null }] : [e],
    )
    expect(others(bare)).toMatchObject([{ op: 0, missing: 'arguments' }])
  })

  test('the area, where a call was turned away before it walked', async () => {
    const refused = altered(await read(), (e) =>
      e.op !== 0 || e.kind === 'op_begin' ? [e] : e.kind === 'op_end' ? [{ ...e, ret: -22 }] : [],
    )
    expect(others(refused)).toMatchObject([{ op: 0, missing: 'area' }])
  })

  test('calls, where their beginnings were overrun', async () => {
    const [boot] = await captures(fixture('boot-overrun-7.3.trace.gz'))
    expect([...conformRun(boot!)]).toEqual([])
  })
})
