import { describe, expect, test } from 'vitest'
import { type Overlay, overlayOf } from '../../../packages/recorder/src/tree/overlay.ts'

/** A tree of our own, with the shapes of a kernel's files and nothing of their text. */
const SMALL: Readonly<Record<string, string>> = {
  'arch/arm64/include/asm/pgtable.h': `static inline void queue_pte_barriers(void)
{
	work();
}
static inline void arch_enter_lazy_mmu_mode(void)
{
}
`,
  'arch/arm64/include/asm/tlbflush.h': `#define __TLBI_0(op, arg) asm ( \\
	"tlbi " #op)
#define __TLBI_1(op, arg) asm ( \\
	"tlbi " #op ", %0" \\
	: : "r" (arg))
static inline void flush_tlb_all(void)
{
}
static inline void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
}
`,
  'include/linux/pgtable.h': '\n',
  'arch/arm64/mm/pageattr.c': 'static const struct mm_walk_ops pageattr_ops = { 0 };\n',
  'arch/arm64/mm/mmu.c': `#include <linux/mm.h>
#include <asm/fixmap.h>

static bool rodata_is_rw = true;
static bool linear_map_requires_bbml9;
static int split_pmd(gfp_t gfp, pmd_t *pmdp)
{
	return 0;
}
static int range_split_to_ptes(unsigned long start, unsigned long end, gfp_t gfp, bool loud)
{
	return 0;
}
static void map_mem(void)
{
	linear_map_requires_bbml9 = !one() &&
				    two();
}
`,
  'arch/arm64/mm/fixmap.c': `static inline pte_t *fixmap_pte(unsigned long addr)
{
	return bm_pte;
}
`,
  'mm/pagewalk.c': `int walk_kernel_page_table_range_lockless(unsigned long start, unsigned long end,
		const struct mm_walk_ops *ops, void *private)
{
	err = ops->pte_entry(pte, addr, addr + PAGE_SIZE, walk);
	err = ops->pte_hole(addr, next, depth, walk);
	return ops->test_walk(start, end, walk);
}
`,
  'mm/memory.c': `int apply_to_page_range(struct mm_struct *mm, unsigned long addr, unsigned long size, pte_fn_t fn, void *data)
{
	err = fn(pte++, addr, data);
	return 0;
}
int apply_to_existing_page_range(struct mm_struct *mm, unsigned long addr, unsigned long size)
{
	return 0;
}
int __pmd_alloc(struct mm_struct *mm, pud_t *pud, unsigned long address)
{
	return 0;
}
`,
}

const overlay = (changes: Readonly<Record<string, string>> = {}): Overlay =>
  overlayOf((path) => ({ ...SMALL, ...changes })[path] ?? null)
const file = (made: Overlay, path: string): string => made.files.get(path) ?? ''

