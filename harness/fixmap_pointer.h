/* SPDX-License-Identifier: MIT */
/* Behind the includes of arch/arm64/mm/mmu.c: a fixmap address that can be written through. */
#undef set_fixmap_offset
#define set_fixmap_offset(index, phys)                                                            \
	({                                                                                        \
		set_fixmap(index, phys);                                                          \
		(unsigned long)harness_va(phys);                                                  \
	})
