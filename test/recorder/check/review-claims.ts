import { runScenario } from '@pagetrail/engine'
import { hex, PAGE } from '../../support/sample-run.ts'
import { resultOf, type Searched } from './review-explore.ts'
import { FLAVOURS, type FlavourName, type Library } from './library.ts'
import {
  PAGEWALK,
  perFlavour,
  results,
  counts,
  rules,
  firesOn,
  finalLeaves,
  countIn,
  inOp,
  scenario,
  explored,
  type ReviewItem,
} from './review-queries.ts'

const DISJOINT: Searched = { scenario: 'disjoint-ranges', flavour: '6.18' }
const LOCKED: Searched = { scenario: 'disjoint-ranges-locked', flavour: '6.18' }

/** Pages of a table of PTEs, then two blocks: where leaves begin, and places inside of them. */
const POINTS = [0, 1, 511, 512, 513, 1024, 1535, 1536]
const AREA = 0xffff_8000_c000_0000n
const isBoundary = (page: number): boolean => page <= 512 || page % 512 === 0

const leaf = (level: string, page: number, desc: bigint, count: number) => ({
  va: hex(AREA + BigInt(page) * PAGE),
  level,
  desc: hex(desc),
  count,
  pa_step: level === 'pte' ? '0x1000' : '0x200000',
})

/** set_memory_nx() of each range between two of the points, on a machine of its own. */
function everyRange(
  flavour: FlavourName,
): { readonly ret: number | null; readonly isRight: boolean }[] {
  return POINTS.flatMap((from) =>
    POINTS.filter((to) => to > from).map((to) => {
      const { results: done } = runScenario(
        {
          features: { rodata_full: false },
          init: [
            leaf('pte', 0, 0xc0_0005_0004_0783n, 512),
            leaf('pmd', 512, 0xc0_0006_0000_0781n, 2),
          ],
          areas: [{ start: hex(AREA), size: hex(1537n * PAGE), nr_pages: 0 }],
          calls: [
            { fn: 'set_memory_nx', addr: hex(AREA + BigInt(from) * PAGE), numpages: to - from },
          ],
        },
        { flavour },
      )
      const ret = done[0] ?? null
      return { ret, isRight: ret === (isBoundary(from) && isBoundary(to) ? 0 : -22) }
    }),
  )
}

/** Stores of the call that a machine in softirq makes; its lazy MMU mode, which does not act there, proves it. */
const inSoftirq = (l: Library, f: FlavourName): number => {
  const events = inOp(l, 'clean-softirq', f, 0)
  const acts = events.some((e) => e.kind === 'lazy_mmu_enter' && e.ignored !== true)
  return acts ? 0 : countIn(events, 'desc_write')
}

/** What a VMA makes of a walk: huge pages split, locks of PTE tables, callbacks on PTEs. */
const vmaCounts = (l: Library, name: string, f: FlavourName): string => {
  const ptls = l.events(name, f, 'lock').filter((e) => e.fn === 'pte_ptl')
  const ptes = l.events(name, f, 'cb_enter').filter((e) => e.level === 'pte')
  return [l.count(name, f, 'split'), ptls.length, ptes.length].join('/')
}

const inTlb = (l: Library, name: string): string =>
  `${l.count(name, '7.3', 'tlb_fill')} and ${l.count(name, '7.3', 'tlb_evict')}`

