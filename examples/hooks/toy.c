/* SPDX-License-Identifier: MIT */
/*
 * A toy page table that reports what it does through pagetrail.h: four levels, 4K pages, pages made invalid and valid
 * again the way arm64's set_memory_valid() does it. toy.rs does the same in Rust, line for line.
 *
 *	cc -std=c99 -I hooks/c examples/hooks/toy.c -o toy
 *	./toy correct > correct.jsonl; ./toy forgetful > forgetful.jsonl
 *	pagetrail import correct.jsonl forgetful.jsonl && pagetrail diff && pagetrail check
 *
 * "forgetful" leaves out the flush after an unmap: the tables are right and TLBs may go on using the pages.
 */
#include <stdint.h>
#include <stdlib.h>

#include "pagetrail.h"

#define PAGE 4096ULL
#define ENTRIES 512
#define TABLES 16
#define WALKER "walk_kernel_page_table_range_lockless"

#define VALID 1ULL
#define TABLE 3ULL
/* Marks a page that was made invalid, as PTE_PRESENT_INVALID of Linux 7.3 does. */
#define PRESENT_INVALID (1ULL << 11)
#define ADDRESS 0x0000fffffffff000ULL

/* What it reports whenever it happens: without tlb_flush in it, a run without a flush would prove nothing. */
#define SHOWS                                                                                     \
	"[\"op_begin\",\"op_end\",\"init\",\"walk_begin\",\"walk_end\",\"cb_enter\",\"cb_exit\",\"desc_write\"," \
	"\"lazy_mmu_enter\",\"lazy_mmu_leave\",\"barrier_queue\",\"barrier\",\"tlb_flush\",\"tlbi\"]"

static struct pt pt;
static uint64_t tables[TABLES][ENTRIES];
static unsigned int used = 1; /* table 0 is the top */
static int forgetful;

static const int shift[] = { 39, 30, 21, 12 }; /* of an entry at the top, pud, pmd and pte level */

static uint64_t *entry(uint64_t *table, int depth, uint64_t va)
{
	return &table[va >> shift[depth] & (ENTRIES - 1)];
}

static uint64_t *below(uint64_t desc)
{
	return tables[(desc & ADDRESS) / PAGE - 1];
}

static uint64_t end_of(int depth, uint64_t va, uint64_t end)
{
	uint64_t next = (va | ((1ULL << shift[depth]) - 1)) + 1;

	return next < end ? next : end;
}

/* Before the run: tables as a loader would leave them. */
static void map(uint64_t va, uint64_t desc, unsigned int pages)
{
	unsigned int i;
	int depth;

	for (i = 0; i < pages; i++) {
		uint64_t *table = tables[0];
		uint64_t at = va + i * PAGE;

		for (depth = 0; depth < 3; depth++) {
			uint64_t *slot = entry(table, depth, at);

			if (!*slot)
				*slot = (++used) * PAGE | TABLE;
			table = below(*slot);
		}
		*entry(table, 3, at) = desc + i * PAGE;
	}
	pt_init_entry(&pt, PT_PTE, va, desc, pages, PAGE);
}

static void change_pte(uint64_t *slot, uint64_t va, uint64_t next, uint64_t set, uint64_t clear)
{
	uint64_t old = *slot;

	pt_cb_enter(&pt, PT_PTE, "pageattr_pte_entry", va, next);
	*slot = (old & ~clear) | set;
	pt_desc_write(&pt, PT_PTE, va, old, *slot);
	/* A walk of the hardware has to see that the page is valid now. */
	if (*slot & VALID)
		pt_barrier_queue(&pt);
	pt_cb_exit(&pt, PT_PTE, "pageattr_pte_entry", va, 0, PT_NO_ACTION);
}

static void walk(uint64_t *table, int depth, uint64_t va, uint64_t end, uint64_t set, uint64_t clear)
{
	static const char *const fn[] = { NULL, "pageattr_pud_entry", "pageattr_pmd_entry" };
	uint64_t next;

	for (; va < end; va = next) {
		uint64_t *slot = entry(table, depth, va);

		next = end_of(depth, va, end);
		if (depth == 3) {
			change_pte(slot, va, next, set, clear);
			continue;
		}
		if (fn[depth]) {
			enum pt_level level = depth == 1 ? PT_PUD : PT_PMD;

			pt_cb_enter(&pt, level, fn[depth], va, next);
			pt_cb_exit(&pt, level, fn[depth], va, 0, PT_SUBTREE);
		}
		walk(below(*slot), depth + 1, va, next, set, clear);
	}
}

static void flush(uint64_t va, uint64_t end)
{
	pt_tlb_flush(&pt, "flush_tlb_kernel_range", va, end);
	for (; va < end; va += PAGE)
		pt_tlbi(&pt, "vaale1is", va, 1, -1, -1);
}

static void set_valid(uint64_t va, unsigned int pages, int enable)
{
	uint64_t end = va + pages * PAGE;
	uint64_t set = enable ? VALID : PRESENT_INVALID;
	uint64_t clear = enable ? PRESENT_INVALID : VALID;
	char args[96];

	snprintf(args, sizeof(args), "{\"addr\":\"0x%llx\",\"numpages\":%u,\"enable\":%d}", (unsigned long long)va,
		 pages, enable);
	pt_op_begin(&pt, "set_memory_valid", va, end, args);
	pt_lazy_mmu_enter(&pt, 1, 0, PT_PLAIN);
	pt_walk_begin(&pt, WALKER, va, end);
	walk(tables[0], 0, va, end, set, clear);
	pt_walk_end(&pt, WALKER, 0);
	if (enable)
		pt_barrier(&pt);
	pt_lazy_mmu_leave(&pt, 0, 0, PT_PLAIN);
	if (!enable && !forgetful)
		flush(va, end);
	pt_op_end(&pt, "set_memory_valid", 0);
}

int main(int argc, char **argv)
{
	const uint64_t va = 0xffff8000c0000000ULL;

	if (argc != 2 || (strcmp(argv[1], "correct") && strcmp(argv[1], "forgetful"))) {
		fprintf(stderr, "usage: %s correct|forgetful\n", argv[0]);
		return 2;
	}
	forgetful = !strcmp(argv[1], "forgetful");
	pt_init(&pt, pt_to_file, stdout);
	pt_header(&pt, argv[1], 12, 48, 4, SHOWS);
	map(va, 0xe8000500040703ULL, 4);
	set_valid(va, 4, 0);
	set_valid(va, 4, 1);
	pt_end(&pt);
	return fflush(stdout) || ferror(stdout);
}
