/** Calls that change entries, or may, and leave the flush to their caller: the walkers and the splitters themselves. */
const UPDATE_ONLY: ReadonlySet<string> = new Set([
  'apply_to_page_range',
  'apply_to_existing_page_range',
  '__apply_to_page_range',
  'walk_kernel_page_table_range',
  'walk_kernel_page_table_range_lockless',
  'walk_page_range_novma',
  'update_range_prot',
  'split_kernel_leaf_mapping',
  'range_split_to_ptes',
])

/** Whether a call may return with flushes owed. */
export const mayFlushLater = (fn: string): boolean => fn.endsWith('_noflush') || UPDATE_ONLY.has(fn)
