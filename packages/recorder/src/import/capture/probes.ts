import { TRACED_FLAVOURS, type TracedFlavour as Kernel } from '../translate/kernel-traits.ts'

/**
 * The kprobe events of a capture that needs no knowledge of the kernel's binary: entries and returns of functions,
 * no offsets inside them. Argument numbers follow each version's own signatures; where a stored value is read through
 * an argument (`+0($arg1)`), it is the descriptor that the callback was called for.
 */

export interface Probe {
  readonly fn: string
  /** Fetch arguments at entry, and again at return before the returned value. */
  readonly entry: string
  readonly exit: string
  readonly kernels: readonly Kernel[]
  /** The fetch argument for the returned value; empty where the function returns nothing. */
  readonly ret: string
}

const APPLY: readonly Kernel[] = ['6.12', '6.17']
const WALK: readonly Kernel[] = ['6.18', '7.3']

const range = (first: string) => `${first}=$arg1:x64 size=$arg2:x64`
const masks = 'set=$arg3:x64 clear=$arg4:x64'

const probe = (
  fn: string,
  entry: string,
  exit = entry,
  kernels: readonly Kernel[] = TRACED_FLAVOURS,
  ret = 'ret=$retval:s32',
): Probe => ({ fn, entry, exit, kernels, ret })

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

/** Areas that are mapped and unmapped: what such a call covered is not known to be as it was. */
const AREAS: readonly Probe[] = [
  probe('vfree', 'addr=$arg1:x64', '', TRACED_FLAVOURS, ''),
  probe('__vunmap_range_noflush', 'start=$arg1:x64 end=$arg2:x64', '', TRACED_FLAVOURS, ''),
  probe('__vmap_pages_range_noflush', 'addr=$arg1:x64 end=$arg2:x64', '', TRACED_FLAVOURS),
]

/** What makes calls and flushes of its own: worth its probes where those flushes are seen. */
const CALLERS: readonly Probe[] = [
  probe(
    '_vm_unmap_aliases',
    'start=$arg1:x64 end=$arg2:x64 flush=$arg3:s32',
    '',
    TRACED_FLAVOURS,
    '',
  ),
  probe(
    '__purge_vmap_area_lazy',
    'start=$arg1:x64 end=$arg2:x64 full=$arg3:u8',
    '',
    TRACED_FLAVOURS,
    'ret=$retval:u8',
  ),
  probe('bpf_prog_pack_alloc', 'size=$arg1:u32', '', TRACED_FLAVOURS, 'ret=$retval:x64'),
  probe('bpf_prog_pack_free', 'ptr=$arg1:x64 size=$arg2:u32', '', TRACED_FLAVOURS, ''),
  probe('secretmem_fault', 'vmf=$arg1:x64', '', TRACED_FLAVOURS, 'ret=$retval:x32'),
]

/** Functions that another tree calls otherwise, by Pagetrail's name for them. */
export type Renamed = ReadonlyMap<string, string>

/**
 * Lines for `kprobe_events` without the group, which the script puts in: an entry and a return probe for each function
 * that kernels of this flavour have, with those of `callers` or without. Events keep Pagetrail's names where `renamed`
 * gives the function another one.
 */
export function definitionsFor(kernel: Kernel, callers: boolean, renamed: Renamed): string[] {
  return [...PROBES, ...AREAS, ...(callers ? CALLERS : [])]
    .filter((p) => p.kernels.includes(kernel))
    .flatMap(({ fn, entry, exit, ret }) => {
      const symbol = renamed.get(fn) ?? fn
      const values = [exit, ret].filter((text) => text !== '').join(' ')
      return [`p:${fn} ${symbol} ${entry}`, `r:${fn}_ret ${symbol} ${values}`.trimEnd()]
    })
}
