import type { TraceEvent } from '@pagetrail/recorder'

import { type Event, type Marked, type Mutation, is, VALID, RDONLY, PAGE } from './marked-run.ts'

/** A lone barrier after which the call makes nothing sure: it enabled without a flush. */
function enabling(run: Marked): number[] {
  return run.where('barrier').filter((at) => {
    const first = run.firstOf(at)
    const call = run.events[first]
    const events = run.events.slice(first, run.endOf(at))
    const makesValid = events.some(
      (e) => is(e, 'desc_write') && (e.old! & VALID) === 0n && (e.new! & VALID) !== 0n,
    )
    const barriers = events.filter((e) => is(e, 'barrier', 'dsb', 'isb', 'tlb_flush')).length
    return is(call, 'op_begin') && makesValid && barriers === 1
  })
}

/** Barriers, lazy sections, aliases, errors, locks, tables, and what other calls do meanwhile. */
export const CALL_FAULTS: readonly Mutation[] = [
  {
    name: 'the barrier after making valid is dropped',
    rules: ['barrier-missing'],
    sites: enabling,
    make: (run, at) => run.without([at]),
  },
  {
    name: 'only the isb after making valid is dropped',
    rules: ['barrier-missing'],
    sites: enabling,
    make: (run, at) => run.with(at, { kind: 'dsb', scope: 'ishst' }),
  },
  {
    name: 'lazy MMU mode is not left',
    rules: ['lazy-unbalanced'],
    sites: (run) => run.where('lazy_mmu_leave', (e) => e.op !== null && !e.ignored),
    make: (run, at) => run.without([at]),
  },
  {
    name: 'lazy MMU mode is left without being entered',
    rules: ['lazy-unbalanced'],
    sites: (run) => run.where('lazy_mmu_enter', (e) => e.op !== null && !e.ignored),
    make: (run, at) => run.without([at]),
  },
  {
    name: 'the return of a call is not there',
    rules: ['silent-no-op', 'flush-missing', 'barrier-missing'],
    sites: (run) =>
      run.where(
        'op_end',
        (e) => /^set_memory_(?:ro|rw|nx|x|valid)$/.test(e.fn ?? '') && e.ret === 0,
      ),
    make: (run, at) => run.without([at]),
  },
  {
    name: 'the linear alias is forgotten',
    rules: ['alias-mismatch'],
    sites: (run) => aliasPasses(run).map(([first]) => first),
    make(run, at) {
      const pass = aliasPasses(run).find(([first]) => first === at)!
      return run.without(Array.from({ length: pass[1] - pass[0] + 1 }, (_, i) => pass[0] + i))
    },
  },
  {
    name: 'the linear alias of another page is changed',
    rules: ['alias-mismatch', 'stray-store', 'unasked-change', 'unseen-store'],
    sites: (run) => aliasPasses(run).map(([first]) => first),
    make(run, at) {
      const [first, last] = aliasPasses(run).find(([from]) => from === at)!
      const shift = 0x40_0000n
      return run.events.map((e, i) => {
        if (i < first || i > last || !('va' in e) || e.va === null || e.va === 0n) return e
        const end = 'end' in e && e.end !== null ? { end: e.end + shift } : {}
        const old = is(e, 'desc_write') ? { old: e.old! + shift, new: e.new! + shift } : {}
        return { ...e, va: e.va + shift, ...end, ...old } as TraceEvent
      })
    },
  },
  {
    name: 'an error of the walk is dropped',
    rules: ['ignored-error'],
    sites: (run) =>
      run.where(
        'walk_end',
        (e) => e.ret === 0 && isIn(run, e.op, /^set_memory_(?:ro|rw|nx|x|valid)$/),
      ),
    make: (run, at) => run.with(at, { ret: -22 }),
  },
  {
    name: 'the call fails after its stores',
    rules: ['half-changed'],
    sites: (run) =>
      run.where('op_end', (e, i) =>
        run.stores((_, old, now) => old !== now).some((at) => run.endOf(at) === i && e.ret === 0),
      ),
    make: (run, at) => run.with(at, { ret: -22 }),
  },
  {
    name: 'a sleeping lock is taken in softirq',
    rules: ['sleep-in-atomic'],
    sites: (run) =>
      run.where('op_begin', (e) => e.op !== null && (e.fn ?? '').startsWith('set_memory_')),
    make: (run, at) =>
      run.inserted(
        at,
        { kind: 'context', fn: 'softirq' },
        { kind: 'lock', fn: 'pgtable_split_lock', mode: 'mutex' },
        { kind: 'unlock', fn: 'pgtable_split_lock', mode: 'mutex' },
        { kind: 'context', fn: 'task' },
      ),
  },
  {
    name: 'a table is linked before its entries are visible',
    rules: ['published-early'],
    sites: (run) =>
      run.where(
        'desc_write',
        (e, i) =>
          e.level === 'pmd' &&
          (e.new! & 3n) === 3n &&
          (e.old! & 3n) === 1n &&
          is(run.events[i - 1], 'dsb'),
      ),
    make: (run, at) => run.without([at - 1]),
  },
  {
    name: 'a piece of a split block has other permissions',
    rules: ['unasked-change', 'torn-span', 'mixed-span'],
    sites: (run) =>
      run.where(
        'desc_write',
        (e, i) =>
          e.level === 'pte' && e.old === 0n && is(run.events[i + 1], 'barrier_queue', 'desc_write'),
      ),
    make: (run, at) => run.altered(at, (now) => now ^ RDONLY),
  },
  {
    name: 'a table is freed while its entry points to it',
    rules: ['table-freed-in-use'],
    sites: (run) =>
      run.where(
        'desc_write',
        (e) => e.level === 'pmd' && (e.new! & 3n) === 3n && (e.old! & 3n) !== 3n,
      ),
    make(run, at) {
      const { va, new: now } = run.events[at] as Event<'desc_write'>
      return run.inserted(at, {
        kind: 'table_free',
        level: 'pte',
        va,
        pa: now! & 0xffff_ffff_f000n,
      })
    },
  },
  {
    name: 'a table is cleared and freed without a flush',
    rules: ['table-freed-in-use'],
    sites: (run) =>
      run.where(
        'desc_write',
        (e) => e.level === 'pmd' && (e.new! & 3n) === 3n && (e.old! & 3n) !== 3n,
      ),
    make(run, at) {
      const { va, new: now } = run.events[at] as Event<'desc_write'>
      const end = run.endOf(at)
      return run.inserted(
        end,
        { kind: 'desc_write', level: 'pmd', va, old: now, new: 0n, op: null },
        { kind: 'table_free', level: 'pte', va, pa: now! & 0xffff_ffff_f000n, op: null },
      )
    },
  },
  {
    name: 'another call changes the same page at the same time',
    rules: ['overlapping-owners'],
    sites: (run) => run.stores((_, old, now) => old !== now).filter((at) => run.endOf(at) > at),
    make(run, at) {
      const store = run.events[at] as Event<'desc_write'>
      const other = {
        cpu: store.cpu + 1,
        task: store.task === null ? null : 'other-9',
        op: 9_999,
        nest: 0,
      }
      const range = { va: store.va, end: store.va! + PAGE }
      const args = { addr: `0x${store.va!.toString(16)}`, numpages: 1 }
      return run.inserted(
        at,
        { ...other, kind: 'op_begin', fn: 'set_memory_nx', ...range, args },
        {
          ...other,
          kind: 'desc_write',
          level: 'pte',
          va: store.va,
          old: store.new,
          new: store.new,
        },
        { ...other, kind: 'op_end', fn: 'set_memory_nx', ret: 0 },
      )
    },
  },
]

