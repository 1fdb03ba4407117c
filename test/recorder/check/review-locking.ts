import { FLAVOURS } from './library.ts'
import {
  perFlavour,
  counts,
  rules,
  firesOn,
  stores,
  lockModes,
  scenario,
  search,
  meta,
  window,
  type ReviewItem,
} from './review-queries.ts'

/** The race of the review with one rule of splitting: what `explore` searches. */
const race = (rule: string): string => `two CPUs, one contiguous span, a page each; ${rule}`

export const LOCKING: readonly ReviewItem[] = [
  search(
    37,
    'x86 serialises with cpa_lock',
    'the same two-CPU scenario with a lock around everything',
  ),
  search(
    38,
    'arm64 must have such a lock',
    'disjoint ranges, and ranges that share a leaf, with the lock and without',
  ),
  scenario(
    39,
    'No lock today: the caller owns its range',
    ['clean-ro'],
    counts('clean-ro', 'lock', 'locks taken'),
    (l) => l.count('clean-ro', '6.17', 'lock') === 0,
  ),
  scenario(
    40,
    'The patch does not change that',
    ['clean-ro'],
    counts('clean-ro', 'lock', 'locks taken'),
    (l) => l.count('clean-ro', 'seed-v1', 'lock') === l.count('clean-ro', '6.17', 'lock'),
  ),
  scenario(
    41,
    'Splitting is harder: two disjoint ranges may share one leaf',
    ['two-in-one-block', 'two-in-one-span'],
    (l) =>
      `splits of the shared block: ${perFlavour((f) => l.events('two-in-one-block', f, 'split').filter((e) => e.level === 'pmd').length)}; the shared span torn: ${firesOn(l, 'two-in-one-span', 'torn-span')}`,
    (l) =>
      l.results('two-in-one-block', '7.3') === '0, 0' &&
      l.events('two-in-one-block', '7.3', 'split').filter((e) => e.level === 'pmd').length === 1,
  ),
  search(
    42,
    'It can be done without a lock',
    race('each PTE tested, cleared atomically: no schedule may fail'),
  ),
  search(
    43,
    'With a lock around the split the change can stay lockless',
    race('the split locked, the change not: no schedule may fail'),
  ),
  search(
    44,
    'Without it the change is tricky, for contiguous entries above all',
    race('the first PTE tested, cleared plainly'),
  ),
  search(
    45,
    "Yang's split looks only at the first PTE",
    race('the first PTE tested: some schedules put the bit back'),
  ),
  search(
    46,
    'The race: two plain read-modify-writes of one PTE',
    race('every PTE rewritten plainly: some schedules lose a permission'),
  ),
  search(
    47,
    'Misprogrammed contiguous PTEs',
    race(
      'the first PTE tested: some schedules end with a torn span, others silently lose a permission',
    ),
  ),
  search(48, 'Remedy 1: lock the split', race('with pgtable_split_lock')),
  search(49, 'Remedy 2: atomic read-modify-write in both', race('atomic in split and change')),
  search(
    50,
    'Remedy 3: test the bit of every PTE',
    race('each PTE tested, cleared plainly: some schedules still lose a permission'),
  ),
  search(
    51,
    'Remedy 4: the change retries',
    race('the change waits until the bit is clear: alone it still loses permissions'),
  ),
  search(52, 'Both racers only clear the bit: harmless', race('splits only: always consistent')),
  search(
    53,
    'But the first to finish may then change permissions',
    race('splits, then changes: the failures appear'),
  ),
  meta(54, 'The lock is the simplest', 'a judgement'),
  search(
    55,
    'Atomicity is needed only where the bit is cleared',
    race('atomic clear after testing the first PTE only: a few schedules put the bit back'),
  ),
  search(
    56,
    'because the change touches only split, owned PTEs',
    race('at each store of a permission: own slot, bit clear or whole span owned'),
  ),
  search(
    57,
    'Loop: plain read, atomic clear only if set',
    race('each PTE tested, atomic only where set'),
  ),
  search(58, 'That is what remedy 3 amounts to', race('the same traces as 57')),
  scenario(
    59,
    'Splitting stays decoupled from the change',
    ['partial-block-bbml'],
    counts('partial-block-bbml', 'lazy_mmu_enter', 'lazy sections'),
    (l) => {
      const kinds = l.run('partial-block-bbml', '7.3').events.map((e) => e.kind)
      return (
        kinds.indexOf('split') < kinds.indexOf('unlock') &&
        kinds.indexOf('unlock') < kinds.indexOf('walk_begin')
      )
    },
  ),
  search(60, 'Lockless is preferred: least contention', 'how often CPUs wait for the mutex'),
  scenario(
    61,
    'A lock of its own, not the page-table lock',
    ['partial-block-bbml', 'hole-table', 'page-table-lock-and-mutex'],
    (l) =>
      `${perFlavour((f) => lockModes(l, 'partial-block-bbml', f))}; sleeping under init_mm.page_table_lock: ${firesOn(l, 'page-table-lock-and-mutex', 'sleep-in-atomic')}`,
    (l) =>
      lockModes(l, 'partial-block-bbml', '7.3') === 'pgtable_split_lock (mutex)' &&
      lockModes(l, 'hole-table', '6.17') === 'init_mm.page_table_lock (spin)' &&
      firesOn(l, 'page-table-lock-and-mutex', 'sleep-in-atomic') === '6.18 7.3',
  ),
  meta(62, 'A separate lock is fine', 'a judgement'),
  scenario(
    63,
    'Callers of set_memory_*() have exclusive access',
    ['two-owners', 'two-owners-in-turn'],
    rules('two-owners', 'overlapping-owners'),
    (l) =>
      firesOn(l, 'two-owners', 'overlapping-owners') === FLAVOURS.join(' ') &&
      firesOn(l, 'two-owners-in-turn', 'overlapping-owners') === '',
  ),
  scenario(
    64,
    'x86: stale large entries while another CPU splits',
    ['access-split-live'],
    rules('access-split-live', 'tlb-conflict'),
    (l) => l.fires('access-split-live', '6.18', 'tlb-conflict'),
  ),
  scenario(
    65,
    'arm64 flushes in __change_memory_common()',
    ['clean-off'],
    (l) =>
      `events between the first store and the flush: ${perFlavour((f) => window(l, 'clean-off', f))}`,
    (l) => FLAVOURS.every((f) => window(l, 'clean-off', f) > 0),
  ),
  scenario(
    66,
    'Both ends are split before anything changes',
    ['half-changed-bbml'],
    (l) =>
      `stores before the first changed permission: ${perFlavour((f) => stores(l, 'half-changed-bbml', f).findIndex((e) => ((e.old ?? 0n) & 1n) === 1n && ((e.new ?? 0n) & 1n) === 0n))}`,
    (l) => {
      const { events } = l.run('half-changed-bbml', '7.3')
      const split = events.findLastIndex((e) => e.kind === 'split')
      return split >= 0 && split < events.findIndex((e) => e.kind === 'walk_begin')
    },
  ),
]
