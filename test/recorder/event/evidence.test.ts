import {
  checkRun,
  diffRuns,
  type EventSource,
  type Kind,
  KIND_NAMES,
  openRuns,
  reportRun,
} from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { evidenceOf, showsAll, showsIn } from '../../../packages/recorder/src/event/evidence.ts'
import { importJsonl } from '../../../packages/recorder/src/import/import-jsonl.ts'

const engine = { source: 'engine', facts: {}, flavour: '6.18' } as const
const full = { source: 'ftrace', facts: { definitions: 'full' }, flavour: '6.18' } as const
const lean = { source: 'ftrace', facts: { definitions: 'lean' }, flavour: '6.18' } as const

test('the engine shows all that happens', () => {
  expect([...evidenceOf(engine).kinds]).toEqual(KIND_NAMES)
  expect(showsAll(evidenceOf(engine), 'desc_write')).toBe(true)
  expect(showsIn(evidenceOf(engine), 'desc_write', 'vmap_pte_range')).toBe(true)
})

test('probes at entries and returns show no lazy MMU, barrier or flush; only 6.12 shows its TLBI', () => {
  expect(evidenceOf(full).kinds.has('lazy_mmu_enter')).toBe(true)
  expect(evidenceOf(full).kinds.has('tlbi')).toBe(false)
  expect(evidenceOf({ ...full, flavour: '6.12' }).kinds.has('tlbi')).toBe(true)
  for (const kind of ['lazy_mmu_enter', 'tlb_flush', 'barrier', 'dsb', 'isb'] as const) {
    expect(evidenceOf(lean).kinds.has(kind)).toBe(false)
  }
  expect(evidenceOf({ ...full, facts: {} }).kinds.has('dsb')).toBe(false)
})

test('a capture shows a kind where it had a probe, nowhere else', () => {
  const sites = { desc_write: ['pageattr_pte_entry'], tlbi: ['secretmem_fault'] }
  const evidence = evidenceOf({ ...full, facts: { definitions: 'full', sites } })
  expect(showsAll(evidence, 'desc_write')).toBe(false)
  expect(showsIn(evidence, 'desc_write', 'pageattr_pte_entry')).toBe(true)
  expect(showsIn(evidence, 'desc_write', 'split_pmd')).toBe(false)
  expect(evidence.kinds.has('tlbi')).toBe(false)
  expect(showsIn(evidence, 'tlbi', 'secretmem_fault')).toBe(true)
  expect(showsIn(evidence, 'tlbi', '__change_memory_common')).toBe(false)
  // Of 0.1, which did not note where: not everywhere, and nowhere that is known.
  expect(showsAll(evidenceOf(full), 'desc_write')).toBe(false)
})

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text))
}

/** A page table of somebody's own: it stores, and flushes, and has no events for more. */
const TOY = [
  {
    kind: 'op_begin',
    fn: 'set_memory_ro',
    va: '0xffff000000010000',
    end: '0xffff000000011000',
    args: {},
  },
  {
    kind: 'desc_write',
    level: 'pte',
    va: '0xffff000000010000',
    old: '0xe8000500040703',
    new: '0xe0000500040783',
  },
  {
    kind: 'tlb_flush',
    fn: 'flush_tlb_kernel_range',
    va: '0xffff000000010000',
    end: '0xffff000000011000',
  },
  { kind: 'op_end', fn: 'set_memory_ro', ret: 0 },
].map((event, seq) => Object.assign({ seq, cpu: 0, op: 0 }, event))

async function toyThreeWays() {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const declared: Kind[] = ['op_begin', 'op_end', 'desc_write', 'tlb_flush', 'barrier']
  const headers = [
    { label: 'occurring' },
    { label: 'declared', shows: declared },
    { label: 'flavour', flavour: '6.18' },
  ]
  const end = { end: { events: TOY.length, calls: 1 } }
  const lines: object[] = []
  for (const run of headers) lines.push({ pagetrail: 2, run }, ...TOY, end)
  const text = lines.map((line) => JSON.stringify(line)).join('\n')
  const { runs } = await importJsonl(runFile, chunksOf(text), 'toy.jsonl', { created: 0 })
  return { runFile, sources: runs.map((run) => runFile.source(run)) }
}

test('a toy run three ways: what it does not show is unknown to report, check and diff, and nothing else is', async () => {
  const { runFile, sources } = await toyThreeWays()
  const [occurring, declared, flavour] = sources
  expect(sources.map(({ run }) => run.facts['shows'] ?? null)).toEqual([
    ['desc_write', 'op_begin', 'op_end', 'tlb_flush'],
    ['op_begin', 'op_end', 'desc_write', 'tlb_flush', 'barrier'],
    null,
  ])
  const costs = sources.map((source) => reportRun(source).total)
  expect(costs.map(({ flushes }) => flushes)).toEqual([1, 1, 1])
  expect(costs.map(({ barriers }) => barriers)).toEqual([null, 0, 0])
  expect(costs.map(({ tlbi }) => tlbi)).toEqual([null, null, 0])
  expect(costs.map(({ lazySections }) => lazySections)).toEqual([null, null, 0])
  const status = (rule: string) =>
    sources.map(
      (source) => checkRun(source).verdicts.find((verdict) => verdict.rule === rule)?.status,
    )
  expect(status('barrier-missing')).toEqual(['undecided', 'clean', 'clean'])
  expect(status('tlbi-unordered')).toEqual(['undecided', 'undecided', 'clean'])
  const unknownOf = (right: EventSource) => {
    const { left, right: other } = diffRuns(flavour!, right)
    expect([...left.cannotShow, ...left.alsoUnknown]).toEqual([])
    return [...other.cannotShow, ...other.alsoUnknown]
  }
  expect(unknownOf(occurring!)).toContain('barrier')
  expect(unknownOf(declared!)).not.toContain('barrier')
  expect(unknownOf(declared!)).toContain('tlbi')
  expect(unknownOf(flavour!)).toEqual([])
  runFile.close()
})

test('a header that declares what is not a kind is refused', async () => {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const of = (shows: unknown) =>
    importJsonl(
      runFile,
      chunksOf(JSON.stringify({ pagetrail: 2, run: { label: 'x', shows } })),
      'x.jsonl',
      {
        created: 0,
      },
    )
  await expect(of(['desc_wriet'])).rejects.toThrow(
    'x.jsonl:1: run.shows: there is no kind desc_wriet, did you mean desc_write?',
  )
  await expect(of('desc_write')).rejects.toThrow('x.jsonl:1: run.shows has to be a list of kinds')
  runFile.close()
})
