import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Eleven changes to Linux 7.3 of the kind that developers make, each as a few replacements by name. What a replacement
 * looks for has to be there: a patch that changes nothing would prove nothing.
 */
export interface KernelPatch {
  readonly name: string
  readonly edits: readonly Edit[]
}

type Edit =
  | { readonly file: string; readonly find: RegExp; readonly by: string }
  | { readonly file: string; readonly text: string }

const PAGEATTR = 'arch/arm64/mm/pageattr.c'
const MMU = 'arch/arm64/mm/mmu.c'
const PAGEWALK = 'mm/pagewalk.c'
const UPDATE = /\tret = update_range_prot\(start, size, set_mask, clear_mask\);/
const AFTER_INCLUDES = /(#include <asm\/kfence\.h>\n)/

export const PATCHES = {
  flushBeforeWalk: {
    name: 'a flush moved before the walk',
    edits: [
      {
        file: PAGEATTR,
        find: /\t\tflush_tlb_kernel_range\(start, start \+ size\);\n\treturn ret;/,
        by: '\t\t;\n\treturn ret;',
      },
      { file: PAGEATTR, find: UPDATE, by: '\tflush_tlb_kernel_range(start, start + size);\n$&' },
    ],
  },
  noFlushOnError: {
    name: 'b no flush on error',
    edits: [{ file: PAGEATTR, find: UPDATE, by: '$&\n\tif (ret)\n\t\treturn ret;' }],
  },
  fieldAndHelper: {
    name: 'c a helper and a struct field in pageattr.c',
    edits: [
      { file: PAGEATTR, find: /struct page_change_data \{\n/, by: '$&\tunsigned long seen;\n' },
      {
        file: PAGEATTR,
        find: /static int pageattr_pte_entry\(/,
        by: 'static void count_one(struct mm_walk *walk)\n{\n\t((struct page_change_data *)walk->private)->seen++;\n}\n\n$&',
      },
      {
        file: PAGEATTR,
        find: /\tpte_t val = __ptep_get\(pte\);\n/,
        by: '$&\n\tcount_one(walk);\n',
      },
    ],
  },
  fewerParameters: {
    name: 'd walk_kernel_page_table_range_lockless without its pgd parameter',
    edits: [
      {
        file: PAGEWALK,
        find: /(_range_lockless\(unsigned long start, unsigned long end,\n[^)]*), pgd_t \*pgd/,
        by: '$1',
      },
      { file: PAGEWALK, find: /(_range_lockless\([\s\S]*?)\t\t\.pgd\t\t= pgd,\n/, by: '$1' },
      {
        file: PAGEWALK,
        find: /(return walk_kernel_page_table_range_lockless\(start, end, ops), pgd/,
        by: '$1',
      },
      {
        file: 'include/linux/pagewalk.h',
        find: /(_range_lockless\([^)]*?)\s*pgd_t \*pgd,/,
        by: '$1',
      },
      { file: PAGEATTR, find: /&pageattr_ops, NULL, /, by: '&pageattr_ops, ' },
      { file: MMU, find: /&split_to_ptes_ops, NULL, /, by: '&split_to_ptes_ops, ' },
    ],
  },
  contpteRefused: {
    name: 'e a contpte check with -EINVAL in pageattr_pte_entry',
    edits: [
      {
        file: PAGEATTR,
        find: /\tpte_t val = __ptep_get\(pte\);\n/,
        by: '$&\n\tif (pte_cont(val))\n\t\treturn -EINVAL;\n',
      },
    ],
  },
  noMutex: {
    name: 'f the split without its mutex',
    edits: [
      { file: MMU, find: /\tmutex_lock\(&pgtable_split_lock\);\n/, by: '' },
      { file: MMU, find: /\tmutex_unlock\(&pgtable_split_lock\);\n/, by: '' },
    ],
  },
  renamed: {
    name: 'g update_range_prot renamed',
    edits: [{ file: PAGEATTR, find: /\bupdate_range_prot\b/g, by: 'change_range_prot' }],
  },
  foreignFunction: {
    name: 'h a function that is not part of the harness',
    edits: [
      {
        file: PAGEATTR,
        find: AFTER_INCLUDES,
        by: '$1\nextern void flush_tlb_batched_pending(struct mm_struct *mm);\n',
      },
      {
        file: PAGEATTR,
        find: /\t__set_pte\(pte, val\);/,
        by: '\tset_ptes(&init_mm, addr, pte, pte_mkyoung(val), 1);\n\tflush_tlb_batched_pending(&init_mm);',
      },
    ],
  },
  newHeader: {
    name: 'i a new header with an extern atomic, and trace_printk',
    edits: [
      {
        file: 'include/linux/pageattr_stats.h',
        text: '#ifndef _PAGEATTR_STATS_H\n#define _PAGEATTR_STATS_H\n#include <linux/atomic.h>\nextern atomic_long_t pageattr_walks;\n#endif\n',
      },
      { file: PAGEATTR, find: AFTER_INCLUDES, by: '$1#include <linux/pageattr_stats.h>\n' },
      {
        file: PAGEATTR,
        find: UPDATE,
        by: '\tatomic_long_inc(&pageattr_walks);\n\ttrace_printk("%lx\\n", start);\n$&',
      },
    ],
  },
  guarded: {
    name: 'j guard(mutex)(&pgtable_split_lock)',
    edits: [
      {
        file: MMU,
        find: /\tmutex_lock\(&pgtable_split_lock\);\n/,
        by: '\tguard(mutex)(&pgtable_split_lock);\n',
      },
      { file: MMU, find: /\tmutex_unlock\(&pgtable_split_lock\);\n/, by: '' },
    ],
  },
  newHelpers: {
    name: 'k a new static helper in mmu.c and in pagewalk.c',
    edits: [
      {
        file: MMU,
        find: /static void split_contpte\(/,
        by: 'static int steps_of(int i)\n{\n\treturn i + 1;\n}\n\n$&',
      },
      {
        file: MMU,
        find: /(static void split_contpte\([\s\S]*?)i\+\+, ptep\+\+/,
        by: '$1i = steps_of(i), ptep++',
      },
      {
        file: PAGEWALK,
        find: /static int walk_pte_range_inner\(/,
        by: 'static unsigned long after(unsigned long addr)\n{\n\treturn addr + PAGE_SIZE;\n}\n\n$&',
      },
      {
        file: PAGEWALK,
        find: /ops->pte_entry\(pte, addr, addr \+ PAGE_SIZE, walk\)/,
        by: 'ops->pte_entry(pte, addr, after(addr), walk)',
      },
    ],
  },
} as const satisfies Readonly<Record<string, KernelPatch>>

/**
 * Applies a patch to a tree whose files may be links to those of another: each changed file is written anew. Returns
 * what undoes it.
 */
export function applyPatch(tree: string, { name, edits }: KernelPatch): () => void {
  const before = new Map<string, string | null>()
  for (const edit of edits) {
    const path = join(tree, edit.file)
    if ('text' in edit) {
      before.set(path, null)
      writeFileSync(path, edit.text)
      continue
    }
    const text = readFileSync(path, 'utf8')
    if (!before.has(path)) before.set(path, text)
    const changed = text.replace(edit.find, edit.by)
    if (changed === text)
      throw new Error(`${name}: ${edit.file} has nothing like ${edit.find.source}`)
    rmSync(path)
    writeFileSync(path, changed)
  }
  return () => {
    for (const [path, text] of before) {
      rmSync(path)
      if (text !== null) writeFileSync(path, text)
    }
  }
}
