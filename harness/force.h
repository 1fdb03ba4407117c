/* SPDX-License-Identifier: MIT */
/*
 * Included before the first line of all kernel text. Each thing that can be observed is defined again after the tree's
 * own definition was read, so that the kernel's inline functions, types and constants stay what they are and only the
 * observable ends lead here. The order matters: the header that defines a thing, then its replacement, before any
 * header with inline functions that use it.
 */
#ifndef HARNESS_FORCE_H
#define HARNESS_FORCE_H
#if !defined(__ASSEMBLER__) && !defined(__ASSEMBLY__)

#include "observe.h"
#include "tree.h"

/* ---- stores and loads ---- */
#include <linux/compiler.h>

#undef WRITE_ONCE
#define WRITE_ONCE(x, val)                                                                        \
	do {                                                                                      \
		__typeof__(&(x)) slot__ = &(x);                                                   \
		__typeof__(x) value__ = (val);                                                    \
		int seen__ = sizeof(x) == 8 && harness_in_arena(slot__);                          \
		unsigned long old__ = seen__ ? harness_before_store((void *)slot__) : 0;          \
		*(volatile __typeof__(x) *)slot__ = value__;                                      \
		if (seen__)                                                                       \
			harness_stored((const void *)slot__, old__, __FILE__, __LINE__);          \
	} while (0)

#undef READ_ONCE
#define READ_ONCE(x)                                                                              \
	({                                                                                        \
		const volatile __unqual_scalar_typeof(x) *slot__ = (__typeof__(slot__))&(x);      \
		int seen__ = sizeof(x) == 8 && harness_in_arena(slot__);                          \
		if (seen__)                                                                       \
			harness_before_load((const void *)slot__);                                \
		__unqual_scalar_typeof(x) value__ = *slot__;                                      \
		if (seen__)                                                                       \
			harness_loaded((const void *)slot__, *(const unsigned long *)slot__,      \
				       __FILE__, __LINE__);                                       \
		value__;                                                                          \
	})

#include <linux/atomic.h>

/* An exchange is a load and a store in one step; a comparison that failed has stored nothing. */
#define HARNESS_ATOMIC(always, ptr, does)                                                         \
	({                                                                                        \
		void *slot__ = (void *)(ptr);                                                     \
		int seen__ = sizeof(*(ptr)) == 8 && harness_in_arena(slot__);                     \
		unsigned long old__ = seen__ ? harness_before_store(slot__) : 0;                  \
		__typeof__(does) result__ = does;                                                 \
		if (seen__)                                                                       \
			harness_exchanged(slot__, old__, always, __FILE__, __LINE__);             \
		result__;                                                                         \
	})
#define HARNESS_XCHG(order, ptr, v) HARNESS_ATOMIC(1, ptr, raw_xchg##order(ptr, v))
#define HARNESS_CMPXCHG(order, ptr, o, n) HARNESS_ATOMIC(0, ptr, raw_cmpxchg##order(ptr, o, n))
#define HARNESS_TRY_CMPXCHG(order, ptr, o, n) HARNESS_ATOMIC(0, ptr, raw_try_cmpxchg##order(ptr, o, n))
#undef xchg
#undef xchg_relaxed
#undef xchg_acquire
#undef xchg_release
#undef cmpxchg
#undef cmpxchg_relaxed
#undef cmpxchg_acquire
#undef cmpxchg_release
#undef try_cmpxchg
#undef try_cmpxchg_relaxed
#undef try_cmpxchg_acquire
#undef try_cmpxchg_release
#define xchg(ptr, v) HARNESS_XCHG(, ptr, v)
#define xchg_relaxed(ptr, v) HARNESS_XCHG(_relaxed, ptr, v)
#define xchg_acquire(ptr, v) HARNESS_XCHG(_acquire, ptr, v)
#define xchg_release(ptr, v) HARNESS_XCHG(_release, ptr, v)
#define cmpxchg(ptr, o, n) HARNESS_CMPXCHG(, ptr, o, n)
#define cmpxchg_relaxed(ptr, o, n) HARNESS_CMPXCHG(_relaxed, ptr, o, n)
#define cmpxchg_acquire(ptr, o, n) HARNESS_CMPXCHG(_acquire, ptr, o, n)
#define cmpxchg_release(ptr, o, n) HARNESS_CMPXCHG(_release, ptr, o, n)
#define try_cmpxchg(ptr, o, n) HARNESS_TRY_CMPXCHG(, ptr, o, n)
#define try_cmpxchg_relaxed(ptr, o, n) HARNESS_TRY_CMPXCHG(_relaxed, ptr, o, n)
#define try_cmpxchg_acquire(ptr, o, n) HARNESS_TRY_CMPXCHG(_acquire, ptr, o, n)
#define try_cmpxchg_release(ptr, o, n) HARNESS_TRY_CMPXCHG(_release, ptr, o, n)