export const CLAIMS: readonly ReviewItem[] = [
  scenario(
    1,
    'Permissions of vmalloc memory change without a lock',
    ['clean-ro'],
    counts('clean-ro', 'lock', 'locks taken'),
    (l) => l.count('clean-ro', '6.17', 'lock') === 0,
  ),
  scenario(
    2,
    'apply_to_page_range() refuses block mappings',
    ['whole-block'],
    results('whole-block'),
    (l) => l.results('whole-block', '6.17') === '-22',
  ),
  scenario(
    3,
    'The page walk opens the way to huge kernel mappings',
    ['whole-block'],
    counts('whole-block', 'desc_write', 'stores for 512 pages'),
    (l) => PAGEWALK.every((f) => l.count('whole-block', f, 'desc_write') === 1),
  ),
  scenario(
    4,
    'Huge mappings use the TLB better',
    ['reach-pages', 'reach-block'],
    (l) =>
      `fills and evictions of a TLB of 4 entries, for 16 accesses in 2M: by pages ${inTlb(l, 'reach-pages')}, by a block ${inTlb(l, 'reach-block')}`,
    (l) => inTlb(l, 'reach-pages') === '16 and 12' && inTlb(l, 'reach-block') === '1 and 0',
  ),
  scenario(
    5,
    'The page walk of kernel tables demands init_mm.mmap_lock',
    ['walk-unlocked', 'walk-locked'],
    rules('walk-unlocked', 'walk-unlocked'),
    (l) =>
      firesOn(l, 'walk-unlocked', 'walk-unlocked') === FLAVOURS.join(' ') &&
      firesOn(l, 'walk-locked', 'walk-unlocked') === '',
  ),
  explored(
    6,
    'That lock would be a needless bottleneck',
    [DISJOINT, LOCKED],
    () => resultOf(DISJOINT).waited === 0n && resultOf(LOCKED).waited > 0n,
  ),
  scenario(
    7,
    'A lockless variant that behaves like the old way',
    ['pages-agree'],
    (l) =>
      `final tables as 6.17's: ${PAGEWALK.map((f) => `${f} ${finalLeaves(l, 'pages-agree', f) === finalLeaves(l, 'pages-agree', '6.17') ? 'same' : 'other'}`).join(' · ')}`,
    (l) =>
      finalLeaves(l, 'pages-agree', 'seed-v1') === finalLeaves(l, 'pages-agree', '6.17') &&
      finalLeaves(l, 'pages-agree', '6.17') !== '',
  ),
  scenario(
    8,
    'KFENCE changes page tables in softirq',
    ['clean-softirq', 'softirq-alloc'],
    (l) =>
      `stores by set_memory_valid() in softirq: ${perFlavour((f) => inSoftirq(l, f))}; sleeping there, with a table to allocate: ${firesOn(l, 'softirq-alloc', 'sleep-in-atomic')}`,
    (l) =>
      FLAVOURS.every((f) => inSoftirq(l, f) === 1 && l.findings('clean-softirq', f).length === 0) &&
      firesOn(l, 'softirq-alloc', 'sleep-in-atomic') === '6.12 6.17',
  ),
  scenario(
    9,
    'Softirq cannot sleep, so it cannot take the lock',
    ['softirq-mmap-lock', 'task-mmap-lock', 'clean-softirq'],
    rules('softirq-mmap-lock', 'sleep-in-atomic'),
    (l) =>
      firesOn(l, 'softirq-mmap-lock', 'sleep-in-atomic') === FLAVOURS.join(' ') &&
      firesOn(l, 'task-mmap-lock', 'sleep-in-atomic') === '',
  ),
  scenario(
    10,
    'Condition: no underlying VMA',
    ['blocks-in-walk', 'walk-without-vma', 'walk-with-vma', 'walk-file-vma'],
    (l) =>
      `huge pages split/PTE locks taken/PTEs called, of the same tables: without the VMA ${perFlavour((f) => vmaCounts(l, 'walk-without-vma', f))}; with it ${perFlavour((f) => vmaCounts(l, 'walk-with-vma', f))}; of a file's huge page ${perFlavour((f) => vmaCounts(l, 'walk-file-vma', f))}`,
    (l) =>
      PAGEWALK.every(
        (f) =>
          l.count('blocks-in-walk', f, 'split') + l.count('blocks-in-walk', f, 'lock') === 0 &&
          l.count('blocks-in-walk', f, 'cb_enter') > 0,
      ) &&
      FLAVOURS.every(
        (f) =>
          vmaCounts(l, 'walk-without-vma', f) === '0/0/2' &&
          vmaCounts(l, 'walk-with-vma', f) === '1/2/514' &&
          vmaCounts(l, 'walk-file-vma', f) === '1/0/0',
      ),
  ),
  scenario(
    11,
    'Condition: exclusive control of the range',
    ['two-owners', 'two-neighbours'],
    rules('two-owners', 'overlapping-owners', 'lost-update'),
    (l) =>
      firesOn(l, 'two-owners', 'lost-update') === FLAVOURS.join(' ') &&
      firesOn(l, 'two-neighbours', 'overlapping-owners') === '',
  ),
  scenario(
    12,
    'arm64 cannot split live mappings without BBML2',
    ['split-live-block', 'access-split-live', 'access-split-live-bbml'],
    rules('access-split-live', 'break-before-make', 'tlb-conflict'),
    (l) =>
      firesOn(l, 'access-split-live', 'tlb-conflict') === '6.18 7.3' &&
      firesOn(l, 'access-split-live-bbml', 'tlb-conflict') === '',
  ),
  scenario(
    13,
    'So ranges must begin and end at block boundaries',
    ['block-boundaries'],
    (l) =>
      `of all ${everyRange('seed-v1').length} ranges between eight points of pages and blocks, 0 where both ends are leaf boundaries and -22 elsewhere: ${perFlavour((f) => everyRange(f).filter(({ isRight }) => isRight).length)}; ${results('block-boundaries')(l)}`,
    (l) =>
      everyRange('seed-v1').every(({ isRight }) => isRight) &&
      l.results('block-boundaries', 'seed-v1') === '0, -22, 0, -22, 0, -22',
  ),
  scenario(14, '-EINVAL for part of a block', ['partial-block'], results('partial-block'), (l) =>
    FLAVOURS.every((f) => l.results('partial-block', f) === '-22'),
  ),
  scenario(
    15,
    'Avoiding it is the duty of the caller',
    ['half-changed'],
    rules('half-changed', 'half-changed'),
    (l) => firesOn(l, 'half-changed', 'half-changed') === FLAVOURS.join(' '),
  ),
  scenario(
    16,
    'apply_to_page_range() runs its callbacks in lazy MMU mode',
    ['clean-page-tables'],
    counts('clean-page-tables', 'lazy_mmu_enter', 'lazy sections over 3 tables'),
    (l) => l.count('clean-page-tables', '6.17', 'lazy_mmu_enter') === 3,
  ),
  scenario(
    17,
    'arm64 gains by batching barriers',
    ['clean-page-tables'],
    counts('clean-page-tables', 'barrier', 'barriers for 516 pages in 3 tables'),
    (l) =>
      l.count('clean-page-tables', '6.12', 'barrier') === 516 &&
      l.count('clean-page-tables', '6.17', 'barrier') === 3 &&
      l.count('clean-page-tables', 'seed-v1', 'barrier') === 1,
  ),
  scenario(
    18,
    'The walker itself does not use lazy MMU mode',
    ['every-callback'],
    counts('every-callback', 'lazy_mmu_enter', 'lazy sections of a bare walk'),
    (l) => PAGEWALK.every((f) => l.count('every-callback', f, 'lazy_mmu_enter') === 0),
  ),
  scenario(
    19,
    'The page walk allocates nothing, so all of it may be bracketed',
    ['hole-table', 'alloc-in-lazy'],
    counts('hole-table', 'table_alloc', 'tables allocated over a hole'),
    (l) =>
      PAGEWALK.every((f) => l.count('hole-table', f, 'table_alloc') === 0) &&
      l.count('hole-table', '6.17', 'table_alloc') > 0,
  ),
]
