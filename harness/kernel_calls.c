// SPDX-License-Identifier: MIT
/*
 * The calls of a scenario, made on the tree's own functions, and what the kernel's variables are at the start of a
 * case. Compiled with the headers of the user's tree. TREE_HAS_... are defined by the build from the prototypes that
 * it found; TREE_WALK_ARGS names the parameters of the page-table walkers in the order of this tree.
 */
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>
#include <linux/set_memory.h>
#include <linux/kfence.h>
#include <asm/cacheflush.h>
#include <asm/fixmap.h>
#include <asm/mmu.h>
#include <asm/pgalloc.h>
#include <asm/set_memory.h>
#include <asm/tlbflush.h>
#include <asm/cpufeature.h>

/* ---- variables that the paths ask for ---- */

static struct task_struct tasks[HARNESS_CPUS];
struct task_struct *harness_current = &tasks[0];

struct mm_struct init_mm = { .pgd = swapper_pg_dir };

s64 memstart_addr;
bool arm64_use_ng_mappings;
bool page_alloc_available;
struct cpumask __cpu_online_mask;
#ifdef TREE_HAS_NUM_ONLINE_CPUS_VARIABLE
atomic_t __num_online_cpus;
#endif
char *__kfence_pool;
#ifdef CONFIG_DEBUG_PAGEALLOC
bool _debug_pagealloc_enabled_early;
DEFINE_STATIC_KEY_FALSE(_debug_pagealloc_enabled);
#endif
#ifdef TREE_HAS_RSI_PRESENT
DEFINE_STATIC_KEY_FALSE(rsi_present);
#endif
#ifndef CONFIG_NUMA
struct pglist_data contig_page_data;
#endif
extern bool rodata_full;
#ifdef TREE_HAS_KFENCE_EARLY_INIT
extern bool kfence_early_init;
#endif

static void set_key(struct static_key *key, bool on)
{
	key->enabled.counter = on;
}

#define SET_KEY(name, on) set_key((struct static_key *)&(name), on)

void harness_kernel_cpu(int cpu)
{
	harness_current = &tasks[cpu];
}

/* What in_interrupt() and its like look at; in the order of enum pt_context. */
void harness_kernel_context(int cpu, int context)
{
	static const unsigned int counts[] = { 0, SOFTIRQ_DISABLE_OFFSET, SOFTIRQ_OFFSET, HARDIRQ_OFFSET };

	tasks[cpu].thread_info.preempt.count = counts[context];
}

int harness_kernel_may_sleep(unsigned int gfp)
{
	return gfpflags_allow_blocking((__force gfp_t)gfp);
}

void harness_kernel_reset(unsigned long phys_offset)
{
	const unsigned long *f = harness_features;
	int cpu;

	memset(tasks, 0, sizeof(tasks));
	for (cpu = 0; cpu < HARNESS_CPUS; cpu++)
		harness_kernel_context(cpu, f[FEATURE_IN_INTERRUPT] ? 2 : 0);
	harness_kernel_cpu(0);
	/* Held by a reader or by nobody: what mmap_assert_locked() asks. */
	atomic_long_set(&init_mm.mmap_lock.count, f[FEATURE_INIT_MM_LOCKED] ? 1UL << 8 | 1 : 0);
	memstart_addr = phys_offset;
	arm64_use_ng_mappings = f[FEATURE_NG_MAPPINGS];
	page_alloc_available = f[FEATURE_PAGE_ALLOC_AVAILABLE];
#ifdef TREE_HAS_NUM_ONLINE_CPUS_VARIABLE
	atomic_set(&__num_online_cpus, f[FEATURE_ONLINE_CPUS]);
#endif
	__kfence_pool = (char *)f[FEATURE_KFENCE_START];
	rodata_full = f[FEATURE_RODATA_FULL];
#ifdef TREE_HAS_KFENCE_EARLY_INIT
	kfence_early_init = !f[FEATURE_KFENCE_DIRECT_MAP];
#endif
	SET_KEY(_debug_pagealloc_enabled, f[FEATURE_DEBUG_PAGEALLOC]);
	_debug_pagealloc_enabled_early = f[FEATURE_DEBUG_PAGEALLOC];
	harness_mmu_reset();
}