/* ---- capabilities and static keys ---- */
#include <asm/alternative-macros.h>
#include <asm/cpucaps.h>

static inline int harness_has_cap(unsigned long cap)
{
#ifdef ARM64_ALWAYS_BOOT
	if (cap == ARM64_ALWAYS_BOOT)
		return 1;
#endif
#ifdef ARM64_ALWAYS_SYSTEM
	if (cap == ARM64_ALWAYS_SYSTEM)
		return !!harness_features[FEATURE_CAPS_FINALIZED];
#endif
#ifdef ARM64_HAS_TLB_RANGE
	if (cap == ARM64_HAS_TLB_RANGE)
		return !!harness_features[FEATURE_TLB_RANGE];
#endif
#ifdef ARM64_HAS_BBML3
	if (cap == ARM64_HAS_BBML3)
		return !!harness_features[FEATURE_BBML];
#endif
#ifdef ARM64_HAS_BBML2_NOABORT
	if (cap == ARM64_HAS_BBML2_NOABORT)
		return !!harness_features[FEATURE_BBML];
#endif
#ifdef ARM64_BTI
	if (cap == ARM64_BTI)
		return !!harness_features[FEATURE_BTI_KERNEL];
#endif
	return 0;
}
#define alternative_has_cap_likely(cap) harness_has_cap(cap)
#define alternative_has_cap_unlikely(cap) harness_has_cap(cap)

#include <linux/jump_label.h>
#undef static_branch_likely
#undef static_branch_unlikely
#define static_branch_likely(x) ((x)->key.enabled.counter > 0)
#define static_branch_unlikely(x) ((x)->key.enabled.counter > 0)

/* ---- the task that runs ---- */
#include <asm/current.h>

struct task_struct;
extern struct task_struct *harness_current;
#define get_current() (harness_current)

/* ---- barriers ---- */
#include <asm/barrier.h>

#undef dsb
#undef isb
#undef dmb
#define dsb(option) harness_dsb(#option, __FILE__, __LINE__)
#define isb() harness_isb(__FILE__, __LINE__)
#define dmb(option) do { harness_dmb(#option); barrier(); } while (0)

/* ---- complaints ---- */
#include <linux/bug.h>

#define HARNESS_WARN(condition, once)                                                             \
	({                                                                                        \
		static unsigned long latch__;                                                     \
		unlikely(harness_warn(!!(condition), once, &latch__, __func__, __FILE__, __LINE__)); \
	})
#undef WARN_ON
#undef WARN_ON_ONCE
#undef WARN
#undef WARN_ONCE
#undef BUG
#undef BUG_ON
#define WARN_ON(condition) HARNESS_WARN(condition, 0)
#define WARN_ON_ONCE(condition) HARNESS_WARN(condition, 1)
#define WARN(condition, ...) HARNESS_WARN(condition, 0)
#define WARN_ONCE(condition, ...) HARNESS_WARN(condition, 1)
#define BUG() harness_bug(__func__, __FILE__, __LINE__)
#define BUG_ON(condition) do { if (unlikely(condition)) BUG(); } while (0)

/* ---- per-CPU data: that of the one CPU whose code is compiled here ---- */
#include <asm/percpu.h>
#undef __my_cpu_offset
#define __my_cpu_offset 0UL

/* ---- addresses ---- */
#include <asm/memory.h>

void *harness_va(unsigned long pa);
unsigned long harness_phys_to_virt(unsigned long pa);
unsigned long harness_virt_to_phys(unsigned long va);
void *harness_page_to_virt(const void *page);
void *harness_virt_to_page(unsigned long va);
extern char *harness_pages; /* struct page of frame 0 */

