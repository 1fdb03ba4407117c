/* SPDX-License-Identifier: MIT */
/* Calls each function of pagetrail.h once, with names and values that are hard to write. */
#include "pagetrail.h"

static struct pt pt;

int main(void)
{
	const unsigned long long va = 0xffff8000c0000000ULL, end = va + 0x2000;
	static char long_name[2000];

	pt_init(&pt, pt_to_file, stdout);
	pt_header(&pt, "quote \" backslash \\ tab \t", 16, 42, 2, NULL);
	pt_init_entry(&pt, PT_PTE, va, 0xe8000500040703ULL, 2, 0x10000);
	pt_area(&pt, va, end, 2, 1, "[{\"pfn\":\"0x500040\",\"count\":1}]");
	pt_context(&pt, PT_SOFTIRQ);
	pt_op_begin(&pt, "set_memory_ro", va, end, "{\"numpages\":2}");
	pt_walk_begin(&pt, "walk", va, end);
	pt_cb_enter(&pt, PT_PMD, "pmd_entry", va, end);
	pt_cb_exit(&pt, PT_PMD, "pmd_entry", va, -22, PT_AGAIN);
	pt_hole(&pt, 3, va, end);
	pt_walk_end(&pt, "walk", -22);
	pt_span_begin(&pt, "vm_unmap_aliases", PT_NO_RANGE);
	pt_span_end(&pt, "vm_unmap_aliases", 0);
	pt_desc_read(&pt, PT_PUD, va, 0);
	pt_desc_write(&pt, PT_PUD, va, 0, 0xffffffffffffffffULL);
	pt_table_alloc(&pt, PT_PTE, va, 0x1406000000ULL);
	pt_table_alloc_fail(&pt, PT_PTE, va);
	pt_table_free(&pt, PT_PTE, va, 0x1406000000ULL);
	pt_lazy_mmu_enter(&pt, 1, 1, PT_RESUME);
	pt_lazy_mmu_leave(&pt, 0, 0, PT_PAUSE);
	pt_barrier_queue(&pt);
	pt_barrier(&pt);
	pt_dsb(&pt, "ishst");
	pt_isb(&pt);
	pt_dmb(&pt, "ish");
	pt_tlb_flush(&pt, "flush_tlb_all", PT_NO_RANGE);
	pt_tlbi(&pt, "vmalle1is", PT_NONE, -1, -1, -1);
	pt_tlbi(&pt, "rvaale1is", va, 64, 1, 0);
	pt_lock(&pt, "pgtable_split_lock", PT_MUTEX);
	pt_split(&pt, PT_CONTPTE, va);
	pt_unlock(&pt, "pgtable_split_lock", PT_MUTEX);
	pt_warn(&pt, "pageattr_pmd_entry", 1, 0);
	pt_bad_entry(&pt, PT_PMD, 0xdead);
	pt_sleep_in_atomic(&pt, "mutex_lock", PT_SOFTIRQ);
	pt_access(&pt, PT_EXEC, va, PT_CONFLICT, 1);
	pt_tlb_fill(&pt, PT_CONTPMD, va, end, 1);
	pt_tlb_evict(&pt, va);
	pt_note(&pt, "\"a\nb\"");
	pt_op_end(&pt, "set_memory_ro", -22);

	/* Each ends its call. */
	pt_op_begin(&pt, "a", PT_NO_RANGE, NULL);
	pt_livelock(&pt, PT_PMD, "pmd_entry", va, 8);
	pt_op_begin(&pt, "b", PT_NO_RANGE, NULL);
	pt_wild_deref(&pt, "__va", 0xdead000);
	pt_op_begin(&pt, "c", PT_NO_RANGE, NULL);
	pt_bug(&pt, "split_pmd");
	pt_op_begin(&pt, "d", PT_NO_RANGE, NULL);
	pt_too_many_events(&pt);

	/* Calls of two CPUs at once; a CPU beyond those that are remembered; a line that does not fit. */
	pt_cpu(&pt, 1);
	pt_op_begin(&pt, "one", PT_NO_RANGE, NULL);
	pt_cpu(&pt, 2);
	pt_op_begin(&pt, "two", PT_NO_RANGE, NULL);
	pt_cpu(&pt, 1);
	pt_op_end(&pt, "one", 0);
	pt_cpu(&pt, 2);
	pt_op_end(&pt, "two", 0);
	pt_cpu(&pt, PT_CPUS + 1);
	pt_barrier(&pt);
	memset(long_name, 'x', sizeof(long_name) - 1);
	pt_note(&pt, long_name);
	pt_end(&pt);
	return ferror(stdout);
}
