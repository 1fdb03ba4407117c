// SPDX-License-Identifier: MIT
/*
 * Functions that the kernel has elsewhere and the harness gives instead. Without kernel headers and by the names that
 * the linker sees, because their prototypes change with every release and their arguments do not matter here.
 */
#include <stdarg.h>
#include <string.h>

#include "state.h"

/* ---- mutexes: real ones between the CPUs of a case ---- */

void mutex_lock(void *lock)
{
	harness_lock(lock, PT_MUTEX, NULL, 0);
}

void mutex_unlock(void *lock)
{
	harness_unlock(lock, PT_MUTEX, NULL, 0);
}

int mutex_lock_interruptible(void *lock)
{
	mutex_lock(lock);
	return 0;
}

int mutex_lock_killable(void *lock)
{
	mutex_lock(lock);
	return 0;
}

/* Where the macros of force.h were not what was called. */
void _raw_spin_lock(void *lock)
{
	harness_lock(lock, PT_SPIN, NULL, 0);
}

void _raw_spin_unlock(void *lock)
{
	harness_unlock(lock, PT_SPIN, NULL, 0);
}

/* ---- pages for tables ---- */

extern char *harness_pages;
extern void *harness_virt_to_page(unsigned long va);

static void *table_page(void)
{
	unsigned long pa = harness_table_alloc();

	return pa ? harness_virt_to_page((unsigned long)harness_arena_pointer(pa)) : NULL;
}

/* Those whose first argument says whether they may sleep, and those that have it elsewhere. */
#define GFP_ALLOCATOR(name)                                                                       \
	void *name(unsigned int gfp)                                                              \
	{                                                                                         \
		if (harness_kernel_may_sleep(gfp))                                                \
			harness_might_sleep("alloc_pages");                                       \
		return table_page();                                                              \
	}
#define NODE_ALLOCATOR(name)                                                                      \
	void *name(int node, unsigned int gfp)                                                    \
	{                                                                                         \
		(void)node;                                                                       \
		if (harness_kernel_may_sleep(gfp))                                                \
			harness_might_sleep("alloc_pages");                                       \
		return table_page();                                                              \
	}

GFP_ALLOCATOR(__alloc_pages_noprof)
GFP_ALLOCATOR(__alloc_pages)
GFP_ALLOCATOR(alloc_pages_noprof)
GFP_ALLOCATOR(alloc_pages)
GFP_ALLOCATOR(__alloc_frozen_pages_noprof)
GFP_ALLOCATOR(alloc_frozen_pages_noprof)
NODE_ALLOCATOR(alloc_pages_node_noprof)
GFP_ALLOCATOR(__folio_alloc_noprof)
GFP_ALLOCATOR(folio_alloc_noprof)

static unsigned long table_address(unsigned int gfp)
{
	if (harness_kernel_may_sleep(gfp))
		harness_might_sleep("alloc_pages");

	unsigned long pa;

	if (harness_kernel_may_sleep(gfp))
		harness_might_sleep("alloc_pages");
	pa = harness_table_alloc();
	return pa ? (unsigned long)harness_arena_pointer(pa) : 0;
}

unsigned long get_free_pages_noprof(unsigned int gfp)
{
	return table_address(gfp);
}

unsigned long get_zeroed_page_noprof(unsigned int gfp)
{
	return table_address(gfp);
}

void free_pages(unsigned long address)
{
	harness_table_free(harness_arena_pa((void *)address));
}

extern void *harness_page_to_virt(const void *page);

void __free_pages(const void *page)
{
	free_pages((unsigned long)harness_page_to_virt(page));
}

/* ---- text ---- */

/* Only the complaint about a bad entry is of interest: "file:line: bad pmd 0123456789abcdef." */
int _printk(const char *format, ...)
{
	const char *bad = strstr(format, "bad p");
	va_list list;
	const char *level;
	unsigned long desc;

	if (!bad)
		return 0;
	level = bad[5] == 'g' ? "pgd" : bad[5] == '4' ? "p4d" : bad[5] == 'u' ? "pud" : bad[5] == 'm' ? "pmd" : "pte";
	va_start(list, format);
	(void)va_arg(list, const char *);
	(void)va_arg(list, int);
	desc = va_arg(list, unsigned long);
	va_end(list);
	harness_bad_entry(level, desc);
	return 0;
}

/* ---- counters and rescheduling, which nothing here reads ---- */

void mod_node_page_state(void)
{
}

void __mod_node_page_state(void)
{
}

void mod_lruvec_page_state(void)
{
}

void __lruvec_stat_mod_folio(void)
{
}

void lruvec_stat_mod_folio(void)
{
}

void preempt_schedule(void)
{
}

void preempt_schedule_notrace(void)
{
}
