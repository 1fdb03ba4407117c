import type { Flavour } from './flavour.ts'
import type { Geometry } from '../arch/geometry.ts'
import { toVa } from '../arch/u64.ts'
import type { Pa, Va } from '../arch/u64.ts'

/** The state of the system that the modelled paths ask about. Names as in scenarios. */
export interface Features {
  readonly rodata_full: boolean
  readonly debug_pagealloc: boolean
  /** arm64_kfence_can_set_direct_map(). */
  readonly kfence_direct_map: boolean
  /** BBML2_NOABORT (6.18) or BBML3 (7.3), system-wide. */
  readonly bbml: boolean
  /** The same of the boot CPU, all that is known until capabilities are final. */
  readonly cpu_bbml: boolean
  readonly caps_finalized: boolean
  readonly page_alloc_available: boolean
  readonly online_cpus: number
  /** TLB range instructions. */
  readonly tlb_range: boolean
  /** Before mark_rodata_ro(): swapper_pg_dir is written directly. */
  readonly rodata_is_rw: boolean
  readonly in_interrupt: boolean
  /** arm64_use_ng_mappings (KPTI). */
  readonly ng_mappings: boolean
  readonly bti_kernel: boolean
  /** is_realm_world(), and the width of its addresses: the top bit says whether memory is shared with the host. */
  readonly realm: boolean
  /** The Realm Management Monitor was found only after map_mem() had built the linear map. */
  readonly realm_known_late: boolean
  readonly ipa_bits: number
  /** is_kfence_address(): the pool is [kfence_start, kfence_start + kfence_size). */
  readonly kfence_start: Va
  readonly kfence_size: number
  /** The caller of walk_kernel_page_table_range() holds init_mm.mmap_lock, as the corpus's caller does. */
  readonly init_mm_locked: boolean
  /** Splits take pgtable_split_lock. Without it they are what the first split patch was. */
  readonly split_lock: boolean
  /** Changes of attributes take a cpa_lock around everything, as x86 does. */
  readonly cpa_lock: boolean
  /** Walkers of the model TLB are weak: see tlb-model.ts. */
  readonly weak_walkers: boolean
  /** FEAT_ETS2. */
  readonly ets2: boolean
  /** Entries that the model TLB of a CPU has room for, the oldest goes first; 0: any number. Not for weak walkers. */
  readonly tlb_entries: number
  /** Keep the model TLB even if the scenario accesses nothing. */
  readonly tlb_model: boolean
}

/** A finished boot on a CPU with range TLBI and without BBML: what most of the corpus runs on. */
export const DEFAULT_FEATURES: Features = {
  rodata_full: true,
  debug_pagealloc: false,
  kfence_direct_map: false,
  bbml: false,
  cpu_bbml: false,
  caps_finalized: true,
  page_alloc_available: true,
  online_cpus: 4,
  tlb_range: true,
  rodata_is_rw: false,
  in_interrupt: false,
  ng_mappings: false,
  bti_kernel: false,
  realm: false,
  realm_known_late: false,
  ipa_bits: 48,
  kfence_start: 0,
  kfence_size: 0,
  init_mm_locked: true,
  split_lock: true,
  cpa_lock: false,
  weak_walkers: false,
  ets2: false,
  tlb_entries: 0,
  tlb_model: false,
}

/** can_set_direct_map() of a system with these features. */
export const mayChangeDirectMap = (features: Features, flavour: Flavour): boolean =>
  features.rodata_full ||
  features.debug_pagealloc ||
  features.kfence_direct_map ||
  (features.realm && flavour.pageattr.realm)

/** Addresses a machine is laid out by. A scenario's `constants`, in the kernel's names. */
export interface Constants {
  /** Linear map: va = pa − PHYS_OFFSET + PAGE_OFFSET. */
  readonly PAGE_OFFSET: Va
  readonly PHYS_OFFSET: Pa
  readonly PAGE_END: Va
  readonly VMALLOC_START: Va
  readonly VMALLOC_END: Va
  /** Tables allocated at run time are handed out from here upwards, one page each. */
  readonly TABLE_POOL_PA: Pa
  /** The top table; those the start state needs follow it. */
  readonly SWAPPER_PG_DIR_PA: Pa
  readonly FIX_PGD_VA: Va
}

const MiB = 2 ** 20
const GiB = 2 ** 30
/** sizeof(struct page) of the usual configuration. */
const STRUCT_PAGE = 64

/**
 * The constants of a kernel without KASAN (A/i/memory.h and the head of A/i/pgtable.h; the same in all versions);
 * physical addresses by the convention of the corpus.
 */
export function deriveConstants(g: Geometry, flavour: Flavour): Constants {
  const vaBitsMin = g.vaBits <= 48 ? g.vaBits : g.pageShift === 14 ? 47 : 48
  const pageOffset = g.base
  const linearStart = -(2 ** g.vaBitsActual)
  const pageEnd = -(2 ** (vaBitsMin - 1))
  const vmemmapSize = ((pageEnd - pageOffset) / g.pageSize) * STRUCT_PAGE
  const vmemmapStart = -GiB - vmemmapSize
  const unused = ((linearStart - pageOffset) / g.pageSize) * STRUCT_PAGE
  return {
    PAGE_OFFSET: pageOffset,
    // memstart_addr moves down when fewer bits are real, so that RAM starts at the linear start.
    PHYS_OFFSET: 16 * GiB - (linearStart - pageOffset),
    PAGE_END: pageEnd,
    VMALLOC_START: pageEnd + 2 * GiB,
    VMALLOC_END: vmemmapStart - 8 * MiB + unused,
    TABLE_POOL_PA: 80 * GiB + 96 * MiB,
    SWAPPER_PG_DIR_PA: 80 * GiB,
    FIX_PGD_VA: toVa(flavour.fixPgdVa[g.pageShift] ?? 0n),
  }
}
