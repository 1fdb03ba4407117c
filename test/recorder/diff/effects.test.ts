import { describe, expect, test } from 'vitest'

import { diffRuns } from '../../../packages/recorder/src/diff/diff-runs.ts'
import type { Diff } from '../../../packages/recorder/src/diff/result.ts'
import { runOf } from '../../support/runs.ts'
import {
  AREA,
  eventsOf,
  hex,
  initOf,
  type Lean,
  PAGE,
  setMemoryRo,
} from '../../support/sample-run.ts'

// What a caller and other observers notice of a call, and what they do not.

const PAGES = 4
const base = (): Lean[] => setMemoryRo(PAGES)

/** A run of one call of these events, others before and after it outside of any. */
function run(call: readonly Lean[], after: readonly Lean[] = []) {
  return runOf([...eventsOf([initOf(PAGES)], null), ...eventsOf(call, 0), ...eventsOf(after, null)])
}
const diff = (call: readonly Lean[], after: readonly Lean[] = []): Diff =>
  diffRuns(run(base()), run(call, after))

const effectsIn = ({ effect }: Diff): string[] => [
  ...new Set(effect.differences.items.map(({ what }) => what)),
]

/** The events but those of a kind. */
const without = (...kinds: readonly string[]): Lean[] =>
  base().filter(({ kind }) => !kinds.includes(kind))
/** Others in the place of the events of a kind. */
const instead = (kind: string, make: (event: Lean) => readonly Lean[]): Lean[] =>
  base().flatMap((event) => (event.kind === kind ? make(event) : [event]))

