import { FLAVOURS } from './library.ts'
import {
  perFlavour,
  counts,
  rules,
  stores,
  lockModes,
  scenario,
  search,
  meta,
  window,
  type ReviewItem,
} from './review-queries.ts'

const RACE =
  'two CPUs splitting one contiguous span and changing a page of it each, with this rule of splitting'

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
  search(
    41,
    'Splitting is harder: two disjoint ranges may share one leaf',
    'two owners of one block or span',
  ),
  search(42, 'It can be done without a lock', RACE),
  search(43, 'With a lock around the split the change can stay lockless', RACE),
  search(44, 'Without it the change is tricky, for contiguous entries above all', RACE),
  search(45, "Yang's split looks only at the first PTE", RACE),
  search(46, 'The race: two plain read-modify-writes of one PTE', RACE),
  search(47, 'Misprogrammed contiguous PTEs', RACE),
  search(48, 'Remedy 1: lock the split', RACE),
  search(49, 'Remedy 2: atomic read-modify-write in both', RACE),
  search(50, 'Remedy 3: test the bit of every PTE', RACE),
  search(51, 'Remedy 4: the change retries', RACE),
  search(52, 'Both racers only clear the bit: harmless', RACE),
  search(53, 'But the first to finish may then change permissions', RACE),
  meta(54, 'The lock is the simplest', 'a judgement'),
  search(55, 'Atomicity is needed only where the bit is cleared', RACE),
  search(56, 'because the change touches only split, owned PTEs', RACE),
  search(57, 'Loop: plain read, atomic clear only if set', RACE),
  search(58, 'That is what remedy 3 amounts to', RACE),
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
    ['partial-block-bbml', 'hole-table'],
    (l) => perFlavour((f) => lockModes(l, 'partial-block-bbml', f)),
    (l) =>
      lockModes(l, 'partial-block-bbml', '7.3') === 'pgtable_split_lock (mutex)' &&
      lockModes(l, 'hole-table', '6.17') === 'init_mm.page_table_lock (spin)',
  ),
  meta(62, 'A separate lock is fine', 'a judgement'),
  search(
    63,
    'Callers of set_memory_*() have exclusive access',
    '`overlapping-owners` names the calls that break it',
  ),
  scenario(
    64,
    'x86: stale large entries while another CPU splits',
    ['split-live-block'],
    rules('split-live-block', 'break-before-make'),
    (l) => l.fires('split-live-block', '6.18', 'break-before-make'),
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