const isIn = (run: Marked, op: number | null, fn: RegExp): boolean =>
  op !== null && fn.test(run.calls.get(op)?.fn ?? '') && (run.calls.get(op)?.last ?? -1) >= 0

/** The last of the linear map, from below. */
const PAGE_END = 0xffff_8000_0000_0000n

/** The events by which calls change the linear alias of one page: from where the walk begins to the flush. */
function aliasPasses(run: Marked): [number, number][] {
  const passes: [number, number][] = []
  for (const [, { first, last, fn, ret }] of run.calls) {
    if (!/^set_memory_r[ow]$/.test(fn) || ret !== 0) continue
    const begin = run.events[first]
    if (!is(begin, 'op_begin') || begin.va === null || begin.va < PAGE_END) continue
    const pass = spansOf(run, first, last).find(([from, to]) =>
      run.events
        .slice(from, to)
        .some((e) => is(e, 'desc_write') && e.va! < PAGE_END && e.old !== e.new),
    )
    if (pass !== undefined) passes.push(pass)
  }
  return passes
}

/** Parts of a call that begin with a lazy section, a walk or a function on one range and end with its flush. */
function spansOf(run: Marked, first: number, last: number): [number, number][] {
  const parts: [number, number][] = []
  let start = -1
  for (let i = first + 1; i < last; i++) {
    const e = run.events[i]
    const begins =
      is(e, 'lazy_mmu_enter', 'walk_begin') ||
      (is(e, 'span_begin') &&
        /^(?:__change_memory_common|update_range_prot|apply_to_page_range)$/.test(e.fn ?? ''))
    if (start < 0 && begins) start = i
    if (start < 0) continue
    const next = run.events[i + 1]
    const isFlush =
      is(e, 'tlbi', 'tlb_flush_done') ||
      (is(e, 'isb') &&
        is(run.events[i - 1], 'dsb', 'tlbi') &&
        run.events.slice(start, i).some((f) => is(f, 'tlbi')))
    if (isFlush && !is(next, 'tlbi', 'dsb', 'isb')) {
      const end = is(next, 'span_end') && next.fn === '__change_memory_common' ? i + 1 : i
      parts.push([start, end])
      start = -1
    }
  }
  return parts
}