/* Given to the tree instead of its own. */
#ifdef TREE_HAS_CPU_SUPPORTS_BBML3
bool cpu_supports_bbml3(void)
{
	return harness_features[FEATURE_CPU_BBML];
}
#endif
#ifdef TREE_HAS_CPU_SUPPORTS_BBML2_NOABORT
bool cpu_supports_bbml2_noabort(void)
{
	return harness_features[FEATURE_CPU_BBML];
}
#endif

/* ---- areas ---- */

static struct vm_struct vms[HARNESS_AREAS];

struct vm_struct *find_vm_area(const void *addr)
{
	unsigned int i, run;

	for (i = 0; i < harness_area_count; i++) {
		const struct harness_area *area = &harness_areas[i];
		unsigned long at = 0, j;
		struct page **pages;

		if ((unsigned long)addr - area->start >= area->size)
			continue;
		/* A reader past its end finds a page that nobody has, and is stopped there. */
		pages = (struct page **)harness_page_list(i, area->nr_pages);
		for (run = 0; run < area->runs; run++)
			for (j = 0; j < area->run[run].count && at < area->nr_pages; j++)
				pages[at++] = pfn_to_page(area->run[run].pfn + j);
		vms[i].addr = (void *)area->start;
		vms[i].size = area->size;
		vms[i].flags = area->flags;
		vms[i].nr_pages = area->nr_pages;
		vms[i].pages = pages;
		return &vms[i];
	}
	return NULL;
}

void vm_unmap_aliases(void)
{
	harness_might_sleep("vm_unmap_aliases");
}

void __sync_icache_dcache(pte_t pte)
{
}

/* ---- addresses ---- */

char *harness_pages;

/* The linear map's number of a physical address; a real pointer for a page table. */
unsigned long harness_phys_to_virt(unsigned long pa)
{
	void *pointer = harness_arena_pointer(pa);

	return pointer ? (unsigned long)pointer : (pa - memstart_addr) | PAGE_OFFSET;
}

void *harness_va(unsigned long pa)
{
	void *pointer = harness_arena_pointer(pa);

	if (!pointer)
		harness_wild("__va", pa);
	return pointer;
}

unsigned long harness_virt_to_phys(unsigned long va)
{
	if (harness_in_arena(va))
		return harness_arena_pa((const void *)va);
	return (va & ~PAGE_OFFSET) + memstart_addr;
}

void *harness_page_to_virt(const void *page)
{
	if (harness_is_no_page(page))
		harness_wild("page_address", 0);
	return (void *)harness_phys_to_virt(__page_to_pfn(page) << PAGE_SHIFT);
}

void *harness_virt_to_page(unsigned long va)
{
	return __pfn_to_page(harness_virt_to_phys(va) >> PAGE_SHIFT);
}

const char *harness_lock_name(const void *lock)
{
	return lock == &init_mm.page_table_lock ? "init_mm.page_table_lock" : NULL;
}

/* ---- callbacks that write nothing and count ---- */

static struct {
	const struct harness_call *call;
	long count;
} observing[HARNESS_CPUS];

static int observed(void)
{
	const struct harness_call *call = observing[harness_cpu].call;

	return ++observing[harness_cpu].count == call->err_at ? call->err : 0;
}

static int acted(struct mm_walk *walk)
{
	const struct harness_call *call = observing[harness_cpu].call;
	int err = observed();
	long n = observing[harness_cpu].count;

	if (err)
		return err;
	if (n >= call->again_at && n < call->again_at + call->again_n)
		walk->action = ACTION_AGAIN;
	else if (n == call->cont_at)
		walk->action = ACTION_CONTINUE;
	return 0;
}

static int observe_pgd_entry(pgd_t *pgd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return observed();
}

static int observe_p4d_entry(p4d_t *p4d, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return observed();
}

static int observe_pud_entry(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return acted(walk);
}

