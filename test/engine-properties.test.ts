import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { FLAVOURS, parseScenario, playScenario, buildMachine, runScenario } from '@pagetrail/engine'
import type { LeafRun } from '@pagetrail/engine'

import { hookLog } from './support/hook-log.ts'

/**
 * What holds for whatever a scenario does. Three blocks' worth of vmalloc space in 4K pages, each of them a block,
 * contiguous pages, pages, a few pages, or nothing; calls on ranges across their borders.
 */
const BASE = 0xffff8000c0000000n
const PAGE = 0x1000n
const PER_BLOCK = 512
const PAGES = 3 * PER_BLOCK
const FRAME = 0x500000n
const RW = 0xe8000000000703n
const CONT = 1n << 52n
const RDONLY = 1n << 7n
const NG = 1n << 11n
const VALID = 1n
const ADDRESS = 0xfffffffff000n

const NAMES = FLAVOURS.map(({ name }) => name)
const hex = (value: bigint): string => `0x${value.toString(16)}`
const pageAt = (page: number): string => hex(BASE + BigInt(page) * PAGE)

type Kind = 'pages' | 'cont' | 'block' | 'few' | 'hole'

function initOf(kinds: readonly Kind[]): object[] {
  return kinds.flatMap((kind, i) => {
    const va = pageAt(i * PER_BLOCK)
    const out = (FRAME + BigInt(i * PER_BLOCK)) * PAGE
    if (kind === 'hole') return []
    if (kind === 'block') return [{ va, level: 'pmd', desc: hex((RW | out) & ~2n) }]
    const desc = hex(RW | out | (kind === 'cont' ? CONT : 0n))
    return [{ va, level: 'pte', desc, count: kind === 'few' ? 5 : PER_BLOCK, pa_step: hex(PAGE) }]
  })
}

interface Start {
  readonly kinds: readonly Kind[]
  readonly bbml: boolean
}
interface Range {
  readonly first: number
  readonly count: number
}

const kind = fc.constantFrom<Kind>('pages', 'cont', 'block', 'few', 'hole')
const anyStart: fc.Arbitrary<Start> = fc.record({
  kinds: fc.array(kind, { minLength: 3, maxLength: 3 }),
  bbml: fc.boolean(),
})
const pageMapped: fc.Arbitrary<Start> = fc.record({
  kinds: fc.array(fc.constantFrom<Kind>('pages', 'cont'), { minLength: 3, maxLength: 3 }),
  bbml: fc.boolean(),
})
/** Near the borders of blocks and contiguous spans more often than elsewhere. */
const anyRange: fc.Arbitrary<Range> = fc
  .tuple(
    fc.integer({ min: 0, max: 96 }),
    fc.integer({ min: -2, max: 2 }),
    fc.integer({ min: 1, max: 40 }),
  )
  .map(([span, shift, count]) => {
    const first = Math.min(Math.max(span * 16 + shift, 0), PAGES - 1)
    return { first, count: Math.min(count === 40 ? PER_BLOCK : count, PAGES - first) }
  })

const anyFlavour = fc.constantFrom(...NAMES)
const CHANGES = ['set_memory_ro', 'set_memory_rw', 'set_memory_x', 'set_memory_nx'] as const

const change = (fn: string, { first, count }: Range, more: object = {}): object => ({
  fn,
  addr: pageAt(first),
  numpages: count,
  ...(fn === 'set_memory_valid' && { enable: 0 }),
  ...more,
})
const anyChange = fc
  .tuple(fc.constantFrom(...CHANGES, 'set_memory_valid'), anyRange)
  .map(([fn, range]) => ({ range, call: change(fn, range) }))

function scenarioOf(flavour: string, { kinds, bbml }: Start, calls: readonly object[]) {
  return {
    flavour,
    geometry: { page_shift: 12, va_bits: 48 },
    // Aliases and the fixmap have tests of their own; here they would be stores elsewhere.
    features: {
      rodata_full: false,
      kfence_direct_map: true,
      rodata_is_rw: true,
      bbml,
      cpu_bbml: bbml,
    },
    init: initOf(kinds),
    areas: [{ start: pageAt(0), size: hex(BigInt(PAGES) * PAGE), nr_pages: 0 }],
    calls,
  }
}

/** What each page maps and permits: neither the size of its leaf nor the contiguous bit. */
function translations(leaves: Iterable<LeafRun>): ReadonlyMap<number, bigint> {
  const found = new Map<number, bigint>()
  for (const { va, level, desc, count, paStep } of leaves) {
    const pages = level === 'pmd' ? PER_BLOCK : 1
    for (let i = 0n; i < BigInt(count); i++) {
      const leaf = desc + i * paStep
      for (let k = 0; k < pages; k++) {
        const page = Number((va - BASE) / PAGE) + Number(i) * pages + k
        found.set(page, (leaf & ~(CONT | 2n)) + BigInt(k) * PAGE)
      }
    }
  }
  return found
}

