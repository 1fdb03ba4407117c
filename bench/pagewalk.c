/* SPDX-License-Identifier: MIT */
/*
 * The walk of a process by its VMAs, as a tree's mm/pagewalk.c has it, on page tables of 4K pages and four levels:
 * bench/pagewalk.ts cuts the functions out of that file and includes them (CORE). What they call is here in its least
 * form: entries, VMAs, the split of a huge page, the lock of a table. Reads cases, writes what was called in which order:
 *
 *	case
 *	map VA LEVEL DESC COUNT		0 pgd ... 4 pte; tables above are made
 *	vma START END KIND		0 anon, 1 file, 2 pfnmap
 *	set ERR_AT ERR AGAIN_AT AGAIN_N CONT_AT TEST_WALK	TEST_WALK -1000: no such callback
 *	walk START END LEVELS
 */
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long u64;
typedef struct { u64 v; } pgd_t;
typedef pgd_t p4d_t;
typedef struct { u64 v; } pud_t;
typedef struct { u64 v; } pmd_t;
typedef struct { u64 v; } pte_t;
typedef int spinlock_t;

#define PAGE_SIZE 4096UL
#define PTRS_PER_PMD 512
#define PTRS_PER_PUD 512
#define PTRS_PER_P4D 1
#define TASK_SIZE (1UL << 48)
#define EINVAL 22
#define VM_PFNMAP 0x400
#define WARN_ON_ONCE(condition) (condition)
#define min(a, b) ((a) < (b) ? (a) : (b))

struct mm_struct { pgd_t *pgd; };
struct vm_area_struct { u64 vm_start, vm_end, vm_flags; bool is_anonymous; struct mm_struct *vm_mm; };
enum page_walk_lock { PGWALK_RDLOCK, PGWALK_WRLOCK, PGWALK_WRLOCK_VERIFY, PGWALK_VMA_RDLOCK_VERIFY };
enum page_walk_action { ACTION_SUBTREE, ACTION_CONTINUE, ACTION_AGAIN };

struct mm_walk;
struct mm_walk_ops {
	int (*pgd_entry)(pgd_t *, u64, u64, struct mm_walk *);
	int (*p4d_entry)(p4d_t *, u64, u64, struct mm_walk *);
	int (*pud_entry)(pud_t *, u64, u64, struct mm_walk *);
	int (*pmd_entry)(pmd_t *, u64, u64, struct mm_walk *);
	int (*pte_entry)(pte_t *, u64, u64, struct mm_walk *);
	int (*pte_hole)(u64, u64, int, struct mm_walk *);
	int (*hugetlb_entry)(pte_t *, u64, u64, u64, struct mm_walk *);
	int (*test_walk)(u64, u64, struct mm_walk *);
	int (*pre_vma)(u64, u64, struct mm_walk *);
	void (*post_vma)(struct mm_walk *);
	int (*install_pte)(u64, u64, pte_t *, struct mm_walk *);
	enum page_walk_lock walk_lock;
};
struct mm_walk {
	const struct mm_walk_ops *ops;
	struct mm_struct *mm;
	pgd_t *pgd;
	struct vm_area_struct *vma;
	enum page_walk_action action;
	bool no_vma;
	void *private;
};

/* ---- entries ---- */

static bool present(u64 v) { return (v & 1) || (v & 0x800); }
static bool table(u64 v) { return (v & 3) == 3; }
static bool trans_huge(u64 v) { return present(v) && !table(v | 1); }
static void *below(u64 v) { return (void *)(v & 0x0000fffffffff000UL); }