describe('overlayOf()', () => {
  test('a definition is kept under another name, and one of its signature is put before and behind it', () => {
    const text = file(overlay(), 'arch/arm64/include/asm/tlbflush.h')
    expect(text).toContain(
      'static inline void flush_tlb_kernel_range(unsigned long start, unsigned long end); static inline void __real_flush_tlb_kernel_range(',
    )
    expect(text).toContain(
      'harness_flush_begin("flush_tlb_kernel_range", 1, start, end, __FILE__, __LINE__); __real_flush_tlb_kernel_range(start, end); harness_flush_end();',
    )
  })

  test('a changed signature is followed: parameters are told by their types', () => {
    const text = file(overlay(), 'arch/arm64/mm/mmu.c')
    expect(text).toContain('harness_split("pmd", pmdp, __FILE__, __LINE__);')
    expect(text).toContain('int ret__ = __real_split_pmd(gfp, pmdp);')
  })

  test('call sites of callbacks', () => {
    const text = file(overlay(), 'mm/pagewalk.c')
    expect(text).toContain(
      'err = HARNESS_CALLBACK_pte(ops->pte_entry, pte, addr, addr + PAGE_SIZE, walk);',
    )
    expect(text).toContain('err = HARNESS_HOLE(ops->pte_hole, addr, next, depth, walk);')
    expect(text).toContain('ops->test_walk(start, end, walk)')
    expect(file(overlay(), 'mm/memory.c')).toContain('err = HARNESS_PTE_FN(fn, pte++, addr, data);')
  })

  test('lines keep their numbers, and the file its name', () => {
    const made = overlay()
    for (const [path, text] of Object.entries(SMALL)) {
      const lines = file(made, path).split('\n')
      expect(lines[0]).toBe(`#line 1 "${path}"`)
      let number = 0
      const at = new Map<number, string>()
      for (const line of lines.slice(1)) {
        const said = /^#line (\d+)/.exec(line)
        if (said) number = Number(said[1]) - 1
        else at.set(++number, line)
      }
      // What an edit left alone stands where it stood.
      const own = text.split('\n')
      const left = own.flatMap((line, i) => (/^\t(work|two|return)/.test(line) ? [i] : []))
      expect(left.map((i) => at.get(i + 1))).toEqual(left.map((i) => own[i]))
    }
  })

  test("TLBI macros lose their assembly and keep their lines; what follows stays the kernel's", () => {
    const text = file(overlay(), 'arch/arm64/include/asm/tlbflush.h')
    expect(text).toContain(
      '#define __TLBI_0(op, arg) harness_tlbi(#op, 0, 0, __FILE__, __LINE__)\n\n#define',
    )
    expect(text).toContain(
      '#define __TLBI_1(op, arg) harness_tlbi(#op, 1, (unsigned long)(arg), __FILE__, __LINE__)',
    )
    expect(text).not.toContain('asm (')
  })

  test('what the tree has, for C: prototypes, its own rule for the linear map, arguments by name', () => {
    const { treeHeader } = overlay()
    expect(treeHeader).toContain('#define TREE_HAS_PAGEATTR_OPS 1\n')
    expect(treeHeader).toContain(
      '#define TREE_LINEAR_MAP_RULE linear_map_requires_bbml9 = !one() && two();\n',
    )
    expect(treeHeader).toContain(
      '#define TREE_RANGE_SPLIT_TO_PTES range_split_to_ptes(start, end, GFP_KERNEL, loud)\n',
    )
    expect(treeHeader).toContain(
      '#define TREE_ARGS_walk_kernel_page_table_range_lockless a.start, a.end, a.ops, a.private\n',
    )
    expect(treeHeader).not.toContain('CHANGE_PAGE_RANGE')
  })

  test('a tree with all parts misses nothing', () => {
    const { missed, shows } = overlay()
    expect(missed).toEqual([])
    expect(shows).toContain('tlb_flush')
    expect(shows).toContain('cb_enter')
  })

  test('a part that every tree has and this one lacks is not shown, and named', () => {
    const { missed, shows } = overlay({ 'arch/arm64/include/asm/tlbflush.h': '\n' })
    expect(missed).toEqual([
      'flush_tlb_all() in arch/arm64/include/asm/tlbflush.h',
      'flush_tlb_kernel_range() in arch/arm64/include/asm/tlbflush.h',
      '__TLBI_0 in arch/arm64/include/asm/tlbflush.h',
      '__TLBI_1 in arch/arm64/include/asm/tlbflush.h',
    ])
    expect(shows).not.toContain('tlb_flush')
    expect(shows).not.toContain('tlbi')
  })

  test('a counted lazy mode is hooked in the generic code alone', () => {
    const counted = 'static inline void lazy_mmu_mode_enable(void)\n{\n}\n'
    const made = overlay({ 'include/linux/pgtable.h': counted })
    expect(file(made, 'include/linux/pgtable.h')).toContain('harness_lazy("enter", ignored__')
    expect(file(made, 'arch/arm64/include/asm/pgtable.h')).not.toContain('harness_lazy')
    expect(file(overlay(), 'arch/arm64/include/asm/pgtable.h')).toContain(
      'harness_lazy("enter", ignored__, -1',
    )
  })
})
