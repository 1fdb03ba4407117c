import { FLAVOURS, type FlavourName, type Library } from './library.ts'
import { failing, type Searched } from './review-explore.ts'
import {
  perFlavour,
  results,
  counts,
  rules,
  firesOn,
  inOp,
  scenario,
  captured,
  explored,
  meta,
  topStores,
  warnedWithBbml,
  warnings,
  type ReviewItem,
} from './review-queries.ts'

/** Scenarios with BBML in which a WARN is reached all the same. */
const NOT_SPLIT = ['split-no-memory', 'kfence-address', 'debug-pagealloc']

/** A table is taken for one after it has become a block: fewer schedules where the walk looks once more. */
const pudBecomesBlock = (flavour: string): Searched => ({ scenario: 'pud-becomes-block', flavour })

/** Callbacks on PTEs by one of the walks of the same range. */
const pteCalls = (l: Library, f: FlavourName, op: number): number =>
  inOp(l, 'walk-other-pgd', f, op).filter((e) => e.kind === 'cb_enter' && e.level === 'pte').length

export const WARNINGS: readonly ReviewItem[] = [
  scenario(
    67,
    'Has arm64 leaves at PGD level?',
    ['every-callback', 'every-callback-folded'],
    (l) => `stores by a pgd or p4d callback in the whole library: ${topStores(l)}`,
    (l) => topStores(l) === 0,
  ),
  scenario(
    68,
    'The size check: the range spans the whole leaf',
    ['block-boundaries'],
    results('block-boundaries'),
    (l) => l.results('block-boundaries', '7.3') === '0, -22, 0, -22, 0, -22',
  ),
  scenario(
    69,
    'Should it warn? What of an unaligned range?',
    ['partial-block', 'unaligned'],
    (l) =>
      `unaligned address: ${results('unaligned')(l)}, warnings ${FLAVOURS.map((f) => l.count('unaligned', f, 'warn')).join('/')}`,
    (l) =>
      FLAVOURS.every(
        (f) => l.results('unaligned', f) === '0' && l.count('unaligned', f, 'warn') === 1,
      ),
  ),
  scenario(
    70,
    'With -EINVAL the WARN is unneeded; but some callers drop results',
    ['alias-in-block'],
    rules('alias-in-block', 'ignored-error'),
    (l) => firesOn(l, 'alias-in-block', 'ignored-error') === '6.12 6.17 seed-v1',
  ),
  meta(71, 'No strong opinion', 'said, not done'),
  scenario(
    72,
    'A serious programming error: keep the WARN',
    ['clean-ro', 'clean-page-tables'],
    (l) => `warnings in the clean scenarios: ${warnings(l, (name) => name.startsWith('clean-'))}`,
    (l) => warnings(l, (name) => name.startsWith('clean-')) === 0,
  ),
  scenario(
    73,
    'apply_to_page_range() warns on any leaf that is not a page',
    ['whole-block'],
    counts('whole-block', 'warn', 'warnings for a whole block'),
    (l) =>
      l.count('whole-block', '6.17', 'warn') === 1 &&
      l.count('whole-block', 'seed-v1', 'warn') === 0,
  ),
  scenario(
    74,
    'The patch relaxes to: begin and end at a leaf boundary',
    ['block-boundaries'],
    results('block-boundaries'),
    (l) =>
      l.results('block-boundaries', '6.17') === '0, -22, -22, -22, -22, -22' &&
      l.results('block-boundaries', 'seed-v1') === '0, -22, 0, -22, 0, -22',
  ),
  captured(
    75,
    'For now only page-mapped memory is passed in',
    (l) =>
      `leaves found by callbacks, and splits, in captures: ${[...l.captures].map(([name, { leaves, splits }]) => `${name} ${leaves}, ${splits}`).join(' · ')}`,
    (l) =>
      ['6.12', '6.17'].every((f) => {
        const found = l.captures.get(f)
        return found?.leaves === 'pte' && found.splits === 0
      }) && (l.captures.get('6.18 with BBML2')?.splits ?? 0) > 0,
  ),
  meta(76, 'The series makes later change possible', 'a plan'),
  scenario(
    77,
    'Planned: split so that ends are leaf boundaries',
    ['partial-block-bbml'],
    results('partial-block-bbml'),
    (l) =>
      l.results('partial-block-bbml', '6.18') === '0' &&
      l.results('partial-block-bbml', '7.3') === '0',
  ),
  scenario(
    78,
    'Then large mappings by default',
    ['split-1g'],
    counts('split-1g', 'desc_write', 'stores to change one page of 1G'),
    (l) => l.results('split-1g', '7.3') === '0',
  ),
  scenario(
    79,
    'With splitting the warning cannot trigger',
    ['partial-block-bbml', 'half-changed-bbml', ...NOT_SPLIT],
    (l) =>
      `of all scenarios with BBML, 6.18 and 7.3 warn in ${warnedWithBbml(l, '6.18')
        .map((name) => `\`${name}\``)
        .join(', ')}: where nothing is split, or memory runs out`,
    (l) =>
      (['6.18', '7.3'] as const).every(
        (f) =>
          warnedWithBbml(l, f).join() === NOT_SPLIT.join() &&
          l.results('partial-block-bbml', f) === '0',
      ) && warnedWithBbml(l, '6.17').includes('partial-block-bbml'),
  ),
  meta(80, 'Too many underscores in the name', 'naming'),
  meta(81, 'update_range_prot', 'naming'),
  meta(82, 'A blank line in a comment', 'style'),
  scenario(
    83,
    'Is the pgd parameter useful?',
    ['walk-other-pgd'],
    (l) =>
      `PTEs called in one range: of init_mm's top table ${perFlavour((f) => pteCalls(l, f, 0))}; of one given as pgd ${perFlavour((f) => pteCalls(l, f, 1))}; of another mm, without pgd, as ptdump walks EFI's ${perFlavour((f) => pteCalls(l, f, 2))}; who changes permissions passes none (NULL), and neither does any other caller on arm64`,
    (l) => FLAVOURS.every((f) => [0, 1, 2].map((op) => pteCalls(l, f, op)).join() === '0,4,4'),
  ),
  meta(84, 'Use &init_mm directly', 'style'),
  meta(85, 'Good commit message', 'said, not done'),
]

export const BEYOND: readonly ReviewItem[] = [
  scenario(
    86,
    'Invalid blocks cannot be enabled again',
    ['block-off-on', 'block-off-on-kpti'],
    rules('block-off-on', 'silent-no-op'),
    (l) => firesOn(l, 'block-off-on', 'silent-no-op') === 'seed-v1 6.18',
  ),
  scenario(
    87,
    '6.18: order of splitting, the single-page rule, who is excluded',
    ['split-1g', 'kfence-address', 'debug-pagealloc'],
    (l) =>
      `splits: ${perFlavour(
        (f) =>
          l
            .events('split-1g', f, 'split')
            .map((e) => e.level)
            .join('+') || 'none',
      )}; stores ${l.count('split-1g', '7.3', 'desc_write')}`,
    (l) =>
      (['6.18', '7.3'] as const).every(
        (f) =>
          l
            .events('split-1g', f, 'split')
            .map((e) => e.level)
            .join(' ') === 'pud contpmd pmd contpte' &&
          l.count('split-1g', f, 'desc_write') === 1059,
      ),
  ),
  scenario(
    88,
    'Nested lazy sections',
    ['lazy-nested', 'lazy-nested-change', 'lazy-paused'],
    rules('lazy-nested', 'lazy-nested'),
    (l) => firesOn(l, 'lazy-nested', 'lazy-nested') === '6.17 seed-v1 6.18',
  ),
  scenario(
    89,
    'The alias of the whole area; the guard page',
    ['alias-of-area', 'guard-page', 'guard-page-alias'],
    rules('alias-of-area', 'alias-mismatch'),
    (l) =>
      firesOn(l, 'alias-of-area', 'alias-mismatch') === '6.12 6.17 seed-v1 6.18' &&
      l.fires('guard-page-alias', '7.3', 'wild-walk'),
  ),
  explored(
    90,
    'The walkers of 6.12.107, 6.17/6.18 and 7.3 differ',
    ['6.12', '6.17', '6.18', '7.3'].map(pudBecomesBlock),
    () =>
      ['6.12', '7.3'].every((f) => failing(pudBecomesBlock(f), 'wild-walk') === 1n) &&
      ['6.17', '6.18'].every((f) => failing(pudBecomesBlock(f), 'wild-walk') === 2n),
  ),
]