#define pudp_get(p) (*(p))
#define ptep_get(p) (*(p))
#define pte_none(e) (!(e).v)
#define pud_none(e) (!(e).v)
#define pmd_none(e) (!(e).v)
#define pud_present(e) present((e).v)
#define pmd_present(e) present((e).v)
#define pud_leaf(e) (present((e).v) && !table((e).v))
#define pmd_leaf(e) (present((e).v) && !table((e).v))
#define pmd_trans_huge(e) trans_huge((e).v)
#define pud_trans_huge(e) 0
#define pgd_none_or_clear_bad(p) 0
#define p4d_none_or_clear_bad(p) (!(p)->v)
#define pgd_index(addr) (((addr) >> 39) & 511)
#define pgd_offset(mm, addr) ((mm)->pgd + pgd_index(addr))
#define p4d_offset(pgd, addr) ((p4d_t *)(pgd))
#define pud_offset(p4d, addr) ((pud_t *)below((p4d)->v) + (((addr) >> 30) & 511))
#define pmd_offset(pud, addr) ((pmd_t *)below((pud)->v) + (((addr) >> 21) & 511))
#define pte_offset_kernel(pmd, addr) ((pte_t *)below((pmd)->v) + (((addr) >> 12) & 511))

static u64 addr_end(u64 addr, u64 end, u64 size)
{
	u64 boundary = (addr + size) & ~(size - 1);

	return boundary - 1 < end - 1 ? boundary : end;
}
#define pgd_addr_end(addr, end) addr_end(addr, end, 1UL << 39)
#define p4d_addr_end(addr, end) (end)
#define pud_addr_end(addr, end) addr_end(addr, end, 1UL << 30)
#define pmd_addr_end(addr, end) addr_end(addr, end, 1UL << 21)

static u64 *new_table(u64 filled)
{
	u64 *entries = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
	int i;

	for (i = 0; i < 512; i++)
		entries[i] = filled;
	return entries;
}

/* ---- what the walk calls ---- */

/* A walk that never ends is cut off. */
static jmp_buf endless;
static int lines;

static void count_line(void)
{
	if (++lines > 20000)
		longjmp(endless, 1);
}

static void split_huge(struct vm_area_struct *vma, pmd_t *pmd, u64 addr)
{
	if (!trans_huge(pmd->v))
		return;
	count_line();
	printf("split 3 %lx\nlock pmd_ptl\n", addr & ~0x1fffffUL);
	pmd->v = vma->is_anonymous ? (u64)new_table(0x403) | 3 : 0;
	printf("unlock pmd_ptl\n");
}
#define split_huge_pmd(vma, pmd, addr) split_huge(vma, pmd, addr)
#define split_huge_pud(vma, pud, addr) do { } while (0)

static pte_t *pte_offset_map(pmd_t *pmd, u64 addr)
{
	if (!pmd->v || trans_huge(pmd->v))
		return NULL;
	if (!table(pmd->v)) {
		printf("bad 3\n");
		pmd->v = 0;
		return NULL;
	}
	return pte_offset_kernel(pmd, addr);
}

static pte_t *map_lock(pmd_t *pmd, u64 addr)
{
	pte_t *pte = pte_offset_map(pmd, addr);

	count_line();
	if (pte)
		printf("lock pte_ptl\n");
	return pte;
}
#define pte_offset_map_lock(mm, pmd, addr, ptl) map_lock(pmd, addr)
#define pte_unmap(pte) do { } while (0)
#define pte_unmap_unlock(pte, ptl) printf("unlock pte_ptl\n")
#define set_pte_at(...) do { } while (0)
#define update_mmu_cache(...) do { } while (0)
#define __pte_alloc(...) 0
#define __pmd_alloc(...) 0
#define __pud_alloc(...) 0
#define __p4d_alloc(...) 0
#define is_vm_hugetlb_page(vma) 0
#define mmap_assert_locked(mm) do { } while (0)
#define mmap_assert_write_locked(mm) do { } while (0)

static struct vm_area_struct vmas[8];
static int vma_count;

static struct vm_area_struct *find_vma(struct mm_struct *mm, u64 addr)
{
	int i;

	for (i = 0; i < vma_count; i++)
		if (addr < vmas[i].vm_end)
			return &vmas[i];
	return NULL;
}

static struct mm_struct init_mm, mm;
int walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops,
		    void *private);

#include CORE

/* ---- the cases ---- */

