import type { DiffVerdict } from '@pagetrail/recorder'

/**
 * A scenario whose verdicts were read against the specification of the versions, with the reason of each that occurs.
 */
export interface Reviewed {
  readonly name: string
  /** What is asked. */
  readonly about: string
  readonly why: Partial<Readonly<Record<DiffVerdict, string>>>
}

const SAME = 'identical'
const PATH = 'same effects by another path'
const EFFECTS = 'same outcome, different effects'
const OUTCOME = 'different outcome'

const ONE_WALK = '6.18 and 7.3 have the same callbacks, one lazy section a walk and the same flush'
const REFUSED =
  'to 6.17 the block is refused without a callback or a store, and the one page flushed'

export const REVIEWED: readonly Reviewed[] = [
  {
    name: 'set_memory_ro_1p_rodata1',
    about: 'One page of a vm area is made read-only, and its linear alias before it.',
    why: {
      [PATH]:
        '6.12 has no lazy sections; 6.17 has them inside of the walk; seed-v1 calls pgd, p4d, pud and pmd entries too, 6.18 and 7.3 pud and pmd',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'set_memory_ro_4p_of_8_rodata1',
    about: 'Four pages in the middle of an area of eight.',
    why: {
      [PATH]:
        'to 6.18 all eight aliases and the four pages change; barriers, TLBI and callbacks differ',
      [OUTCOME]: '7.3 changes the four aliases asked for: the other four stay writable there',
    },
  },
  {
    name: 'cross_pte_table',
    about: 'Four pages, two on each side of the end of a PTE table.',
    why: {
      [PATH]:
        '6.12 has a barrier a store (8), 6.17 one a table (6 with the aliases), the page walk one a range (5)',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'ro_already_ro',
    about: 'Pages that are read-only already.',
    why: {
      [PATH]: 'every store is redundant, and still made, barriered and flushed by all',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'area_huge_vmap_flag',
    about: 'An area that may hold blocks (VM_ALLOW_HUGE_VMAP).',
    why: {
      [OUTCOME]: '6.12 changes it, all later ones return -EINVAL',
      [SAME]: 'refused before anything is done',
    },
  },
  {
    name: 'alias_middle_page_in_block',
    about: 'Three pages, the last of which has its linear alias in a block.',
    why: {
      [PATH]:
        'to seed-v1 the error of the alias is dropped: the area changes all the same, and 0 is returned',
      [OUTCOME]:
        '6.18 and 7.3 return the error at once: the area and the aliases after it stay as they were',
      [SAME]: 'both stop at the same alias',
    },
  },
  {
    name: 'end_is_guard_ro',
    about: 'Two pages and the guard page behind them; the area test lets it through.',
    why: {
      [PATH]:
        'to 6.18 the aliases are those of the area, and the empty entry of the guard page is written',
      [OUTCOME]:
        '7.3 reads a page pointer behind the array for the alias of the guard page, and does not return',
    },
  },
  {
    name: 'end_is_guard_x',
    about: 'The same with set_memory_nx, which has no alias.',
    why: {
      [PATH]: 'all write PXN to the empty entry of the guard page',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'hole_ptes_middle',
    about: 'Six pages, two of which in the middle are not mapped.',
    why: {
      [PATH]: 'an empty entry of a table that exists is written by all',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'hole_everything',
    about: 'Three pages of which not even the tables exist.',
    why: {
      [EFFECTS]:
        'apply_to_page_range() makes three tables and fills in the mask; the page walk skips the hole. Nothing is mapped in any',
      [PATH]: '6.17 marks tables with AF, 6.12 does not; seed-v1 calls its pgd entry on the hole',
      [SAME]: 'nothing but the flush of the range',
    },
  },
  {
    name: 'valid_off_on_1',
    about: 'One page is made invalid, and valid again.',
    why: {
      [PATH]:
        'another walk, the same bits; 6.12 flushes after making valid too, which ends nothing that anyone could hold; 7.3 marks the invalid entry with nG (PTE_PRESENT_INVALID), which nobody sees',
    },
  },
  {
    name: 'valid_off_on_ng',
    about: 'Two pages with KPTI: kernel entries are nG already.',
    why: {
      [PATH]:
        'nG is set throughout, so that 7.3 leaves the same bits as 6.17; the flush of 6.12 after making valid ends nothing that anyone could hold',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'valid_off_zero_pages',
    about: 'No page at all.',
    why: {
      [SAME]: '-EINVAL and a flush of nothing; of 6.12 and 6.17 both with a WARN',
      [EFFECTS]: 'apply_to_page_range() warns of an empty range, the page walk does not',
    },
  },
  {
    name: 'valid_in_interrupt',
    about: 'Two pages off and on in interrupt context.',
    why: {
      [PATH]:
        'lazy sections are ignored there: each valid store has its barrier; as in task context the flush of 6.12 and nG of 7.3 have no effect',
    },
  },
  {
    name: 'pmd_exact_bbml0',
    about: 'A whole 2M block.',
    why: {
      [PATH]: '6.12 and 6.17 refuse it (and flush: 512 TLBI or 1); seed-v1 to 7.3 change it',
      [OUTCOME]: '-EINVAL with a WARN against a changed block',
      [SAME]: 'one callback at pmd, one store',
    },
  },
  {
    name: 'pmd_one_page_bbml0',
    about: 'One page of a 2M block; the CPU cannot split live.',
    why: {
      [SAME]: '-EINVAL, a WARN and a flush of the page; the same callbacks of 6.18 and 7.3',
      [PATH]: 'the same refusal, found by other callbacks',
    },
  },
  {
    name: 'pmd_one_page_bbml1',
    about: 'One page of a 2M block; the CPU can split live.',
    why: {
      [SAME]: `${REFUSED}; 6.18 and 7.3 split alike: 512 entries, then 16 without CONT`,
      [PATH]: 'seed-v1 refuses it in its callback',
      [OUTCOME]: '6.18 and 7.3 split the block and change the page',
    },
  },
  {
    name: 'ptes_then_pmd_error_bbml0',
    about: 'Two pages, then part of a block.',
    why: {
      [PATH]: 'the two are changed, the block is refused, the whole range flushed, by all',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'pud_one_page_alloc_fail_2_bbml1',
    about: 'One page of a 1G block, and no memory for the second table of its split.',
    why: {
      [SAME]: `${REFUSED}; 6.18 and 7.3 keep what they split and return -ENOMEM`,
      [PATH]: 'seed-v1 refuses it in its callback',
      [OUTCOME]: '-EINVAL against -ENOMEM',
    },
  },
  {
    name: 'contpte_one_page_bbml0',
    about: 'One page of a contiguous span; the CPU cannot split live.',
    why: {
      [PATH]: 'one entry of 16 is changed and keeps CONT, without a warning, by all',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'contpte_one_page_bbml1',
    about: 'The same where it can.',
    why: {
      [PATH]: 'one entry of 16 is changed and keeps CONT',
      [EFFECTS]: '6.18 and 7.3 take CONT off all 16 first: other descriptors, the same translation',
      [SAME]: 'both split the span',
    },
  },
  {
    name: 'bbml_no_rodata_full',
    about:
      'One page of a block where the CPU can split, but the linear map need not be split (rodata=on).',
    why: {
      [SAME]: '-EINVAL with a WARN',
      [PATH]: 'refused by seed-v1 and 7.3 as well, in their callbacks',
      [OUTCOME]: '6.18 splits; 7.3 asks first whether the linear map requires it',
    },
  },
  {
    name: 'boot_caps_not_final_smp',
    about: 'One page of a block, twice, at boot with further CPUs up and their abilities unknown.',
    why: {
      [SAME]: '-EINVAL with a WARN',
      [PATH]: 'refused by seed-v1 and 6.18 in their callbacks',
      [OUTCOME]: '7.3 returns -EBUSY, with a WARN each time',
    },
  },
  {
    name: 'boot_caps_not_final_up',
    about: 'The same with one CPU up.',
    why: {
      [SAME]: '-EINVAL with a WARN',
      [PATH]: 'refused by seed-v1 and 6.18 in their callbacks',
      [OUTCOME]: '7.3 splits: the one CPU is known to be able to',
    },
  },
  {
    name: 'split_range_aligned_nothing',
    about: 'split_kernel_leaf_mapping() of a range that needs no split.',
    why: {
      [SAME]:
        'the versions without the function make no call; the others take the mutex and a lazy section',
      [OUTCOME]: 'a call that one version does not have',
    },
  },
  {
    name: 'pmd_exact_valid_off_on_bbml0',
    about: 'A whole block is made invalid, and valid again.',
    why: {
      [PATH]:
        'refused by 6.12 and 6.17, and flushed for nothing; seed-v1 and 6.18 make it invalid, and then see no leaf: 0, and it stays invalid',
      [OUTCOME]: '6.12 and 6.17 leave it valid and return -EINVAL; 7.3 makes it valid again',
    },
  },
  {
    name: 'page_present_after_block_off',
    about: 'A block is made invalid, then kernel_page_present() asks for a page in it.',
    why: {
      [PATH]:
        '6.12 and 6.17 refuse the first call, so the page is there; seed-v1 and 6.18 follow the dead block as a table',
      [OUTCOME]: '1, no return, or 0 (7.3)',
    },
  },
  {
    name: 'invalid_pud_block',
    about: 'One page in a 1G entry that is invalid and has no mark.',
    why: {
      [EFFECTS]:
        'apply_to_page_range() takes it for a bad table, clears it and builds an empty one (AF from 6.17 on); the page walk leaves it. Nothing is mapped before or after, but in the former what was there is lost',
      [PATH]: 'seed-v1 has callbacks above pud',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'bad_p4d',
    about: 'An entry of the top table that is not a table.',
    why: {
      [SAME]: '6.12 and 6.17 warn and then follow it: no return; 6.18 and 7.3 take it for a hole',
      [PATH]: 'a hole, with a callback at pgd in seed-v1',
      [OUTCOME]: 'no return against 0',
    },
  },
  {
    name: 'nested_lazy_alloc',
    about: 'Two walks that allocate tables and enter lazy mode, inside of a lazy section.',
    why: {
      [OUTCOME]: '6.12 has no lazy mode to enter: two calls that it cannot make',
      [SAME]:
        'the first inner leave ends the section, so that later stores have their barrier at once',
      [PATH]: '7.3 counts: it flushes at each inner leave and goes on queueing',
    },
  },
  {
    name: 'user_exec_pte_no_barrier',
    about: 'Entries without UXN.',
    why: {
      [PATH]: 'they are not kernel entries to __set_pte(): no barrier, queued or not, in any',
      [SAME]: ONE_WALK,
    },
  },
  {
    name: 'flush_threshold_range0',
    about: 'flush_tlb_kernel_range() of 512 pages, without range instructions.',
    why: {
      [PATH]:
        '6.12 has 512 TLBI (its threshold is above 512), the others flush everything from 512 on',
      [SAME]: 'the same threshold',
    },
  },
  {
    name: 'flush_67_range1',
    about: 'The same of 67 pages, with range instructions.',
    why: {
      [PATH]: '6.12 does not use them for kernel ranges: 67 TLBI against 3',
      [SAME]: '64, 2 and 1 pages',
    },
  },
]
