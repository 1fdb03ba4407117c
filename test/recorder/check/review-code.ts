import { FLAVOURS, type FlavourName, type Library } from './library.ts'
import {
  PAGEWALK,
  perFlavour,
  results,
  counts,
  rules,
  firesOn,
  levelsEntered,
  stores,
  storeText,
  inOp,
  countIn,
  inBothMasks,
  scenario,
  meta,
  type ReviewItem,
} from './review-queries.ts'

const NG = 1n << 11n
/** TLB flushes of the first calls of a run, each. */
const flushesByCall = (l: Library, name: string, f: FlavourName, calls: number): string =>
  Array.from({ length: calls }, (_, op) => countIn(inOp(l, name, f, op), 'tlb_flush')).join('+')
const AREAS = ['alias-of-area', 'alias-off', 'guard-page']
/** What became of an area and its aliases: return values, stores, flushed ranges. */
const areaText = (l: Library, name: string, f: FlavourName): string =>
  [
    l.results(name, f),
    storeText(l, name, f),
    ...l.events(name, f, 'tlb_flush').map((e) => `${e.va} ${e.end}`),
  ].join('\n')
/** Stores to vmalloc entries that have the contiguous bit before and after. */
const contiguous = (l: Library, f: FlavourName): number =>
  stores(l, 'contpte-whole', f).filter(
    (e) =>
      ((e.old ?? 0n) & (e.new ?? 0n) & (1n << 52n)) !== 0n &&
      (e.va ?? 0n) >= 0xffff_8000_0000_0000n,
  ).length
const bitText = (bits: number): string =>
  bits === 0 ? 'none' : bits === Number(NG) ? 'nG' : `0x${bits.toString(16)}`
/** What 7.3 stores when it makes the page of `mask-order` valid again. */
const madeValid = (l: Library): bigint => stores(l, 'mask-order', '7.3').at(-1)?.new ?? 0n

