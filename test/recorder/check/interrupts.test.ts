import { describe, expect, test } from 'vitest'
import { checkRun, rulesNamed } from '@pagetrail/recorder'
import {
  buildMachine,
  parseScenario,
  printEntries,
  runChosen,
  scenarioWorks,
} from '@pagetrail/engine'
import { playedRun } from '../../support/played-runs.ts'
import { brief, PAGE, RO, RW, Script, VMALLOC } from './script.ts'

/** Interrupts that come into what a task does to its page tables. */

const OFF = RW & ~1n
const FLUSH_RULES = ['flush-missing', 'flush-never', 'tlbi-unordered']
const SHOWN_BY = ['call', 'context', 'both'] as const
const page = (i: bigint) => VMALLOC + i * PAGE

/** Two pages are made read-only; their flush function has begun. */
const flushing = () => {
  const s = new Script().init('pte', VMALLOC, RW, 4).begin('set_memory_ro', VMALLOC, 2)
  for (const i of [0n, 1n]) s.change('pte', page(i), RW + i * PAGE, RO + i * PAGE)
  return s.barrier().flush(VMALLOC, page(2n))
}
const another = (s: Script) => s.flush(page(3n), page(4n)).tlbi(page(3n))
const judged = (s: Script) => s.end('set_memory_ro').report(...FLUSH_RULES).findings

describe.each(SHOWN_BY)('an interrupt, shown by %s, in a flush function', (by) => {
  test('the TLBIs that come after it belong to the function, which completes them', () => {
    const s = flushing().interrupt(another, by).tlbi(VMALLOC).interrupt(another, by)
    expect(judged(s.tlbi(page(1n)))).toEqual([])
    expect(judged(flushing().tlbi(VMALLOC, 2).interrupt(another, by))).toEqual([])
  })

  test('near miss: they never come, or after something else of the call', () => {
    const never = flushing().tlbi(VMALLOC).interrupt(another, by)
    expect(judged(never).map(({ rule, va }) => [rule, va])).toEqual([['flush-missing', page(1n)]])
    const late = flushing().interrupt(another, by).barrier().tlbi(VMALLOC, 2)
    expect(new Set(judged(late).map(({ rule }) => rule))).toEqual(
      new Set(['flush-missing', 'tlbi-unordered']),
    )
  })
})

test('an interrupt in a softirq that flushes', () => {
  const s = new Script().init('pte', VMALLOC, RW, 4).context('softirq')
  s.begin('set_memory_ro', VMALLOC).change('pte', VMALLOC, RW, RO).barrier()
  s.flush(VMALLOC, page(1n)).context('irq')
  expect(judged(another(s).context('softirq').tlbi(VMALLOC))).toEqual([])
})

test('what a TLB does by itself is nothing that the CPU does after its flush', () => {
  const s = flushing().add('tlb_fill', { level: 'pte', va: page(3n), end: page(4n), desc: RW })
  expect(judged(s.tlbi(VMALLOC, 2))).toEqual([])
})

const lazy = () => {
  const s = new Script().init('pte', VMALLOC, OFF, 2)
  return s.begin('set_memory_valid', VMALLOC, 1, { enable: 1 }).lazyEnter()
}
const makesValid = (s: Script) => s.write('pte', page(1n), OFF + PAGE, RW + PAGE)
const alloc = (s: Script) => s.add('table_alloc', { level: 'pte', va: page(512n), pa: 0x1000n })
const ended = (s: Script, rule: string) =>
  s.barrier().lazyLeave().end('set_memory_valid').check(rule)

describe('an interrupt in a lazy section', () => {
  test('defers no barrier', () => {
    expect(brief(ended(lazy().interrupt(makesValid), 'barrier-missing'))).toEqual(['H5 error 5,6'])
    const both = lazy().interrupt((s) => makesValid(s).barrier())
    expect(ended(both, 'barrier-missing')).toEqual([])
  })

  test('neither enters nor leaves one', () => {
    const s = lazy().interrupt((handler) => makesValid(handler.lazyEnter()).barrier().lazyLeave())
    expect(ended(s, 'lazy-unbalanced')).toEqual([])
  })

  test('allocates outside of it', () => {
    expect(ended(lazy().interrupt(alloc), 'alloc-in-lazy')).toEqual([])
    expect(ended(alloc(lazy()), 'alloc-in-lazy')).toHaveLength(1)
  })
})

test('after a gap nobody knows that the CPU is still in an interrupt', () => {
  const s = new Script().context('irq').add('gap', { lost: null, reason: 'lost' })
  expect(s.lock('mmap_lock', 'write').check('sleep-in-atomic')).toEqual([])
})

/** The runs of a call that an interrupt comes into, once for each step at which it can. */
function interruptedAt(call: object): readonly string[] {
  const json = {
    geometry: { page_shift: 12, va_bits: 48 },
    features: { rodata_full: false },
    init: [
      {
        va: '0xffff8000c0000000',
        level: 'pte',
        desc: '0xe8000500000703',
        count: 4,
        pa_step: '0x1000',
      },
    ],
    areas: [{ start: '0xffff8000c0000000', size: '0x5000', nr_pages: 0 }],
    cpus: [
      {
        calls: [{ fn: 'set_memory_ro', addr: '0xffff8000c0000000', numpages: 1 }],
        interrupts: [{ context: 'irq', calls: [call] }],
      },
      { calls: [{ fn: 'access', addr: '0xffff8000c0000000', mode: 'write' }] },
    ],
  }
  const broken: string[] = []
  for (let at = 0; ; at++) {
    const scenario = parseScenario(json, { flavour: '7.3' })
    const machine = buildMachine(scenario)
    const works = scenarioWorks(scenario, (cpu, each) => machine.call(each, cpu))
    let steps = 0
    const { entries } = runChosen(machine, works, (runnable) => {
      steps++
      return steps > at ? (runnable.at(-1) ?? -1) : (runnable[0] ?? -1)
    })
    const schedule = printEntries(entries)
    const again = parseScenario(json, { flavour: '7.3', schedule, exact: true })
    const { findings } = checkRun(playedRun(again, 'interrupted'), rulesNamed(FLUSH_RULES))
    broken.push(...findings.map(({ message }) => `${schedule}: ${message}`))
    if (steps <= at) return broken
  }
}

test.each([
  { fn: 'access', addr: '0xffff8000c0002000', mode: 'read' },
  { fn: 'set_memory_ro', addr: '0xffff8000c0002000', numpages: 1 },
])('wherever an interrupt comes into a call, it keeps its promises: $fn', (call) => {
  expect(interruptedAt(call)).toEqual([])
})