const changedPages = (a: ReadonlyMap<number, bigint>, b: ReadonlyMap<number, bigint>): number[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((page) => a.get(page) !== b.get(page))

const isIn = ({ first, count }: Range, page: number): boolean =>
  page >= first && page < first + count

function logged(scenario: object) {
  const { hooks, lines } = hookLog()
  const outcome = runScenario(scenario, {}, hooks)
  return { ...outcome, lines }
}

const runs = { numRuns: 60 }

const walk = (range: Range, levels: number) => ({
  fn: 'walk_kernel_page_table_range',
  addr: pageAt(range.first),
  end: pageAt(range.first + range.count),
  cb: 'observe',
  levels,
})

describe('walking', () => {
  test('twice gives the same answer, and changes nothing', () => {
    const property = fc.property(
      anyFlavour,
      anyStart,
      anyRange,
      fc.integer({ min: 0, max: 63 }),
      (flavour, start, range, levels) => {
        const call = walk(range, levels)
        const { results, lines, final } = logged(scenarioOf(flavour, start, [call, call]))
        const half = (lines.length - 1) / 2
        expect(lines.slice(1 + half)).toEqual(lines.slice(1, 1 + half))
        expect(results[1]).toBe(results[0])
        expect(final).toEqual(runScenario(scenarioOf(flavour, start, [])).final)
      },
    )
    fc.assert(property, runs)
  })
})

describe('permission changes', () => {
  test('ro and then rw restores', () => {
    const property = fc.property(anyFlavour, anyStart, anyRange, (flavour, start, range) => {
      const calls = [change('set_memory_ro', range), change('set_memory_rw', range)]
      const { results, final } = runScenario(scenarioOf(flavour, start, calls))
      fc.pre(results.every((ret) => ret === 0))
      const before = translations(runScenario(scenarioOf(flavour, start, [])).final)
      // What was empty is written to as well (H13): only what was mapped comes back.
      const changed = changedPages(before, translations(final))
      expect(changed.filter((page) => before.has(page))).toEqual([])
    })
    fc.assert(property, runs)
  })

  test('no flavour changes what a page outside of the range maps or permits', () => {
    const property = fc.property(
      anyFlavour,
      anyStart,
      anyChange,
      (flavour, start, { range, call }) => {
        const before = translations(runScenario(scenarioOf(flavour, start, [])).final)
        const after = translations(runScenario(scenarioOf(flavour, start, [call])).final)
        const astray = changedPages(before, after).filter((page) => !isIn(range, page))
        expect(astray).toEqual([])
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  test('without a split no entry that lies outside of the range is stored to', () => {
    const property = fc.property(
      anyFlavour,
      anyStart,
      anyChange,
      (flavour, start, { range, call }) => {
        const { lines } = logged(scenarioOf(flavour, { ...start, bbml: false }, [call]))
        const stores = lines.filter((line) => line.startsWith('descWrite'))
        for (const line of stores) {
          const [level = 0, lo = 0] = line.slice('descWrite '.length).split(',').map(Number)
          const at = Number((BigInt(lo) - (BASE & 0xffffffffn)) / PAGE)
          const size = PER_BLOCK ** (4 - level)
          expect(at < range.first + range.count && at + size > range.first, line).toBe(true)
        }
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  test('6.17 and every later flavour leave page-mapped ranges alike', () => {
    const property = fc.property(
      pageMapped,
      fc.array(anyChange, { minLength: 1, maxLength: 4 }),
      (start, changes) => {
        const calls = changes.map(({ call }) => call)
        const [first, ...others] = NAMES.slice(1).map((flavour) => {
          const { results, final } = runScenario(scenarioOf(flavour, start, calls))
          expect(new Set(results)).toEqual(new Set([0]))
          // 7.3 marks what it made invalid by NG.
          return [...translations(final)].map(([page, desc]) => [
            page,
            (desc & VALID) === 0n ? desc & ~NG : desc,
          ])
        })
        for (const other of others) expect(other).toEqual(first)
      },
    )
    fc.assert(property, { numRuns: 40 })
  })

  test('a page that is made read-only is read-only, where the call says so', () => {
    const property = fc.property(anyFlavour, anyStart, anyRange, (flavour, start, range) => {
      const calls = [change('set_memory_ro', range)]
      const { results, final } = runScenario(scenarioOf(flavour, start, calls))
      fc.pre(results[0] === 0)
      const after = translations(final)
      const writable = [...after].filter(
        ([page, desc]) => isIn(range, page) && (desc & RDONLY) === 0n,
      )
      expect(writable).toEqual([])
      expect([...after.values()].every((desc) => (desc & ADDRESS) < 2n ** 40n)).toBe(true)
    })
    fc.assert(property, runs)
  })
})

const OPENS: Readonly<Record<string, string>> = {
  opBegin: 'opEnd',
  walkBegin: 'walkEnd',
  cbEnter: 'cbExit',
  lazyMmuEnter: 'lazyMmuLeave',
  lock: 'unlock',
}
const CLOSES = new Set(Object.values(OPENS))

/** Everything that is open at the end, or closes what is not open; empty for a balanced stream. */
function unbalanced(lines: readonly string[]): string[] {
  const open: string[] = []
  for (const line of lines) {
    const word = line.split(' ')[0] ?? ''
    if (word in OPENS) open.push(OPENS[word] ?? '')
    else if (CLOSES.has(word) && open.pop() !== word) return [line]
  }
  return open
}

test('every enter has its leave, also where a call fails', () => {
  const property = fc.property(
    anyFlavour,
    anyStart,
    fc.array(fc.tuple(anyChange, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 3 }),
    (flavour, start, changes) => {
      const calls = changes.map(([{ call }, alloc_fail]) => ({ ...call, alloc_fail }))
      const { lines, results } = logged(scenarioOf(flavour, start, calls))
      expect(results).not.toContain(null)
      expect(unbalanced(lines)).toEqual([])
    },
  )
  fc.assert(property, { numRuns: 300 })
})

const without = (lines: readonly string[]): string[] =>
  lines.filter((line) => !line.startsWith('descRead'))

describe('schedules', () => {
  const anyCalls = fc.array(anyChange, { minLength: 1, maxLength: 2 })

  test('a single CPU that is scheduled does what a plain run does', () => {
    const property = fc.property(anyFlavour, anyStart, anyCalls, (flavour, start, changes) => {
      const calls = changes.map(({ call }) => call)
      const { calls: _, ...rest } = scenarioOf(flavour, start, calls)
      const plain = logged({ ...rest, calls })
      const scheduled = logged({ ...rest, cpus: [{ calls }], schedule: '0.0.0' })
      expect(without(scheduled.lines)).toEqual(plain.lines)
      expect(scheduled.final).toEqual(plain.final)
      expect(scheduled.results).toEqual(plain.results)
    })
    fc.assert(property, { numRuns: 60 })
  })

  const anyAction = fc.oneof(
    fc.record({
      fn: fc.constant('access'),
      addr: fc.integer({ min: 0, max: PAGES - 1 }).map(pageAt),
      mode: fc.constantFrom('read', 'write', 'exec'),
      see: fc.constantFrom('old', 'new'),
      pick: fc.constantFrom('oldest', 'newest'),
    }),
    fc.record({
      fn: fc.constantFrom('tlb_fill', 'tlb_evict'),
      addr: fc.integer({ min: 0, max: PAGES - 1 }).map(pageAt),
    }),
    fc.record({ fn: fc.constant('context'), to: fc.constantFrom('task', 'bh_off', 'irq') }),
    fc.record({
      fn: fc.constantFrom('lock', 'unlock'),
      name: fc.constantFrom('pgtable_split_lock', 'init_mm.page_table_lock'),
    }),
  )
  const anyProgram = fc.array(
    fc.oneof(
      anyChange.map(({ call }) => call),
      anyAction,
    ),
    { minLength: 1, maxLength: 5 },
  )

  test('the steps that were taken, given again, make the same run: calls, accesses, locks', () => {
    const anyTurns = fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 120 })
    const property = fc.property(
      anyFlavour,
      anyStart,
      anyProgram,
      anyProgram,
      anyTurns,
      (flavour, start, one, two, turns) => {
        const { calls: _, ...rest } = scenarioOf(flavour, start, [])
        const cpus = [{ calls: one }, { calls: two }]
        const play = (schedule: string) => {
          const { hooks, lines } = hookLog()
          const scenario = parseScenario({ ...rest, cpus, schedule })
          const machine = buildMachine(scenario, hooks)
          const { outcomes, schedule: taken } = playScenario(machine, scenario)
          const tlbs = [0, 1].map((cpu) => machine.system.tlb?.entriesOf(cpu))
          return { lines, outcomes, steps: taken?.steps, final: [...machine.leaves()], tlbs }
        }
        const first = play(turns.join('.'))
        expect(play(first.steps?.join('.') ?? '')).toEqual(first)
      },
    )
    fc.assert(property, { numRuns: 100 })
  })
})