static int err_at, err, again_at, again_n, cont_at, count, test_walk;

static int observed(void)
{
	count_line();
	return ++count == err_at ? err : 0;
}

static int acted(struct mm_walk *walk)
{
	int ret = observed();

	if (ret)
		return ret;
	if (count >= again_at && count < again_at + again_n)
		walk->action = ACTION_AGAIN;
	else if (count == cont_at)
		walk->action = ACTION_CONTINUE;
	return 0;
}

#define CALLBACK(level, name, type, does)                                                         \
	static int on_##name(type *slot, u64 addr, u64 next, struct mm_walk *walk)                \
	{                                                                                         \
		printf("cb " #level " %lx %lx\n", addr, next);                                    \
		return does;                                                                      \
	}
CALLBACK(0, pgd, pgd_t, observed())
CALLBACK(1, p4d, p4d_t, observed())
CALLBACK(2, pud, pud_t, acted(walk))
CALLBACK(3, pmd, pmd_t, acted(walk))
CALLBACK(4, pte, pte_t, observed())

static int on_hole(u64 addr, u64 next, int depth, struct mm_walk *walk)
{
	printf("hole %d %lx %lx\n", depth, addr, next);
	return observed();
}

static int on_test(u64 start, u64 end, struct mm_walk *walk)
{
	return test_walk;
}

static void map(u64 va, int level, u64 desc)
{
	static const int shift[] = { 39, 39, 30, 21, 12 };
	u64 *entries = (u64 *)mm.pgd;
	int at;

	for (at = 1; at < level; at++) {
		u64 *slot = &entries[(va >> shift[at]) & 511];

		if (!*slot)
			*slot = (u64)new_table(0) | 3;
		entries = below(*slot);
	}
	entries[(va >> shift[level]) & 511] = desc;
}

static void read_map(void)
{
	static const u64 size[] = { 0, 1UL << 39, 1UL << 30, 1UL << 21, 1UL << 12 };
	u64 va, desc;
	int level, n, i;

	if (scanf("%lx %d %lx %d", &va, &level, &desc, &n) == 4)
		for (i = 0; i < n; i++)
			map(va + i * size[level], level, desc);
}

static void read_vma(void)
{
	u64 start, end;
	int kind;

	if (scanf("%lx %lx %d", &start, &end, &kind) == 3)
		vmas[vma_count++] = (struct vm_area_struct){ start, end, kind == 2 ? VM_PFNMAP : 0, kind == 0, &mm };
}

static void walk(void)
{
	u64 start, end;
	int levels;

	if (scanf("%lx %lx %d", &start, &end, &levels) != 3)
		return;
	struct mm_walk_ops ops = {
		.pgd_entry = levels & 1 ? on_pgd : NULL,
		.p4d_entry = levels & 2 ? on_p4d : NULL,
		.pud_entry = levels & 4 ? on_pud : NULL,
		.pmd_entry = levels & 8 ? on_pmd : NULL,
		.pte_entry = levels & 16 ? on_pte : NULL,
		.pte_hole = levels & 32 ? on_hole : NULL,
		.test_walk = test_walk == -1000 ? NULL : on_test,
	};
	if (setjmp(endless))
		printf("endless\nend\n");
	else
		printf("ret %d\nend\n", walk_page_range(&mm, start, end, &ops, NULL));
}

int main(void)
{
	char word[16];

	while (scanf("%15s", word) == 1) {
		if (!strcmp(word, "case")) {
			mm.pgd = (pgd_t *)new_table(0);
			vma_count = count = lines = 0;
		} else if (!strcmp(word, "map")) {
			read_map();
		} else if (!strcmp(word, "vma")) {
			read_vma();
		} else if (!strcmp(word, "set")) {
			if (scanf("%d %d %d %d %d %d", &err_at, &err, &again_at, &again_n, &cont_at, &test_walk) != 6)
				return 2;
		} else if (!strcmp(word, "walk")) {
			walk();
		}
	}
	return 0;
}