#undef __va
#undef __phys_to_virt
#undef __virt_to_phys
#undef __virt_to_phys_nodebug
#undef __pa_symbol
#undef __pa_symbol_nodebug
#undef __phys_addr_symbol
#undef page_to_virt
#undef virt_to_page
#undef lm_alias
#define __va(x) harness_va((unsigned long)(x))
#define __phys_to_virt(x) harness_phys_to_virt((unsigned long)(x))
#define phys_to_virt(x) ((void *)harness_phys_to_virt((unsigned long)(x)))
#define __virt_to_phys(x) harness_virt_to_phys((unsigned long)(x))
#define __virt_to_phys_nodebug(x) harness_virt_to_phys((unsigned long)(x))
#define virt_to_phys(x) ((phys_addr_t)harness_virt_to_phys((unsigned long)(x)))
#define __pa_symbol(x) harness_virt_to_phys((unsigned long)(x))
#define __pa_symbol_nodebug(x) harness_virt_to_phys((unsigned long)(x))
#define __phys_addr_symbol(x) harness_virt_to_phys((unsigned long)(x))
#define lm_alias(x) ((void *)harness_phys_to_virt(harness_virt_to_phys((unsigned long)(x))))
#define page_to_virt(p) harness_page_to_virt(p)
#define virt_to_page(x) ((struct page *)harness_virt_to_page((unsigned long)(x)))

#include <asm-generic/memory_model.h>
#undef __pfn_to_page
#undef __page_to_pfn
#define __pfn_to_page(pfn) ((struct page *)(void *)harness_pages + (pfn))
#define __page_to_pfn(p) ((unsigned long)((const struct page *)(p) - (struct page *)(void *)harness_pages))

/* ---- locks ---- */
#include <linux/spinlock.h>
#undef spin_lock
#undef spin_unlock
#define spin_lock(lock) harness_lock(lock, 3, __FILE__, __LINE__)
#define spin_unlock(lock) harness_unlock(lock, 3, __FILE__, __LINE__)

/* ---- callbacks: the call sites of mm/pagewalk.c and mm/memory.c, edited to these ---- */

#define HARNESS_CALLBACK(level, acts, fn, entry, addr, next, walk)                                \
	({                                                                                        \
		unsigned long va__ = (addr), next__ = (next);                                     \
		harness_callback(level, (const void *)(fn), va__, next__, __FILE__, __LINE__);    \
		int ret__ = (fn)(entry, va__, next__, walk);                                      \
		harness_callback_end(level, (const void *)(fn), va__, ret__,                      \
				     (acts) ? (int)(walk)->action : -1, __FILE__, __LINE__);      \
		ret__;                                                                            \
	})
#define HARNESS_CALLBACK_pgd(...) HARNESS_CALLBACK("pgd", 0, __VA_ARGS__)
#define HARNESS_CALLBACK_p4d(...) HARNESS_CALLBACK("p4d", 0, __VA_ARGS__)
#define HARNESS_CALLBACK_pud(...) HARNESS_CALLBACK("pud", 1, __VA_ARGS__)
#define HARNESS_CALLBACK_pmd(...) HARNESS_CALLBACK("pmd", 1, __VA_ARGS__)
#define HARNESS_CALLBACK_pte(...) HARNESS_CALLBACK("pte", 0, __VA_ARGS__)

#define HARNESS_HOLE(fn, addr, next, depth, walk)                                                 \
	({                                                                                        \
		unsigned long va__ = (addr), next__ = (next);                                     \
		int depth__ = (depth);                                                            \
		harness_hole(va__, next__, depth__, __FILE__, __LINE__);                          \
		(fn)(va__, next__, depth__, walk);                                                \
	})

#define HARNESS_PTE_FN(fn, pte, addr, data)                                                       \
	({                                                                                        \
		unsigned long va__ = (addr);                                                      \
		harness_callback("pte", (const void *)(fn), va__, va__ + PAGE_SIZE, __FILE__, __LINE__); \
		int ret__ = (fn)(pte, va__, data);                                                \
		harness_callback_end("pte", (const void *)(fn), va__, ret__, -1, __FILE__, __LINE__); \
		ret__;                                                                            \
	})

#endif
#endif /* HARNESS_FORCE_H */
