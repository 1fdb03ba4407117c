import {
  type Event,
  type Mutation,
  is,
  enclosing,
  VALID,
  RDONLY,
  AF,
  USER,
  DBM,
  PXN,
  CONT,
  PAGE,
} from './marked-run.ts'

const storeRow = (
  name: string,
  rules: readonly string[],
  alter: (now: bigint, old: bigint) => bigint,
  fits: (old: bigint, now: bigint) => boolean = (old, now) => old !== now,
): Mutation => ({
  name,
  rules,
  sites: (run) => run.stores((_, old, now) => fits(old, now) && alter(now, old) !== now),
  make: (run, at) =>
    run.altered(at, (now) => alter(now, (run.events[at] as Event<'desc_write'>).old ?? 0n)),
})

/** Stores of other values than the call is for, left out, or made twice. */
export const STORE_FAULTS: readonly Mutation[] = [
  storeRow(
    'PXN is cleared too',
    ['unasked-change'],
    (now) => now & ~PXN,
    (_, now) => (now & PXN) !== 0n,
  ),
  storeRow('EL0 may access it too', ['unasked-change'], (now) => now | USER),
  storeRow('the access flag is cleared too', ['unasked-change'], (now) => now & ~AF),
  storeRow('another page is mapped', ['unasked-change'], (now) => now + PAGE),
  storeRow('the memory type changes', ['unasked-change', 'break-before-make'], (now) => now ^ 0x8n),
  storeRow('shareability changes', ['unasked-change', 'break-before-make'], (now) => now ^ 0x100n),
  storeRow('the entry is emptied', ['unasked-change', 'silent-no-op'], () => 0n),
  storeRow(
    'what was there is stored',
    ['silent-no-op', 'unasked-change', 'torn-span'],
    (_, old) => old,
    (old, now) => ((old ^ now) & ~CONT) !== 0n,
  ),
  storeRow('bit 60 is set too', ['unasked-change'], (now) => now | (1n << 60n)),
  storeRow(
    'the opposite is stored',
    ['unasked-change', 'silent-no-op'],
    (now) => now ^ RDONLY ^ DBM,
    (old, now) => ((old ^ now) & RDONLY) !== 0n,
  ),
  {
    name: 'a store is dropped',
    rules: ['silent-no-op', 'unseen-store', 'unasked-change', 'torn-span'],
    sites: (run) => run.stores((_, old, now) => old !== now),
    make: (run, at) => run.without([at]),
  },
  {
    name: 'a callback and its store are dropped',
    rules: ['silent-no-op', 'unseen-store'],
    sites: (run) =>
      run.stores((_, old, now) => old !== now).filter((at) => enclosing(run, at) !== null),
    make(run, at) {
      const [first, last] = enclosing(run, at)!
      return run.without(Array.from({ length: last - first + 1 }, (_, i) => first + i))
    },
  },
  {
    name: 'a callback is called twice',
    rules: ['repeated-callback', 'unseen-store'],
    sites: (run) =>
      run.stores((_, old, now) => old !== now).filter((at) => enclosing(run, at) !== null),
    make(run, at) {
      const [first, last] = enclosing(run, at)!
      const again = run.events.slice(first, last + 1)
      return [...run.events.slice(0, last + 1), ...again, ...run.events.slice(last + 1)]
    },
  },
  {
    name: 'another CPU stores between read and store',
    rules: ['lost-update', 'unseen-store'],
    sites: (run) =>
      run
        .stores((_, old, now) => old !== now && (old & PXN) !== 0n)
        .filter((at) => {
          const span = enclosing(run, at)
          const enter = span === null ? undefined : run.events[span[0]]
          return is(enter, 'cb_enter') && enter.val !== undefined
        }),
    make(run, at) {
      const store = run.events[at] as Event<'desc_write'>
      const theirs = store.old! ^ (1n << 55n)
      const other = { ...store, cpu: store.cpu + 1, task: null, op: null, new: theirs }
      const mine = { ...store, old: theirs }
      return [...run.events.slice(0, at), other, mine, ...run.events.slice(at + 1)]
    },
  },
  {
    name: 'a store says that the entry held something else',
    rules: ['unseen-store', 'lost-update'],
    sites: (run) => run.stores((_, old, now) => old !== now && (old & VALID) !== 0n),
    make: (run, at) =>
      run.with(at, { old: (run.events[at] as Event<'desc_write'>).old! ^ (1n << 55n) }),
  },
]