export const CODE: readonly ReviewItem[] = [
  scenario(
    20,
    'Clear first, then set',
    ['mask-order'],
    (l) =>
      `bits that are set and cleared at once, off and on, under KPTI: ${perFlavour((f) => inBothMasks('mask-order', f).map(bitText).join('/'))}; ` +
      `so only 7.3 shows the order: made valid it stores 0x${madeValid(l).toString(16)}, set first it would be 0x${(madeValid(l) & ~NG).toString(16)}`,
    (l) =>
      FLAVOURS.every((f) =>
        inBothMasks('mask-order', f).every((both) => (both !== 0) === (f === '7.3')),
      ) && (madeValid(l) & (NG | 1n)) === (NG | 1n),
  ),
  scenario(
    21,
    'Callbacks for pgd, p4d, pud, pmd and pte',
    ['clean-ro'],
    (l) => `levels called: ${perFlavour((f) => levelsEntered(l, 'clean-ro', f))}`,
    (l) =>
      levelsEntered(l, 'clean-ro', 'seed-v1') === 'pgd p4d pud pmd pte' &&
      levelsEntered(l, 'clean-ro', '6.18') === 'pud pmd pte',
  ),
  scenario(
    22,
    'The leaf test takes in present-invalid entries',
    ['block-off-on-kpti'],
    rules('block-off-on-kpti', 'silent-no-op'),
    (l) => firesOn(l, 'block-off-on-kpti', 'silent-no-op') === '6.18',
  ),
  scenario(
    23,
    'The size is tested before the write; WARN once, -EINVAL each time',
    ['partial-block-twice'],
    (l) =>
      perFlavour((f) =>
        l
          .events('partial-block-twice', f, 'warn')
          .map((e) => (e.fired ? 'printed' : 'silent'))
          .join('+'),
      ),
    (l) =>
      PAGEWALK.every(
        (f) =>
          l.results('partial-block-twice', f) === '-22, -22' &&
          stores(l, 'partial-block-twice', f).length === 0,
      ),
  ),
  scenario(
    24,
    'CONTINUE after a leaf; ignored at pgd and p4d',
    ['continue-at-pgd', 'whole-block'],
    (l) =>
      `PTE callbacks although CONTINUE was set at pgd: ${perFlavour((f) => l.events('continue-at-pgd', f, 'cb_enter').filter((e) => e.level === 'pte').length)}`,
    (l) => l.events('continue-at-pgd', 'seed-v1', 'cb_enter').some((e) => e.level === 'pte'),
  ),
  scenario(
    25,
    'The PTE callback is unconditional',
    ['hole-entry', 'contpte-one-page'],
    (l) =>
      `empty entries written: ${perFlavour((f) => stores(l, 'hole-entry', f).filter((e) => e.old === 0n).length)}`,
    (l) => FLAVOURS.every((f) => stores(l, 'hole-entry', f).some((e) => e.old === 0n)),
  ),
  scenario(
    26,
    'Lazy MMU mode is left on error, too',
    ['lazy-error'],
    (l) =>
      `enters/leaves: ${perFlavour((f) => `${l.count('lazy-error', f, 'lazy_mmu_enter')}/${l.count('lazy-error', f, 'lazy_mmu_leave')}`)}`,
    (l) =>
      FLAVOURS.every(
        (f) =>
          l.count('lazy-error', f, 'lazy_mmu_enter') ===
            l.count('lazy-error', f, 'lazy_mmu_leave') &&
          !l.fires('lazy-error', f, 'lazy-unbalanced'),
      ),
  ),
  scenario(
    27,
    'The outer helper flushes, on error too, unless the change only enables',
    ['half-changed', 'enable-only', 'clean-noflush'],
    (l) =>
      `flushes after -EINVAL: ${perFlavour((f) => l.count('half-changed', f, 'tlb_flush'))}; of off, then on: ${perFlavour((f) => flushesByCall(l, 'enable-only', f, 2))}; ` +
      `of a _noflush call, which has the inner helper alone: ${perFlavour((f) => flushesByCall(l, 'clean-noflush', f, 1))}`,
    (l) =>
      FLAVOURS.every(
        (f) =>
          l.count('half-changed', f, 'tlb_flush') === 1 &&
          flushesByCall(l, 'clean-noflush', f, 1) === '0' &&
          flushesByCall(l, 'enable-only', f, 2) === (f === '6.12' ? '1+1' : '1+0'),
      ),
  ),
  scenario(
    28,
    'set_direct_map_*_noflush() do not flush',
    ['clean-noflush'],
    (l) =>
      `TLBI in the first call: ${perFlavour((f) => countIn(inOp(l, 'clean-noflush', f, 0), 'tlbi'))}`,
    (l) => FLAVOURS.every((f) => countIn(inOp(l, 'clean-noflush', f, 0), 'tlbi') === 0),
  ),
  scenario(
    29,
    'Their masks are unchanged by the patch',
    ['stale-alias-same'],
    (l) =>
      `stores as 6.17's: ${perFlavour((f) => (storeText(l, 'stale-alias-same', f) === storeText(l, 'stale-alias-same', '6.17') ? 'same' : 'other'))}`,
    (l) =>
      storeText(l, 'stale-alias-same', 'seed-v1') === storeText(l, 'stale-alias-same', '6.17') &&
      storeText(l, 'stale-alias-same', '7.3') !== storeText(l, 'stale-alias-same', '6.17'),
  ),
  scenario(
    30,
    'The lockless function: range check, no lock',
    ['walk-lockless', 'start-is-end'],
    (l) => `empty range, walk then apply: ${results('start-is-end')(l)}`,
    (l) =>
      PAGEWALK.every(
        (f) =>
          l.results('start-is-end', f).startsWith('-22') &&
          l.count('walk-lockless', f, 'lock') === 0,
      ),
  ),
  scenario(
    31,
    'Missing tables are no longer allocated; holes are skipped',
    ['hole-table'],
    rules('hole-table', 'materialised-entry', 'skipped-hole'),
    (l) =>
      firesOn(l, 'hole-table', 'materialised-entry') === '6.12 6.17' &&
      firesOn(l, 'hole-table', 'skipped-hole') === PAGEWALK.join(' '),
  ),
  scenario(
    32,
    'An empty range: a WARN with apply, silent -EINVAL with the walk',
    ['empty-range'],
    counts('empty-range', 'warn', 'warnings'),
    (l) =>
      l.count('empty-range', '6.17', 'warn') === 1 &&
      l.count('empty-range', 'seed-v1', 'warn') === 0,
  ),
  scenario(
    33,
    'The area test and the alias loop are untouched',
    ['alias-of-area', 'alias-off', 'guard-page'],
    (l) =>
      `stores and flushes as 6.17's: ${['seed-v1', '6.18', '7.3'].map((f) => `${f} ${AREAS.every((name) => areaText(l, name, f as FlavourName) === areaText(l, name, '6.17')) ? 'same' : 'other'}`).join(' · ')}; ` +
      `flushes, each alias page and the range: ${perFlavour((f) => l.count('alias-of-area', f, 'tlb_flush'))}`,
    (l) =>
      AREAS.every((name) => areaText(l, name, 'seed-v1') === areaText(l, name, '6.17')) &&
      l.count('alias-of-area', '6.17', 'tlb_flush') === 5 &&
      l.count('alias-of-area', '7.3', 'tlb_flush') === 3,
  ),
  scenario(
    34,
    'vmalloc has contiguous mappings now',
    ['contpte-whole'],
    (l) =>
      `entries of the area with the contiguous bit, stored to as such: ${perFlavour((f) => contiguous(l, f))}; returned ${results('contpte-whole')(l)}`,
    (l) => FLAVOURS.every((f) => contiguous(l, f) === 16 && l.results('contpte-whole', f) === '0'),
  ),
  scenario(
    35,
    'Must the PTE callback see to partly covered contiguous spans?',
    ['contpte-one-page', 'contpte-one-page-bbml', 'access-torn-span'],
    (l) =>
      `torn: ${firesOn(l, 'contpte-one-page', 'torn-span')}; a write to the read-only page, then one to a writable page: ${perFlavour(
        (f) =>
          l
            .events('access-torn-span', f, 'access')
            .map((e) => e.outcome)
            .join('+'),
      )}`,
    (l) =>
      firesOn(l, 'contpte-one-page-bbml', 'torn-span') === '6.12 6.17 seed-v1' &&
      FLAVOURS.every(
        (f) =>
          l
            .events('access-torn-span', f, 'access')
            .map((e) => e.outcome)
            .join('+') === 'ok+fault',
      ),
  ),
  meta(36, 'Answer: good point', 'said, not done'),
]
