import type { AskedChange } from './masks.ts'

/**
 * Functions that promise that on their return no observer uses what their range was. Whatever they are made by: an
 * implementation of one's own promises what the kernel's function of that name does.
 */
const FLUSHES: ReadonlySet<string> = new Set([
  'set_memory_ro',
  'set_memory_rw',
  'set_memory_nx',
  'set_memory_x',
  'set_memory_rox',
  'set_memory_valid',
  'change_memory_common',
  '__change_memory_common',
  // Despite its name: it is set_memory_valid().
  'set_direct_map_valid_noflush',
  '__kernel_map_pages',
  'kfence_protect_page',
  'set_memory_encrypted',
  'set_memory_decrypted',
  'flush_tlb_kernel_range',
  'vunmap_range',
  'h7_change',
])

/** What vfree() and vunmap() flush by. */
const PURGE = ['_vm_unmap_aliases', '__purge_vmap_area_lazy', 'vunmap_range']
/** Callers of `*_noflush` functions, which flush for them before they return, with where they do. */
const FLUSHES_FOR_OTHERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['secretmem_fault', ['secretmem_fault']],
  ['vfree', ['vfree', ...PURGE]],
  ['vunmap', ['vunmap', ...PURGE]],
])

export const promisesFlush = (fn: string): boolean => FLUSHES.has(fn)
export const flushesForOthers = (fn: string): boolean => FLUSHES_FOR_OTHERS.has(fn)

/** Functions in which the flush of such a caller is executed. */
export const flushesIn = (fn: string): readonly string[] => FLUSHES_FOR_OTHERS.get(fn) ?? []

/** Whether a change lets something be done that was not allowed before. */
export const enables = (change: AskedChange): boolean =>
  (change.setLo & 1) !== 0 || change.asked === 'writable' || change.asked.includes('executable')

/** Functions that change the linear alias of their pages along, with rodata=full. */
export const CHANGES_ALIAS: ReadonlySet<string> = new Set([
  'set_memory_ro',
  'set_memory_rw',
  'set_memory_rox',
])

/** Whether a return value says that everything was done. kfence_protect_page() returns true whatever happened. */
export const isSuccess = (fn: string, ret: number | null): boolean =>
  ret !== null && (ret === 0 || (fn === 'kfence_protect_page' && ret === 1))