static int observe_pmd_entry(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return acted(walk);
}

static int observe_pte_entry(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	return observed();
}

static int observe_pte_hole(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk)
{
	return observed();
}

static int observe_pte_fn(pte_t *pte, unsigned long addr, void *data)
{
	return observed();
}

/* Not const: the levels that a call names are put in before it. */
static struct mm_walk_ops observe_ops[HARNESS_CPUS];

static const struct mm_walk_ops *observe_with(long levels)
{
	struct mm_walk_ops *ops = &observe_ops[harness_cpu];

	memset(ops, 0, sizeof(*ops));
	ops->pgd_entry = levels & 1 ? observe_pgd_entry : NULL;
	ops->p4d_entry = levels & 2 ? observe_p4d_entry : NULL;
	ops->pud_entry = levels & 4 ? observe_pud_entry : NULL;
	ops->pmd_entry = levels & 8 ? observe_pmd_entry : NULL;
	ops->pte_entry = levels & 16 ? observe_pte_entry : NULL;
	ops->pte_hole = levels & 32 ? observe_pte_hole : NULL;
	return ops;
}

/* ---- the calls ---- */

#define ON_PAGES(c) ((c)->addr), ((c)->numpages)

enum kind { ON_ADDRESS, ON_FRAME, ON_RANGE, ON_NOTHING };

typedef int run_fn(const struct harness_call *call);

#define CALL(name, body)                                                                          \
	static int call_##name(const struct harness_call *c)                                      \
	{                                                                                         \
		body;                                                                             \
	}

CALL(set_memory_ro, return set_memory_ro(ON_PAGES(c)))
CALL(set_memory_rw, return set_memory_rw(ON_PAGES(c)))
CALL(set_memory_x, return set_memory_x(ON_PAGES(c)))
CALL(set_memory_nx, return set_memory_nx(ON_PAGES(c)))
CALL(set_memory_rox, return set_memory_rox(ON_PAGES(c)))
CALL(set_memory_valid, return set_memory_valid(ON_PAGES(c), c->enable))
CALL(set_direct_map_invalid_noflush, return set_direct_map_invalid_noflush(pfn_to_page(c->pfn)))
CALL(set_direct_map_default_noflush, return set_direct_map_default_noflush(pfn_to_page(c->pfn)))
#ifdef TREE_HAS_SET_DIRECT_MAP_VALID_NOFLUSH
CALL(set_direct_map_valid_noflush,
     return set_direct_map_valid_noflush(pfn_to_page(c->pfn), c->numpages, c->enable))
#endif
CALL(__kernel_map_pages, __kernel_map_pages(pfn_to_page(c->pfn), c->numpages, c->enable); return 0)
CALL(kernel_page_present, return kernel_page_present(pfn_to_page(c->pfn)))
CALL(can_set_direct_map, return can_set_direct_map())
CALL(flush_tlb_kernel_range, flush_tlb_kernel_range(c->addr, c->end); return 0)

static int apply(const struct harness_call *c, int existing)
{
	pte_fn_t fn = observe_pte_fn;
	void *data = NULL;

	if (!strcmp(c->cb, "own")) {
		fn = harness_own_apply_fn();
		data = harness_own_data(c->set, c->clear);
	} else if (!strcmp(c->cb, "null")) {
		fn = NULL;
	}
	if (existing)
		return apply_to_existing_page_range(&init_mm, c->addr, c->end - c->addr, fn, data);
	return apply_to_page_range(&init_mm, c->addr, c->end - c->addr, fn, data);
}
CALL(apply_to_page_range, return apply(c, 0))
CALL(apply_to_existing_page_range, return apply(c, 1))

/* What a walker takes, by the names of its parameters in any of the trees. */
struct walk_arguments {
	struct mm_struct *mm;
	unsigned long start, end;
	const struct mm_walk_ops *ops;
	pgd_t *pgd;
	void *private;
};