const pageFlush = (page: number): Lean[] => {
  const at = AREA + BigInt(page) * PAGE
  return [
    { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', va: hex(at), end: hex(at + PAGE) },
    { kind: 'tlbi', insn: 'vaale1is', va: hex(at), pages: 1, scale: null, num: null },
  ]
}

/** A call that does nothing else. */
const aCall = (events: readonly Lean[]): Lean[] => [
  { kind: 'op_begin', fn: 'set_memory_x', va: hex(AREA), end: hex(AREA + 4n * PAGE), args: {} },
  ...events,
  { kind: 'op_end', fn: 'set_memory_x', ret: 0 },
]

describe('the same to every observer', () => {
  test.each<[string, readonly Lean[]]>([
    [
      'adjacent flushes are one',
      instead('tlbi', () => [0, 1, 2, 3].flatMap(pageFlush)).filter(
        (event) => event.kind !== 'tlb_flush' || event['end'] !== hex(AREA + 4n * PAGE),
      ),
    ],
    [
      'a TLBI of everything covers a range',
      instead('tlbi', (e) => [{ ...e, insn: 'vmalle1is', va: null, scale: null, num: null }]),
    ],
    [
      'more than is needed is flushed',
      [...base().slice(0, -1), ...pageFlush(9), ...base().slice(-1)],
    ],
  ])('%s', (_, call) => {
    const found = diff(call)
    expect(effectsIn(found)).toEqual([])
    expect(found.verdict).toBe('same effects by another path')
  })
})

describe('noticed', () => {
  test('what TLBs may hold on return, however it came about', () => {
    const forms: [string, Lean[]][] = [
      ['no flush', without('tlb_flush', 'tlbi')],
      ['a flush function without an instruction', without('tlbi')],
      ['an instruction of its own CPU only', instead('tlbi', (e) => [{ ...e, insn: 'rvaale1' }])],
      ['by an ASID', instead('tlbi', (e) => [{ ...e, insn: 'aside1is', va: null }])],
      ['half the range', instead('tlbi', (e) => [{ ...e, pages: 2, num: 0 }])],
      [
        'flushed first',
        [...base().slice(0, 1), ...pageFlush(0), ...without('tlb_flush', 'tlbi').slice(1)],
      ],
    ]
    for (const [name, call] of forms) {
      const found = diff(call)
      expect(effectsIn(found), name).toEqual(['held'])
      expect(found.verdict, name).toBe('same outcome, different effects')
    }
    const half = diff(instead('tlbi', (e) => [{ ...e, pages: 2, num: 0 }]))
    expect(
      half.effect.differences.items.map(({ where, left, right }) => [where, left, right]),
    ).toEqual([
      [`${hex(AREA + 2n * PAGE)}, 1 × 4K`, null, 'may be held too permissive'],
      [`${hex(AREA + 3n * PAGE)}, 1 × 4K`, null, 'may be held too permissive'],
    ])
  })

  test('harm of an earlier call that this one ends', () => {
    const unflushed = without('tlb_flush', 'tlbi')
    const two = (second: readonly Lean[]) =>
      runOf([...eventsOf([initOf(PAGES)], null), ...eventsOf(unflushed, 0), ...eventsOf(second, 1)])
    const flushes = [0, 1, 2, 3].flatMap(pageFlush)
    const found = diffRuns(two(aCall(flushes)), two(aCall([])))
    expect(effectsIn(found)).toEqual(['ended'])
    expect(found.verdict).toBe('same outcome, different effects')
  })

  test('a value in between that is neither the old one nor the new one', () => {
    const twice = instead('desc_write', (e) => [
      { ...e, new: '0x0' },
      { ...e, old: '0x0' },
    ])
    expect(effectsIn(diff(twice))).toEqual(['transient'])
    // Only the last page passes through it.
    const last = base().findLastIndex(({ kind }) => kind === 'desc_write')
    const once = base().flatMap((e, i) =>
      i === last
        ? [
            { ...e, new: '0x0' },
            { ...e, old: '0x0' },
          ]
        : [e],
    )
    expect(effectsIn(diff(once))).toEqual(['transient'])
  })

  test('lazy sections left open, locks held, tables and warnings', () => {
    expect(effectsIn(diff(without('lazy_mmu_leave')))).toEqual(['lazy'])
    const end = base().length - 1
    const plus = (event: Lean): Lean[] => [...base().slice(0, end), event, ...base().slice(end)]
    const lock: Lean = { kind: 'lock', fn: 'init_mm.page_table_lock', mode: 'spin' }
    expect(effectsIn(diff(plus(lock)))).toEqual(['lock'])
    expect(effectsIn(diff(plus({ kind: 'warn', fn: 'f', once: false, fired: true })))).toEqual([
      'warning',
    ])
  })

  test('what happens outside of calls, though every call agrees', () => {
    const found = diff(base(), pageFlush(0))
    expect(effectsIn(found)).toEqual([])
    expect(found.outside).not.toBeNull()
    expect(found.verdict).not.toBe('identical')
    expect(diff(base()).verdict).toBe('identical')
  })
})

/** What a task's flush of the first page is made of. */
const BEGINS: Lean[] = [
  { kind: 'dsb', scope: 'ishst' },
  { kind: 'tlbi', insn: 'vaale1is', va: hex(AREA), pages: 1, scale: null, num: null },
]
const ENDS: Lean[] = [{ kind: 'dsb', scope: 'ish' }, { kind: 'isb' }]
const NOFLUSH: Lean[] = without('tlb_flush', 'tlbi')

/** A call that flushes a page before the task flushes the first one. */
const flushesBefore = (page: number) =>
  runOf([
    ...eventsOf([initOf(PAGES)], null),
    ...eventsOf(NOFLUSH, 0),
    ...eventsOf(aCall(pageFlush(page)), 1),
    ...eventsOf([...BEGINS, ...ENDS], null),
  ])

/** The task's own flush, outside of calls as in secretmem_fault(); the interrupt comes in its place. */
const interrupted = (...order: readonly (readonly Lean[] | 'interrupt')[]) =>
  runOf(
    [
      ...eventsOf([initOf(PAGES)], null),
      ...eventsOf(NOFLUSH, 0),
      ...order.flatMap((part) =>
        part === 'interrupt' ? eventsOf(aCall(pageFlush(3)), 1) : eventsOf(part, null),
      ),
    ].map((event) => Object.assign(event, { task: 'secretmem-7' })),
  )

describe('an interrupt of a call that flushes while what was interrupted does', () => {
  test.each([
    ['before it', interrupted('interrupt', BEGINS, ENDS)],
    ['between the TLBI and its dsb', interrupted(BEGINS, 'interrupt', ENDS)],
    ['after it', interrupted(BEGINS, ENDS, 'interrupt')],
  ])('%s: it has ended what it flushed, and no more', (_when, source) => {
    const found = diffRuns(interrupted('interrupt', BEGINS, ENDS), source, {
      addresses: 'relative',
    })
    expect(effectsIn(found)).toEqual([])
    expect(found.effect.answer).toBe('same')
  })

  test('that it flushes the page before the task does is noticed', () => {
    const found = diffRuns(flushesBefore(3), flushesBefore(0), { addresses: 'relative' })
    expect(effectsIn(found)).toContain('ended')
  })
})

const link = (table: bigint) =>
  run(
    aCall([
      { kind: 'desc_write', level: 'pmd', va: hex(AREA), old: '0xe8000600000701', new: hex(table) },
      { kind: 'barrier' },
    ]),
  )

describe('a table that is linked', () => {
  const TABLE = 0x1000_0014_0000_0003n
  const beside = (bit: bigint) => diffRuns(link(TABLE), link(TABLE | (1n << bit))).verdict

  test('is the same with its access flag, as versions from 6.17 on write it', () => {
    expect(beside(10n)).toBe('same effects by another path')
  })

  test('near miss: a limit of what lies below', () => {
    expect(beside(59n)).toBe('same outcome, different effects')
  })
})

const at = (page: number): string => hex(AREA + BigInt(page) * PAGE)

test('a contiguous span that is flushed at once has ended nothing of before the call, as page by page', () => {
  const CONT = 1n << 52n
  const rw = (i: number) => 0xe8_0005_0000_0703n + BigInt(i) * PAGE + CONT
  const pages = Array.from({ length: 16 }, (_, i) => i)
  const change = (tlbi: readonly Lean[]) =>
    runOf([
      ...eventsOf(
        [{ kind: 'init', level: 'pte', va: at(0), new: hex(rw(0)), count: 16, pa_step: '0x1000' }],
        null,
      ),
      ...eventsOf(
        aCall([
          ...pages.map((i) => ({
            kind: 'desc_write',
            level: 'pte',
            va: at(i),
            old: hex(rw(i)),
            new: hex((rw(i) | 0x80n) & ~(1n << 51n)),
          })),
          { kind: 'tlb_flush', fn: 'flush_tlb_kernel_range', va: at(0), end: at(16) },
          ...tlbi,
        ]),
        0,
      ),
    ])
  const one = (i: number): Lean => ({
    kind: 'tlbi',
    insn: 'vaale1is',
    va: at(i),
    pages: 1,
    scale: null,
    num: null,
  })
  const range: Lean = { kind: 'tlbi', insn: 'rvaale1is', va: at(0), pages: 16, scale: 0, num: 7 }
  expect(diffRuns(change(pages.map(one)), change([range])).verdict).toBe(
    'same effects by another path',
  )
  expect(diffRuns(change(pages.slice(1).map(one)), change([range])).verdict).toBe(
    'same outcome, different effects',
  )
})
