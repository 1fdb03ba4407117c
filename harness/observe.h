/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of the harness know of each other. Kernel text and kernel_calls.c are compiled with the headers
 * of the user's tree; recorder.c, cpus.c, scenario.c and given.c with those of a C library. Only plain types pass
 * between them.
 */
#ifndef HARNESS_OBSERVE_H
#define HARNESS_OBSERVE_H

/* ---- the arena: every page table, from the top table (swapper_pg_dir) on ---- */

#define HARNESS_ARENA_BYTES (256UL << 20)
#define HARNESS_START_BYTES (96UL << 20) /* of it for tables that are there before the first call */

extern char harness_arena[];

#define harness_in_arena(p) ((unsigned long)(p) - (unsigned long)harness_arena < HARNESS_ARENA_BYTES)

/* Physical address of a pointer into the arena, and the pointer of a physical address, or 0. */
unsigned long harness_arena_pa(const void *p);
void *harness_arena_pointer(unsigned long pa);

/* ---- what kernel text reports; file and line are those of the user's tree ---- */

unsigned long harness_before_store(void *slot);
void harness_stored(const void *slot, unsigned long old, const char *file, int line);
/* After an xchg(), which always stores, or a cmpxchg(). */
void harness_exchanged(const void *slot, unsigned long old, int always, const char *file, int line);
void harness_before_load(const void *slot);
void harness_loaded(const void *slot, unsigned long value, const char *file, int line);

void harness_dsb(const char *option, const char *file, int line);
void harness_isb(const char *file, int line);
void harness_dmb(const char *option);
void harness_barrier_queue_begin(void);
void harness_barrier_queue_end(const char *file, int line);
void harness_lazy(const char *what, int ignored, int depth, const char *file, int line);

void harness_tlbi(const char *insn, int has_operand, unsigned long operand, const char *file, int line);
void harness_flush_begin(const char *fn, int has_range, unsigned long start, unsigned long end, const char *file,
			 int line);
void harness_flush_end(void);

int harness_warn(int condition, int once, unsigned long *latch, const char *fn, const char *file, int line);
void harness_bug(const char *fn, const char *file, int line) __attribute__((noreturn));
void harness_bad_entry(const char *level, unsigned long desc);
void harness_wild(const char *fn, unsigned long pa) __attribute__((noreturn));
void harness_missing(const char *symbol) __attribute__((noreturn));

void harness_lock(const void *lock, int mode, const char *file, int line);
void harness_unlock(const void *lock, int mode, const char *file, int line);

void harness_walk_begin(const char *fn, unsigned long start, unsigned long end, const char *file, int line);
void harness_walk_end(const char *fn, int ret, const char *file, int line);
void harness_callback(const char *level, const void *fn, unsigned long va, unsigned long end, const char *file,
		      int line);
/* @action: of enum page_walk_action; -1 where the walker does not ask */
void harness_callback_end(const char *level, const void *fn, unsigned long va, int ret, int action, const char *file,
			  int line);
void harness_hole(unsigned long va, unsigned long end, int depth, const char *file, int line);

void harness_might_sleep(const char *fn);

/* A new table will hang below this entry, of this level; its own entries are one level lower. */
void harness_below(const void *slot);
void harness_split(const char *level, const void *slot, const char *file, int line);
/* Physical address of a new table, zeroed, or 0: no memory. */
unsigned long harness_table_alloc(void);
void harness_table_free(unsigned long pa);
/* The table that holds the fixmap's entry for an address. */
void *harness_fixmap_table(unsigned long va);

/* ---- the case as the kernel half sees it ---- */

enum harness_feature {
	FEATURE_RODATA_FULL, FEATURE_DEBUG_PAGEALLOC, FEATURE_KFENCE_DIRECT_MAP, FEATURE_BBML, FEATURE_CPU_BBML,
	FEATURE_CAPS_FINALIZED, FEATURE_PAGE_ALLOC_AVAILABLE, FEATURE_ONLINE_CPUS, FEATURE_TLB_RANGE,
	FEATURE_RODATA_IS_RW, FEATURE_IN_INTERRUPT, FEATURE_NG_MAPPINGS, FEATURE_BTI_KERNEL, FEATURE_KFENCE_START,
	FEATURE_KFENCE_SIZE, FEATURE_INIT_MM_LOCKED, FEATURES
};
extern unsigned long harness_features[FEATURES];

#define HARNESS_CPUS 8
#define HARNESS_AREAS 64

struct harness_area {
	unsigned long start, size, flags, nr_pages;
	unsigned int runs, room;
	struct harness_page_run { unsigned long pfn, count; } *run;
};
extern struct harness_area harness_areas[HARNESS_AREAS];
extern unsigned int harness_area_count;

/* Room for the page pointers of an area; what lies behind them is a page that does not exist. */
void **harness_page_list(unsigned int area, unsigned long nr_pages);
int harness_is_no_page(const void *page);

/* One call; what it does not have is 0. */
struct harness_call {
	char fn[48], cb[12];
	unsigned long addr, end, pfn, set, clear;
	long numpages, enable, levels, err_at, err, again_at, again_n, cont_at, alloc_fail;
	char args[512]; /* JSON text, as the scenario has it */
};

/* What a tree's headers say. */
struct harness_constants {
	unsigned long page_offset, page_end, vmalloc_start, vmalloc_end, fix_pgd, cont_pte_size, cont_pmd_size;
	unsigned int page_shift, va_bits, levels, pgd_shift, pud_shift, pmd_shift, entries_shift;
	unsigned long table_bits; /* of an entry above a table of init_mm */
	const char *top;
};

/* kernel_calls.c */
void harness_kernel_constants(struct harness_constants *constants);
/* Before each case: kernel variables as the features say. */
void harness_kernel_reset(unsigned long phys_offset);
void harness_kernel_cpu(int cpu); /* `current` is the task of that CPU */
void harness_kernel_context(int cpu, int context); /* of enum pt_context */
int harness_kernel_may_sleep(unsigned int gfp);
int harness_call_known(const struct harness_call *call);
/* Address range of a call: 0 where it has none. */
int harness_call_range(const struct harness_call *call, unsigned long *start, unsigned long *end);
int harness_call_run(const struct harness_call *call);
/* The names of locks that are not symbols of their own, or 0. */
const char *harness_lock_name(const void *lock);

/* ---- the CPU that runs ---- */

extern int harness_cpu;

/* mmu_tail.h, at the end of arch/arm64/mm/mmu.c: what is static there */
void harness_mmu_reset(void);
int harness_mmu_split(unsigned long start, unsigned long end, int *supported);
int harness_mmu_range_split(unsigned long start, unsigned long end, int *supported);
/* pageattr_tail.h, at the end of arch/arm64/mm/pageattr.c: the tree's own callbacks; 0: it has none */
const void *harness_own_walk_ops(void);
const void *harness_own_apply_fn(void);
void *harness_own_data(unsigned long set, unsigned long clear);

#endif /* HARNESS_OBSERVE_H */
