import type { Kind, TraceEvent } from '@pagetrail/recorder'

import {
  type Event,
  Marked,
  type Mutation,
  is,
  covers,
  inPages,
  VALID,
  RDONLY,
  PAGE,
} from './marked-run.ts'

/** A restricting store that its call flushes, by instructions or by a function. */
const flushed = (run: Marked): number[] =>
  run.restricting().filter((at) => run.flushOf(at).length > 0)
/** The same where nothing else covers it before the call returns. */
const onlyFlushed = (run: Marked): number[] =>
  flushed(run).filter((at) => {
    const flush = new Set(run.flushOf(at))
    const { va } = run.events[at] as Event<'desc_write'>
    for (let i = at + 1; i <= run.endOf(at); i++) {
      const e = run.events[i]
      if (flush.has(i) || va === null) continue
      if (is(e, 'tlb_flush') && (e.va === null || covers(e, va))) return false
      if (
        is(e, 'tlbi') &&
        (e.insn?.startsWith('vmall') === true || (e.va !== null && inPages(e, va)))
      )
        return false
    }
    return true
  })

const FLUSH = ['flush-missing'] as const
const flushAt = (run: Marked, at: number, kinds: readonly Kind[]): number[] =>
  run.flushOf(at).filter((i) => kinds.includes(run.events[i]!.kind))

/** Changes what a flush covers. */
const covering = (
  run: Marked,
  at: number,
  change: (start: bigint, end: bigint) => [bigint, bigint],
): TraceEvent[] => {
  const flush = new Set(run.flushOf(at))
  return run.events.map((e, i) => {
    if (!flush.has(i)) return e
    if (is(e, 'tlb_flush') && e.va !== null && e.end !== null) {
      const [va, end] = change(e.va, e.end)
      return { ...e, va, end }
    }
    if (is(e, 'tlbi') && e.va !== null && e.va !== 0n) {
      const [va, end] = change(e.va, e.va + BigInt(Math.max(1, e.pages ?? 1)) * PAGE)
      return { ...e, va, pages: Math.max(1, Number((end - va) / PAGE)), num: null, scale: null }
    }
    return e
  })
}

/** Flushes that are missing, early, late, short or not what they should be. */
export const FLUSH_FAULTS: readonly Mutation[] = [
  {
    name: 'a flush is dropped',
    rules: FLUSH,
    sites: onlyFlushed,
    make: (run, at) => run.without(run.flushOf(at)),
  },
  {
    name: 'the TLBI of a flush are dropped',
    rules: [...FLUSH, 'tlbi-unordered'],
    sites: (run) => onlyFlushed(run).filter((at) => flushAt(run, at, ['tlbi']).length > 0),
    make: (run, at) => run.without(flushAt(run, at, ['tlbi'])),
  },
  {
    name: 'a flush covers the page beside it',
    rules: FLUSH,
    sites: onlyFlushed,
    make: (run, at) => covering(run, at, (start, end) => [end, end + (end - start)]),
  },
  {
    name: 'a flush ends a page early',
    rules: FLUSH,
    sites: (run) =>
      onlyFlushed(run).filter((at) => {
        const { va } = run.events[at] as Event<'desc_write'>
        return run.flushOf(at).some((i) => {
          const e = run.events[i]
          return is(e, 'tlb_flush') && e.end === va! + PAGE && e.va! < va!
        })
      }),
    make(run, at) {
      const { va } = run.events[at] as Event<'desc_write'>
      const flush = new Set(run.flushOf(at))
      return run.events.flatMap((e, i) => {
        if (!flush.has(i)) return [e]
        if (is(e, 'tlb_flush') && e.end !== null) return [{ ...e, end: e.end - PAGE }]
        if (!is(e, 'tlbi') || e.va === null || !inPages(e, va!)) return [e]
        const pages = Number((va! - e.va) / PAGE)
        return pages === 0 ? [] : [{ ...e, pages, num: null, scale: null }]
      })
    },
  },
  {
    name: 'a flush comes before the store',
    rules: [...FLUSH, 'tlbi-unordered'],
    sites: onlyFlushed,
    make: (run, at) => run.moved(run.flushOf(at), run.firstOf(at)),
  },
  {
    name: 'a flush comes after the return',
    rules: FLUSH,
    sites: onlyFlushed,
    make: (run, at) => run.moved(run.flushOf(at), run.endOf(at)),
  },
  {
    name: 'a TLBI is not broadcast',
    rules: FLUSH,
    sites: (run) => onlyFlushed(run).filter((at) => flushAt(run, at, ['tlbi']).length > 0),
    make(run, at) {
      const flush = new Set(run.flushOf(at))
      return run.events.map((e, i) =>
        flush.has(i) && is(e, 'tlbi') ? { ...e, insn: (e.insn ?? '').replace(/is$/, '') } : e,
      )
    },
  },
  {
    name: 'the dsb ish of a flush is dropped',
    rules: [...FLUSH, 'tlbi-unordered'],
    sites: (run) =>
      onlyFlushed(run).filter((at) => {
        const last = run.flushOf(at).at(-1)!
        const rest = run.events.slice(last, run.endOf(at))
        return flushAt(run, at, ['dsb']).length > 0 && !rest.some((e) => is(e, 'dsb'))
      }),
    make: (run, at) =>
      run.without(
        run.flushOf(at).filter((i) => {
          const e = run.events[i]
          return is(e, 'dsb') && e.scope === 'ish'
        }),
      ),
  },
  {
    name: 'another CPU flushes before the writer’s dsb',
    rules: [...FLUSH, 'tlbi-unordered'],
    sites: (run) =>
      onlyFlushed(run).filter((at) => {
        const flush = run.flushOf(at)
        const between = run.events.slice(at, flush[0])
        return (
          !between.some((e) => is(e, 'dsb', 'barrier')) &&
          flushAt(run, at, ['tlb_flush']).length > 0
        )
      }),
    make(run, at) {
      const flush = new Set(run.flushOf(at))
      return run.events.map((e, i) => (flush.has(i) ? { ...e, cpu: e.cpu + 1, task: null } : e))
    },
  },
  {
    name: 'read-only, writable, read-only again, after the flush',
    rules: FLUSH,
    sites: (run) => onlyFlushed(run).filter((at) => run.endOf(at) > at),
    make(run, at) {
      const { level, va, new: now } = run.events[at] as Event<'desc_write'>
      const behind = run.flushOf(at).at(-1)!
      const back = (now! ^ RDONLY) | VALID
      const store = { kind: 'desc_write', level, va }
      const barrier = { kind: 'barrier' }
      return run.inserted(
        behind,
        { ...store, old: now, new: back },
        { ...store, old: back, new: now },
        barrier,
      )
    },
  },
  {
    name: 'the page is changed once more after its flush',
    rules: [...FLUSH, 'unasked-change'],
    sites: (run) =>
      onlyFlushed(run).filter(
        (at) => ((run.events[at] as Event<'desc_write'>).new! & VALID) !== 0n,
      ),
    make(run, at) {
      const { level, va, new: now } = run.events[at] as Event<'desc_write'>
      const next = run.altered(at, () => now! & ~VALID)
      const store = { kind: 'desc_write', level, va, old: now, new: now! & ~VALID }
      const behind = run.flushOf(at).at(-1)!
      return new Marked(next.map((e, i) => (i === at ? run.events[at]! : e))).inserted(
        behind,
        store,
      )
    },
  },
]
