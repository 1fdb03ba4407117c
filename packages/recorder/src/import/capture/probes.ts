/**
 * The kprobe events of a capture that needs no knowledge of the kernel's binary: entries and returns of functions,
 * no offsets inside them. Argument numbers follow each version's own signatures; where a stored value is read through
 * an argument (`+0($arg1)`), it is the descriptor that the callback was called for.
 */
export const KERNELS = ['6.12', '6.17', '6.18', '7.3'] as const
export type Kernel = (typeof KERNELS)[number]

export interface Probe {
  readonly fn: string
  /** Fetch arguments at entry, and again at return before `ret`. */
  readonly entry: string
  readonly exit: string
  readonly kernels: readonly Kernel[]
}

const APPLY: readonly Kernel[] = ['6.12', '6.17']
const WALK: readonly Kernel[] = ['6.18', '7.3']

const range = (first: string) => `${first}=$arg1:x64 size=$arg2:x64`
const masks = 'set=$arg3:x64 clear=$arg4:x64'

const probe = (
  fn: string,
  entry: string,
  exit = entry,
  kernels: readonly Kernel[] = KERNELS,
): Probe => ({ fn, entry, exit, kernels })

const setMemory = (fn: string) => probe(fn, 'addr=$arg1:x64 numpages=$arg2:s32')

/** pageattr_p?d_entry(entry, addr, next, walk): the masks are in *walk->private. */
const pageattr = (level: 'pud' | 'pmd' | 'pte') =>
  probe(
    `pageattr_${level}_entry`,
    `${level}=$arg1:x64 addr=$arg2:x64 next=$arg3:x64 val=+0($arg1):x64 set=+0(+40($arg4)):x64 clear=+8(+40($arg4)):x64`,
    `${level}=$arg1:x64 addr=$arg2:x64 val=+0($arg1):x64`,
    WALK,
  )

const split = (level: 'pmd' | 'pud') =>
  probe(
    `split_${level}`,
    `${level}p=$arg1:x64 val=$arg2:x64 gfp=$arg3:x32 to_cont=$arg4:u8 cur=+0($arg1):x64`,
    `${level}p=$arg1:x64 before=$arg2:x64 after=+0($arg1):x64`,
    WALK,
  )

export const PROBES: readonly Probe[] = [
  setMemory('set_memory_ro'),
  setMemory('set_memory_rw'),
  setMemory('set_memory_nx'),
  setMemory('set_memory_x'),
  probe('set_memory_valid', 'addr=$arg1:x64 numpages=$arg2:s32 enable=$arg3:s32'),
  probe('set_direct_map_invalid_noflush', 'page=$arg1:x64'),
  probe('set_direct_map_default_noflush', 'page=$arg1:x64'),
  probe('set_direct_map_valid_noflush', 'page=$arg1:x64 nr=$arg2:u32 valid=$arg3:u8', '', [
    '6.17',
    '6.18',
    '7.3',
  ]),
  probe(
    'change_memory_common',
    `addr=$arg1:x64 numpages=$arg2:s32 ${masks}`,
    'addr=$arg1:x64 numpages=$arg2:s32',
  ),
  probe('__change_memory_common', `${range('start')} ${masks}`, range('start'), ['6.12']),
  probe('update_range_prot', `${range('start')} ${masks}`, range('start'), WALK),
  probe(
    'apply_to_page_range',
    'mm=$arg1:symbol addr=$arg2:x64 size=$arg3:x64 fn=$arg4:symbol data=$arg5:x64',
    'addr=$arg2:x64 size=$arg3:x64',
  ),
  probe(
    '__apply_to_page_range',
    'mm=$arg1:symbol addr=$arg2:x64 size=$arg3:x64 fn=$arg4:symbol create=$arg6:u8',
    'addr=$arg2:x64 size=$arg3:x64',
  ),
  probe(
    'walk_kernel_page_table_range_lockless',
    'start=$arg1:x64 end=$arg2:x64 ops=$arg3:symbol pgd=$arg4:x64 private=$arg5:x64',
    'start=$arg1:x64 end=$arg2:x64',
    WALK,
  ),
  probe('split_kernel_leaf_mapping', 'start=$arg1:x64 end=$arg2:x64', undefined, WALK),
  probe('split_kernel_leaf_mapping_locked', 'addr=$arg1:x64', undefined, WALK),
  split('pmd'),
  split('pud'),
  pageattr('pud'),
  pageattr('pmd'),
  pageattr('pte'),
  probe(
    'change_page_range',
    'pte=$arg1:x64 addr=$arg2:x64 val=+0($arg1):x64 set=+0($arg3):x64 clear=+8($arg3):x64',
    'pte=$arg1:x64 addr=$arg2:x64 val=+0($arg1):x64',
    APPLY,
  ),
]

/** Lines for `kprobe_events`: an entry and a return probe a function, in the group `kperm`. */
export function definitionsFor(kernel: Kernel): string[] {
  return PROBES.filter((p) => p.kernels.includes(kernel)).flatMap(({ fn, entry, exit }) => [
    `p:kperm/${fn} ${fn} ${entry}`,
    `r:kperm/${fn}_ret ${fn} ${exit === '' ? '' : `${exit} `}ret=$retval:s32`,
  ])
}
