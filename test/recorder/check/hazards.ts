import type { FlavourName } from './library.ts'

/** A hazard as docs/hazards.md tells it: what goes wrong, and which scenarios of the library show it. */
export interface HazardDoc {
  readonly id: string
  readonly title: string
  readonly text: string
  readonly scenarios: readonly string[]
  /** Said instead of scenarios, or besides them. */
  readonly besides?: string
}

export const HAZARDS: readonly HazardDoc[] = [
  {
    id: 'H1',
    title: 'Partial block mapping',
    text: 'A range begins or ends inside a block. Changing the block would change pages of others, and a live block cannot be split without BBML2 or BBML3. What was changed before it stays changed.',
    scenarios: [
      'partial-block',
      'partial-block-bbml',
      'whole-block',
      'half-changed',
      'half-changed-bbml',
      'partial-1g',
      'split-no-memory',
      'kfence-address',
      'debug-pagealloc',
    ],
  },
  {
    id: 'H2',
    title: 'Partial contiguous span',
    text: 'Some entries of a contiguous span change and keep the contiguous bit. A TLB may hold the whole span with the permissions of any of them.',
    scenarios: [
      'contpte-one-page',
      'contpte-one-page-bbml',
      'contpte-whole',
      'contpmd-one-block',
      'access-torn-span',
      'access-whole-span',
    ],
  },
  {
    id: 'H3',
    title: 'Break-before-make',
    text: 'A valid entry is replaced by a valid entry of another size, contiguity, address or memory type, or becomes global, with no invalid entry and TLBI in between.',
    scenarios: [
      'split-live-block',
      'split-live-block-bbml',
      'split-aligned',
      'bti-live',
      'global-again',
      'access-split-live',
      'access-split-live-bbml',
    ],
  },
  {
    id: 'H4',
    title: 'Missing or elided TLBI',
    text: 'A stale translation is used after the change counts as done. Each entry is a list of versions, and what was overwritten may be held until it is ordered (dsb), flushed (TLBI) and the flush has ended (dsb ish); harm is what such a version allows, or refuses, against the tables of the moment. The notes (in italics) are the opposite: work that was not needed.',
    scenarios: [
      'flush-forgotten',
      'clean-noflush',
      'stale-alias',
      'stale-alias-same',
      'unsound-elision',
      'walker-alone',
      'walker-then-flush',
      'global-again',
      'enable-only',
      'nothing-to-change',
      'access-unflushed',
      'access-flushed',
      'access-stale-alias',
    ],
  },
  {
    id: 'H5',
    title: 'Missing barrier; lazy MMU mode unbalanced or nested',
    text: 'An entry is made valid and used before dsb and isb, or the barrier is deferred for ever.',
    scenarios: [
      'lazy-left-open',
      'lazy-balanced',
      'lazy-left-twice',
      'lazy-nested',
      'lazy-callback-call',
      'lazy-error',
      'lazy-interrupt',
      'lazy-paused',
      'access-before-barrier',
      'access-after-barrier',
    ],
    besides:
      'No flavour forgets a barrier or links a table too early: `barrier-missing` and `published-early` are shown on events written by hand.',
  },
  {
    id: 'H6',
    title: 'Sleeping in atomic context',
    text: 'A path that softirq can take acquires a sleeping lock or allocates with GFP_KERNEL.',
    scenarios: [
      'softirq-split',
      'softirq-kfence',
      'softirq-no-bbml',
      'softirq-debug-pagealloc',
      'softirq-alloc',
      'preempt-off-split',
      'preempt-off-no-bbml',
      'preempt-off-alloc',
      'walk-unlocked',
      'walk-locked',
      'walk-lockless',
      'softirq-mmap-lock',
      'task-mmap-lock',
      'page-table-lock-and-mutex',
    ],
  },
  {
    id: 'H7',
    title: 'Lost update',
    text: 'Two CPUs read, compute and store the same entry: one splits a contiguous span, the other changes the permissions of its own page in it. The later store undoes the earlier.',
    scenarios: ['two-owners', 'two-owners-in-turn', 'two-in-one-span', 'two-in-one-block'],
    besides:
      'The split of 6.18 and 7.3 is under a lock, so the race of the review needs a split without it: `test/recorder/check/two-cpus.test.ts` runs it over its schedules. There `lost-update` fires on every schedule that loses a permission and `torn-span` on exactly those that leave the span torn; with the lock, or an atomic clear of each PTE, on none. `lost-table` is shown on events written by hand.',
  },
  {
    id: 'H8',
    title: 'x86 has cpa_lock, arm64 says it needs none',
    text: 'No rule of its own: the same two-CPU scenario is explored with a lock around everything, with the split lock, and without, and the final tables are compared.',
    scenarios: [],
    besides: 'A search of interleavings.',
  },
  {
    id: 'H9',
    title: 'A block made invalid cannot be made valid again',
    text: 'Success is returned and nothing was done; or apply_to_page_range() takes the entry for bad and destroys the mapping.',
    scenarios: ['block-off-on', 'block-off-on-kpti', 'pages-off-on', 'invalid-block-ro'],
  },
  {
    id: 'H10',
    title: 'An invalid block mistaken for something else',
    text: 'Its output address is followed as a table, or its split makes valid pages of it.',
    scenarios: ['present-after-off', 'present-page', 'split-invalid-kpti', 'guard-page-alias'],
  },
  {
    id: 'H11',
    title: 'An invalid contiguous span is not split',
    text: 'One page of it is made valid and keeps the contiguous bit.',
    scenarios: ['contpte-invalid-one-on', 'contpte-invalid-all-on', 'two-in-one-span'],
  },
  {
    id: 'H12',
    title: 'Exclusive ownership',
    text: 'The lockless walk assumes that nobody else changes entries of its range.',
    scenarios: ['two-owners', 'two-neighbours'],
    besides:
      '`stray-store`, a block changed for a part of it, is shown on events written by hand: no version does it.',
  },
  {
    id: 'H13',
    title: 'Holes and empty entries',
    text: 'Missing tables are filled with junk or skipped with success; an empty PTE gets attributes and is neither none nor mapped.',
    scenarios: ['hole-table', 'hole-entry', 'guard-page', 'no-hole', 'hole-no-memory'],
  },
  {
    id: 'H14',
    title: 'Allocation inside a lazy section',
    text: 'It may sleep there, and with debug_pagealloc the allocator changes permissions itself: a nested section.',
    scenarios: ['alloc-in-lazy', 'alloc-outside-lazy', 'alloc-in-callback', 'lazy-nested'],
  },
  {
    id: 'H15',
    title: 'A table is freed while it is walked',
    text: 'ptdump and lockless walkers do not own what they read. A table may be freed only after its entry was cleared, the walk cache flushed, and readers were waited for.',
    scenarios: [],
    besides:
      'No modelled call frees a table: `table-freed-in-use` is shown on events written by hand.',
  },
  {
    id: 'H16',
    title: 'Alias mismatch',
    text: 'With rodata=full the linear alias follows the mapping: of the whole area up to 6.18, of the pages asked for in 7.3. Up to 6.17 an error of the alias is dropped.',
    scenarios: [
      'alias-of-area',
      'alias-undone',
      'alias-whole',
      'alias-in-block',
      'alias-in-block-bbml',
      'alias-off',
    ],
  },
  {
    id: 'H17',
    title: 'Repeated callbacks',
    text: 'A stale AGAIN repeats a callback; one that is always asked for never ends.',
    scenarios: ['again-forever', 'again-once'],
  },
  {
    id: 'H18',
    title: 'Boot window',
    text: 'Secondary CPUs are up, capabilities are not final: BBML3 of the boot CPU does not mean that all have it.',
    scenarios: ['boot-window', 'boot-one-cpu', 'boot-final'],
  },
]