static __maybe_unused struct walk_arguments walk_arguments(const struct harness_call *c)
{
	int own = !strcmp(c->cb, "own");
	const struct mm_walk_ops *ops =
		own ? harness_own_walk_ops() : observe_with(!strcmp(c->cb, "null") ? 0 : c->levels);
	void *private = own ? harness_own_data(c->set, c->clear) : NULL;

	return (struct walk_arguments){ &init_mm, c->addr, c->end, ops, NULL, private };
}

#define WALK(name, ...)                                                                           \
	static int call_##name(const struct harness_call *c)                                      \
	{                                                                                         \
		struct walk_arguments a = walk_arguments(c);                                      \
		return name(__VA_ARGS__);                                                         \
	}
#ifdef TREE_ARGS_walk_kernel_page_table_range
WALK(walk_kernel_page_table_range, TREE_ARGS_walk_kernel_page_table_range)
#endif
#ifdef TREE_ARGS_walk_kernel_page_table_range_lockless
WALK(walk_kernel_page_table_range_lockless, TREE_ARGS_walk_kernel_page_table_range_lockless)
#endif
#ifdef TREE_ARGS_walk_page_range_novma
WALK(walk_page_range_novma, TREE_ARGS_walk_page_range_novma)
#endif
#ifdef TREE_ARGS_walk_page_range_debug
WALK(walk_page_range_debug, TREE_ARGS_walk_page_range_debug)
#endif

static int call_split_kernel_leaf_mapping(const struct harness_call *c)
{
	int supported;

	return harness_mmu_split(c->addr, c->end, &supported);
}

static int call_range_split_to_ptes(const struct harness_call *c)
{
	int supported;

	return harness_mmu_range_split(c->addr, c->end, &supported);
}

#ifdef TREE_HAS_COUNTED_LAZY_MMU
CALL(lazy_enter, lazy_mmu_mode_enable(); return 0)
CALL(lazy_leave, lazy_mmu_mode_disable(); return 0)
CALL(lazy_pause, lazy_mmu_mode_pause(); return 0)
CALL(lazy_resume, lazy_mmu_mode_resume(); return 0)
#elif defined(TREE_HAS_LAZY_MMU)
CALL(lazy_enter, arch_enter_lazy_mmu_mode(); return 0)
CALL(lazy_leave, arch_leave_lazy_mmu_mode(); return 0)
#endif

static const struct {
	const char *name;
	enum kind kind;
	run_fn *run;
} calls[] = {
	{ "set_memory_ro", ON_ADDRESS, call_set_memory_ro },
	{ "set_memory_rw", ON_ADDRESS, call_set_memory_rw },
	{ "set_memory_x", ON_ADDRESS, call_set_memory_x },
	{ "set_memory_nx", ON_ADDRESS, call_set_memory_nx },
	{ "set_memory_rox", ON_ADDRESS, call_set_memory_rox },
	{ "set_memory_valid", ON_ADDRESS, call_set_memory_valid },
	{ "set_direct_map_invalid_noflush", ON_FRAME, call_set_direct_map_invalid_noflush },
	{ "set_direct_map_default_noflush", ON_FRAME, call_set_direct_map_default_noflush },
#ifdef TREE_HAS_SET_DIRECT_MAP_VALID_NOFLUSH
	{ "set_direct_map_valid_noflush", ON_FRAME, call_set_direct_map_valid_noflush },
#endif
	{ "__kernel_map_pages", ON_FRAME, call___kernel_map_pages },
	{ "kernel_page_present", ON_FRAME, call_kernel_page_present },
	{ "can_set_direct_map", ON_NOTHING, call_can_set_direct_map },
	{ "flush_tlb_kernel_range", ON_RANGE, call_flush_tlb_kernel_range },
	{ "apply_to_page_range", ON_RANGE, call_apply_to_page_range },
	{ "apply_to_existing_page_range", ON_RANGE, call_apply_to_existing_page_range },
#ifdef TREE_ARGS_walk_kernel_page_table_range
	{ "walk_kernel_page_table_range", ON_RANGE, call_walk_kernel_page_table_range },
#endif
#ifdef TREE_ARGS_walk_kernel_page_table_range_lockless
	{ "walk_kernel_page_table_range_lockless", ON_RANGE, call_walk_kernel_page_table_range_lockless },
#endif
#ifdef TREE_ARGS_walk_page_range_novma
	{ "walk_page_range_novma", ON_RANGE, call_walk_page_range_novma },
#endif
#ifdef TREE_ARGS_walk_page_range_debug
	{ "walk_page_range_debug", ON_RANGE, call_walk_page_range_debug },
#endif
	{ "split_kernel_leaf_mapping", ON_RANGE, call_split_kernel_leaf_mapping },
	{ "range_split_to_ptes", ON_RANGE, call_range_split_to_ptes },
#if defined(TREE_HAS_COUNTED_LAZY_MMU) || defined(TREE_HAS_LAZY_MMU)
	{ "lazy_enter", ON_NOTHING, call_lazy_enter },
	{ "lazy_leave", ON_NOTHING, call_lazy_leave },
#endif
#ifdef TREE_HAS_COUNTED_LAZY_MMU
	{ "lazy_pause", ON_NOTHING, call_lazy_pause },
	{ "lazy_resume", ON_NOTHING, call_lazy_resume },
#endif
};

