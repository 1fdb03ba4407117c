/**
 * What the harness changes in copies of a tree's files, so that it sees what happens there: definitions by their
 * names and call sites by their shape, never by a release. What an edit does not find is not shown by the runs.
 */
import type { Kind } from '../event/kinds.ts'

/** A definition is kept under another name, and one of its own signature is put in its place. */
export interface Wrap {
  readonly file: string
  readonly fn: string
  /**
   * C before and after the real function: `$1` is the first parameter of type unsigned long, `$2` the second,
   * `$ptr` the first pointer to a page-table entry, `$ret` what it returned. AT is the place in the tree.
   */
  readonly before: string
  readonly after: string
  /** C of what is returned instead of calling it. */
  readonly instead?: string
  readonly shows: readonly Kind[]
  /** Trees that have no such function are complete without it: it came later, or went. */
  readonly optional?: true
}

/** Text that is replaced wherever it is found, on one line. */
export interface Replace {
  readonly file: string
  readonly find: RegExp
  readonly by: string
  readonly shows: readonly Kind[]
}

const PGTABLE = 'arch/arm64/include/asm/pgtable.h'
const GENERIC = 'include/linux/pgtable.h'
const TLBFLUSH = 'arch/arm64/include/asm/tlbflush.h'
const MMU = 'arch/arm64/mm/mmu.c'
const PAGEWALK = 'mm/pagewalk.c'
const MEMORY = 'mm/memory.c'
const AT = '__FILE__, __LINE__'

export const COMPILED = [
  'arch/arm64/mm/pageattr.c',
  MMU,
  'arch/arm64/mm/fixmap.c',
  PAGEWALK,
  MEMORY,
  'mm/pgtable-generic.c',
] as const

/** Headers of which copies are edited, and the include folder that each is found by. */
export const HEADERS = [PGTABLE, GENERIC, TLBFLUSH] as const

/** `end`: the range's, which some take as its size. */
const walk = (file: string, fn: string, end: string, optional?: true): Wrap => ({
  file,
  fn,
  before: `harness_walk_begin("${fn}", $1, ${end}, ${AT});`,
  after: `harness_walk_end("${fn}", $ret, ${AT});`,
  shows: ['walk_begin', 'walk_end'],
  ...(optional && { optional }),
})

const below = (fn: string): Wrap => ({
  file: MEMORY,
  fn,
  before: 'harness_below($ptr);',
  after: '',
  shows: ['table_alloc', 'table_alloc_fail'],
  optional: true,
})

const split = (level: string): Wrap => ({
  file: MMU,
  fn: `split_${level}`,
  before: `harness_split("${level}", $ptr, ${AT});`,
  after: '',
  shows: ['split'],
  optional: true,
})

/** `what`: the event; `state`: whether the kernel ignores it, asked before. */
const counted = (fn: string, what: string, ignored: string): Wrap => ({
  file: GENERIC,
  fn,
  before: `int ignored__ = ${ignored};`,
  after: `harness_lazy("${what}", ignored__, current->lazy_mmu_state.enable_count, ${AT});`,
  shows: ['lazy_mmu_enter', 'lazy_mmu_leave'],
  optional: true,
})
const PAUSED = 'in_interrupt() || current->lazy_mmu_state.pause_count > 0'

/** Of trees that count in the generic code; in those the architecture's own functions have no events. */
export const COUNTED_LAZY: readonly Wrap[] = [
  counted('lazy_mmu_mode_enable', 'enter', PAUSED),
  counted('lazy_mmu_mode_disable', 'leave', PAUSED),
  counted('lazy_mmu_mode_pause', 'pause', 'in_interrupt()'),
  counted('lazy_mmu_mode_resume', 'resume', 'in_interrupt()'),
]

const flagged = (fn: string, what: string): Wrap => ({
  file: PGTABLE,
  fn,
  before: 'int ignored__ = !!in_interrupt();',
  after: `harness_lazy("${what}", ignored__, -1, ${AT});`,
  shows: ['lazy_mmu_enter', 'lazy_mmu_leave'],
  optional: true,
})

export const FLAGGED_LAZY: readonly Wrap[] = [
  flagged('arch_enter_lazy_mmu_mode', 'enter'),
  flagged('arch_leave_lazy_mmu_mode', 'leave'),
]

export const WRAPS: readonly Wrap[] = [
  {
    file: TLBFLUSH,
    fn: 'flush_tlb_all',
    before: `harness_flush_begin("flush_tlb_all", 0, 0, 0, ${AT});`,
    after: 'harness_flush_end();',
    shows: ['tlb_flush'],
  },
  {
    file: TLBFLUSH,
    fn: 'flush_tlb_kernel_range',
    before: `harness_flush_begin("flush_tlb_kernel_range", 1, $1, $2, ${AT});`,
    after: 'harness_flush_end();',
    shows: ['tlb_flush'],
  },
  {
    file: PGTABLE,
    fn: 'queue_pte_barriers',
    before: 'harness_barrier_queue_begin();',
    after: `harness_barrier_queue_end(${AT});`,
    shows: ['barrier_queue'],
    optional: true,
  },
  walk(PAGEWALK, 'walk_kernel_page_table_range', '$2', true),
  walk(PAGEWALK, 'walk_kernel_page_table_range_lockless', '$2', true),
  walk(PAGEWALK, 'walk_page_range_novma', '$2', true),
  walk(PAGEWALK, 'walk_page_range_debug', '$2', true),
  walk(MEMORY, 'apply_to_page_range', '$1 + $2'),
  walk(MEMORY, 'apply_to_existing_page_range', '$1 + $2'),
  below('__pte_alloc_kernel'),
  below('__pmd_alloc'),
  below('__pud_alloc'),
  below('__p4d_alloc'),
  split('contpte'),
  split('pmd'),
  split('contpmd'),
  split('pud'),
  {
    file: 'arch/arm64/mm/fixmap.c',
    fn: 'fixmap_pte',
    before: '',
    after: '',
    instead: '(pte_t *)harness_fixmap_table($1) + pte_index($1)',
    shows: ['desc_write'],
  },
]

export const REPLACES: readonly Replace[] = [
  {
    file: PAGEWALK,
    find: /\bops->(pgd|p4d|pud|pmd|pte)_entry\(/g,
    by: 'HARNESS_CALLBACK_$1(ops->$1_entry, ',
    shows: ['cb_enter', 'cb_exit'],
  },
  {
    file: PAGEWALK,
    find: /\bops->pte_hole\(/g,
    by: 'HARNESS_HOLE(ops->pte_hole, ',
    shows: ['hole'],
  },
  {
    file: MEMORY,
    find: /\bfn\((pte(?:\+\+)?), addr, data\)/g,
    by: 'HARNESS_PTE_FN(fn, $1, addr, data)',
    shows: ['cb_enter', 'cb_exit'],
  },
]

/** `#define __TLBI_0(op, arg) asm (…)` over several lines becomes one; the lines stay. */
export const TLBI_MACROS = { file: TLBFLUSH, names: ['__TLBI_0', '__TLBI_1'] } as const

/** What kernel text reports where it happens, without an edit: force.h and given.c. */
export const ALWAYS_SHOWN: readonly Kind[] = [
  'op_begin',
  'op_end',
  'desc_write',
  'desc_read',
  'barrier',
  'dsb',
  'isb',
  'lock',
  'unlock',
  'warn',
  'bad_entry',
  'livelock',
  'wild_deref',
  'bug',
  'too_many_events',
  'note',
  'init',
  'area',
]
