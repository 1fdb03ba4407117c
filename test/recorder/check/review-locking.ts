import { FLAVOURS } from './library.ts'
import { failing, resultOf, type Searched } from './review-explore.ts'
import {
  perFlavour,
  counts,
  rules,
  firesOn,
  stores,
  lockModes,
  scenario,
  explored,
  meta,
  window,
  type ReviewItem,
} from './review-queries.ts'

/** The race of the review with one rule of splitting. */
const h7 = (rule: string): Searched => ({ scenario: `h7-${rule}`, flavour: '6.18' })
const SHARED: Searched = { scenario: 'two-in-one-span', flavour: '6.18' }
const DISJOINT: Searched = { scenario: 'disjoint-ranges', flavour: '6.18' }

export const LOCKING: readonly ReviewItem[] = [
  explored(
    37,
    'x86 serialises with cpa_lock',
    [{ scenario: 'two-in-one-span', flavour: '6.18', locks: 'cpa' }],
    () =>
      resultOf({ scenario: 'two-in-one-span', flavour: '6.18', locks: 'cpa' }).findings.length ===
      0,
  ),
  explored(
    38,
    'arm64 must have such a lock',
    [DISJOINT, SHARED, { ...SHARED, locks: 'none' }, { ...SHARED, locks: 'cpa' }],
    () =>
      resultOf(DISJOINT).findings.length === 0 &&
      resultOf(SHARED).findings.length === 0 &&
      failing({ ...SHARED, locks: 'none' }, 'lost-update') > 0n,
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
  explored(42, 'It can be done without a lock', [h7('tested-atomic'), h7('tested-atomic-16')], () =>
    [h7('tested-atomic'), h7('tested-atomic-16')].every(
      (each) => resultOf(each).findings.length === 0,
    ),
  ),
  explored(
    43,
    'With a lock around the split the change can stay lockless',
    [h7('lock'), SHARED],
    () => [h7('lock'), SHARED].every((each) => resultOf(each).findings.length === 0),
  ),
  explored(
    44,
    'Without it the change is tricky, for contiguous entries above all',
    [h7('first-plain')],
    () =>
      failing(h7('first-plain'), 'lost-update') === 189n &&
      failing(h7('first-plain'), 'torn-span') === 9n,
  ),
  explored(
    45,
    "Yang's split looks only at the first PTE",
    [h7('first-atomic')],
    () => failing(h7('first-atomic'), 'torn-span') === 3n,
  ),
  explored(
    46,
    'The race: two plain read-modify-writes of one PTE',
    [h7('rewrite-plain')],
    () => failing(h7('rewrite-plain'), 'lost-update') === 62n,
  ),
  explored(
    47,
    'Misprogrammed contiguous PTEs',
    [h7('first-plain'), { scenario: 'two-in-one-span', flavour: '6.17' }],
    () =>
      failing(h7('first-plain'), 'torn-span') > 0n &&
      failing({ scenario: 'two-in-one-span', flavour: '6.17' }, 'torn-span') > 0n,
  ),
  explored(
    48,
    'Remedy 1: lock the split',
    [h7('lock')],
    () => resultOf(h7('lock')).findings.length === 0,
  ),
  explored(
    49,
    'Remedy 2: atomic read-modify-write in both',
    [h7('both-atomic'), h7('fill-both-atomic')],
    () =>
      resultOf(h7('both-atomic')).findings.length === 0 &&
      failing(h7('fill-both-atomic'), 'stale-at-return') === 1n,
  ),
  explored(
    50,
    'Remedy 3: test the bit of every PTE',
    [h7('tested-plain')],
    () => failing(h7('tested-plain'), 'lost-update') === 20n,
  ),
  explored(
    51,
    'Remedy 4: the change retries',
    [h7('retry')],
    () => failing(h7('retry'), 'lost-update') === 186n,
  ),
  explored(
    52,
    'Both racers only clear the bit: harmless',
    [h7('splits-only')],
    () => resultOf(h7('splits-only')).findings.length === 0,
  ),
  explored(
    53,
    'But the first to finish may then change permissions',
    [h7('splits-only'), h7('first-plain')],
    () => failing(h7('first-plain'), 'lost-update') === 189n,
  ),
  meta(54, 'The lock is the simplest', 'a judgement'),
  explored(
    55,
    'Atomicity is needed only where the bit is cleared',
    [h7('first-atomic')],
    () => failing(h7('first-atomic'), 'torn-span') === 3n,
  ),
  explored(56, 'because the change touches only split, owned PTEs', [h7('lock-16'), SHARED], () =>
    [h7('lock-16'), SHARED].every((each) => resultOf(each).findings.length === 0),
  ),
  explored(
    57,
    'Loop: plain read, atomic clear only if set',
    [h7('tested-atomic')],
    () => resultOf(h7('tested-atomic')).findings.length === 0,
  ),
  explored(
    58,
    'That is what remedy 3 amounts to',
    [h7('tested-plain'), h7('tested-atomic')],
    () => resultOf(h7('tested-plain')).schedules === resultOf(h7('tested-atomic')).schedules,
  ),
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
  explored(
    60,
    'Lockless is preferred: least contention',
    [SHARED, h7('tested-atomic-16')],
    () => resultOf(SHARED).waited > 0n && resultOf(h7('tested-atomic-16')).waited === 0n,
  ),
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
      `events after which a TLB may still use an old entry, before the flush has ended: ${perFlavour((f) => window(l, 'clean-off', f)[0])}; at the end: none`,
    (l) =>
      FLAVOURS.every((f) => {
        const [count, atEnd] = window(l, 'clean-off', f)
        return count > 0 && !atEnd
      }),
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