static int find(const struct harness_call *call)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].name, call->fn))
			return i;
	return -1;
}

int harness_call_known(const struct harness_call *call)
{
	int own = !strcmp(call->cb, "own"), supported = 1;

	if (find(call) < 0)
		return 0;
	if (!strncmp(call->fn, "walk_", 5))
		return !own || harness_own_walk_ops();
	if (!strncmp(call->fn, "apply_", 6))
		return !own || harness_own_apply_fn();
	if (!strcmp(call->fn, "split_kernel_leaf_mapping"))
		harness_mmu_split(0, 0, &supported);
	if (!strcmp(call->fn, "range_split_to_ptes"))
		harness_mmu_range_split(0, 0, &supported);
	return supported;
}

int harness_call_range(const struct harness_call *call, unsigned long *start, unsigned long *end)
{
	int at = find(call);

	switch (at < 0 ? ON_NOTHING : calls[at].kind) {
	case ON_ADDRESS:
		*start = call->addr;
		*end = call->addr + call->numpages * PAGE_SIZE;
		return 1;
	case ON_FRAME:
		*start = ((call->pfn << PAGE_SHIFT) - memstart_addr) | PAGE_OFFSET;
		*end = *start + call->numpages * PAGE_SIZE;
		return 1;
	case ON_RANGE:
		*start = call->addr;
		*end = call->end;
		return 1;
	default:
		return 0;
	}
}

int harness_call_run(const struct harness_call *call)
{
	observing[harness_cpu].call = call;
	observing[harness_cpu].count = 0;
	return calls[find(call)].run(call);
}

/* ---- constants ---- */

void harness_kernel_constants(struct harness_constants *c)
{
	c->page_offset = PAGE_OFFSET;
	c->page_end = PAGE_END;
	c->vmalloc_start = VMALLOC_START;
	c->vmalloc_end = VMALLOC_END;
	c->fix_pgd = __fix_to_virt(FIX_PGD);
	c->cont_pte_size = CONT_PTE_SIZE;
	c->cont_pmd_size = CONT_PMD_SIZE;
	c->page_shift = PAGE_SHIFT;
	c->va_bits = VA_BITS;
	c->levels = CONFIG_PGTABLE_LEVELS;
	c->pgd_shift = PGDIR_SHIFT;
	c->pud_shift = PUD_SHIFT;
	c->pmd_shift = PMD_SHIFT;
	c->entries_shift = PAGE_SHIFT - 3;
	c->table_bits = PMD_TYPE_TABLE | PMD_TABLE_UXN;
#ifdef PMD_TABLE_AF
	c->table_bits |= PMD_TABLE_AF;
#endif
	c->top = CONFIG_PGTABLE_LEVELS == 4 ? "p4d" : CONFIG_PGTABLE_LEVELS == 3 ? "pud" : "pmd";
}