type Shown = readonly [scenario: string, flavour: FlavourName]

/** For each rule a recorded run in which it fires and one, as near as possible, in which it must not. */
export const RULE_CASES: Readonly<Record<string, { readonly fires: Shown; readonly near: Shown }>> =
  {
    'partial-block': { fires: ['partial-block', '6.18'], near: ['partial-block-bbml', '6.18'] },
    'half-changed': { fires: ['half-changed', 'seed-v1'], near: ['half-changed-bbml', '7.3'] },
    warned: { fires: ['whole-block', '6.17'], near: ['whole-block', 'seed-v1'] },
    'torn-span': { fires: ['contpte-one-page', '6.18'], near: ['contpte-whole', '6.18'] },
    'mixed-span': { fires: ['contpte-whole', '7.3'], near: ['contpte-invalid-all-on', '7.3'] },
    'break-before-make': {
      fires: ['split-live-block', '6.18'],
      near: ['split-live-block-bbml', '6.18'],
    },
    'unsafe-attribute-change': { fires: ['contpte-whole', '6.18'], near: ['contpte-whole', '7.3'] },
    'flush-missing': { fires: ['unsound-elision', '7.3'], near: ['unsound-elision', '6.12'] },
    'flush-never': { fires: ['flush-forgotten', '7.3'], near: ['clean-noflush', '7.3'] },
    'needless-flush': { fires: ['enable-only', '6.12'], near: ['enable-only', '6.17'] },
    'redundant-store': { fires: ['nothing-to-change', '7.3'], near: ['clean-ro', '7.3'] },
    'lazy-unbalanced': { fires: ['lazy-left-open', '7.3'], near: ['lazy-balanced', '7.3'] },
    'lazy-nested': { fires: ['lazy-nested', '6.18'], near: ['lazy-nested', '7.3'] },
    'sleep-in-atomic': { fires: ['softirq-split', '6.18'], near: ['softirq-kfence', '6.18'] },
    'walk-unlocked': { fires: ['walk-unlocked', '6.18'], near: ['walk-locked', '6.18'] },
    'silent-no-op': { fires: ['block-off-on', '6.18'], near: ['block-off-on', '7.3'] },
    'unasked-change': {
      fires: ['invalid-block-ro', '6.17'],
      near: ['invalid-block-ro', '6.18'],
    },
    'wild-walk': { fires: ['present-after-off', '6.18'], near: ['present-after-off', '7.3'] },
    'split-validates': {
      fires: ['split-invalid-kpti', '6.18'],
      near: ['split-invalid-kpti', '7.3'],
    },
    'materialised-entry': { fires: ['guard-page', '7.3'], near: ['no-hole', '7.3'] },
    'skipped-hole': { fires: ['hole-table', '7.3'], near: ['hole-table', '6.17'] },
    'alloc-in-lazy': { fires: ['alloc-in-lazy', '7.3'], near: ['alloc-outside-lazy', '7.3'] },
    'alias-mismatch': { fires: ['alias-of-area', '6.18'], near: ['alias-of-area', '7.3'] },
    'ignored-error': { fires: ['alias-in-block', '6.17'], near: ['alias-in-block', '6.18'] },
    'repeated-callback': { fires: ['again-forever', '7.3'], near: ['again-once', '7.3'] },
    'tlb-conflict': {
      fires: ['access-split-live', '6.18'],
      near: ['access-split-live-bbml', '6.18'],
    },
    'stale-access': { fires: ['access-unflushed', '7.3'], near: ['access-flushed', '7.3'] },
    'spurious-fault': {
      fires: ['access-before-barrier', '7.3'],
      near: ['access-after-barrier', '7.3'],
    },
    'lost-update': { fires: ['two-owners', '7.3'], near: ['two-owners-in-turn', '7.3'] },
    'overlapping-owners': { fires: ['two-owners', '7.3'], near: ['two-neighbours', '7.3'] },
    'boot-window': { fires: ['boot-window', '7.3'], near: ['boot-one-cpu', '7.3'] },
  }

/** Rules that the modelled kernels cannot break: shown in their tests, on events written by hand. */
export const BY_HAND: readonly string[] = [
  'tlbi-unordered',
  'barrier-missing',
  'published-early',
  'lost-table',
  'unseen-store',
  'stray-store',
  'table-freed-in-use',
]
