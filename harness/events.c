// SPDX-License-Identifier: MIT
/* What kernel text reports, as events; and the ends of calls that do not return. */
#include <stdlib.h>
#include <string.h>

#include "state.h"

struct pt harness_pt;
struct harness_constants harness_constants;
struct harness_cpu_state harness_cpus[HARNESS_CPUS];
unsigned long harness_features[FEATURES];
struct harness_area harness_areas[HARNESS_AREAS];
unsigned int harness_area_count;
int harness_cpu;
const char *harness_incomplete_why;

/* Once-latches of WARN sites hold the number of the case in which they went off. */
static unsigned long case_number;

#define pt (&harness_pt)

void harness_events_reset(unsigned long swapper_pa, unsigned long pool_pa)
{
	case_number++;
	memset(harness_cpus, 0, sizeof(harness_cpus));
	harness_cpu = 0;
	harness_incomplete_why = NULL;
	harness_swapper_pa = swapper_pa;
	harness_pool_pa = pool_pa;
	harness_arena_reset();
}

/* What this case shows is not all: said once, where it was noticed. */
void harness_incomplete(const char *why)
{
	if (harness_incomplete_why)
		return;
	harness_incomplete_why = why;
	pt_note_at(NULL, 0, pt, why);
}

/* The call ends here. */
static void __attribute__((noreturn)) end_call(void)
{
	if (!this_cpu->in_call) {
		fprintf(stderr, "harness: the tree stopped outside of a call\n");
		exit(2);
	}
	longjmp(this_cpu->end_of_call, 1);
}

/* A dsb(ishst) that no isb() followed is an event of its own. */
void harness_flush_pending(void)
{
	struct harness_cpu_state *cpu = this_cpu;

	if (!cpu->pending_dsb)
		return;
	cpu->pending_dsb = 0;
	pt_dsb_at(cpu->dsb_file, cpu->dsb_line, pt, "ishst");
}

/* Before any event but a barrier's own. */
static void before_event(void)
{
	harness_flush_pending();
	if (pt->seq >= HARNESS_MAX_EVENTS) {
		pt_too_many_events_at(NULL, 0, pt);
		end_call();
	}
}

/* ---- stores and loads ---- */

unsigned long harness_before_store(void *slot)
{
	harness_flush_pending();
	harness_step();
	return *(unsigned long *)slot;
}

void harness_stored(const void *slot, unsigned long old, const char *file, int line)
{
	enum pt_level level;
	unsigned long va;

	harness_store_seen(slot);
	before_event();
	if (harness_entry_place(slot, &level, &va))
		pt_desc_write_at(file, line, pt, level, va, old, *(const unsigned long *)slot);
	else
		harness_incomplete("an entry was written whose table hangs nowhere that is known");
}

void harness_exchanged(const void *slot, unsigned long old, int always, const char *file, int line)
{
	harness_loaded(slot, old, file, line);
	/* A comparison that failed has stored nothing; one that stored what was there looks the same. */
	if (always || *(const unsigned long *)slot != old)
		harness_stored(slot, old, file, line);
}

void harness_before_load(const void *slot)
{
	(void)slot;
	harness_step();
}

void harness_loaded(const void *slot, unsigned long value, const char *file, int line)
{
	enum pt_level level;
	unsigned long va;

	/* As the engine: loads are events of interleaved runs only. */
	if (!harness_interleaved())
		return;
	before_event();
	if (harness_entry_place(slot, &level, &va))
		pt_desc_read_at(file, line, pt, level, va, value);
}

/* ---- barriers ---- */

void harness_dsb(const char *option, const char *file, int line)
{
	struct harness_cpu_state *cpu = this_cpu;

	harness_flush_pending();
	harness_step();
	/* A flush's own barriers are not reported. */
	if (cpu->flush_depth)
		return;
	if (strcmp(option, "ishst")) {
		pt_dsb_at(file, line, pt, option);
		return;
	}
	cpu->pending_dsb = 1;
	cpu->dsb_file = file;
	cpu->dsb_line = line;
}

void harness_isb(const char *file, int line)
{
	struct harness_cpu_state *cpu = this_cpu;

	if (cpu->flush_depth)
		return;
	if (!cpu->pending_dsb) {
		before_event();
		pt_isb_at(file, line, pt);
		return;
	}
	cpu->pending_dsb = 0;
	cpu->barriers_in_queue++;
	pt_barrier_at(cpu->dsb_file, cpu->dsb_line, pt);
}

void harness_dmb(const char *option)
{
	(void)option;
}

void harness_barrier_queue_begin(void)
{
	before_event();
	this_cpu->queueing = 1;
	this_cpu->barriers_in_queue = 0;
}

/* Nothing was emitted inside: it was put off. */
void harness_barrier_queue_end(const char *file, int line)
{
	harness_flush_pending();
	this_cpu->queueing = 0;
	if (!this_cpu->barriers_in_queue)
		pt_barrier_queue_at(file, line, pt);
}

/* @what: enter, leave, pause or resume. @depth: of a tree that counts; -1: this is counted here. */
void harness_lazy(const char *what, int ignored, int depth, const char *file, int line)
{
	struct harness_cpu_state *cpu = this_cpu;
	enum pt_lazy_api api = !strcmp(what, "pause") ? PT_PAUSE : !strcmp(what, "resume") ? PT_RESUME : PT_PLAIN;
	int enters = !strcmp(what, "enter") || api == PT_RESUME;

	before_event();
	if (depth < 0) {
		if (!ignored)
			cpu->lazy_depth = enters ? cpu->lazy_depth + 1 : cpu->lazy_depth > 0 ? cpu->lazy_depth - 1 : 0;
		depth = cpu->lazy_depth;
	}
	if (enters)
		pt_lazy_mmu_enter_at(file, line, pt, depth, ignored, api);
	else
		pt_lazy_mmu_leave_at(file, line, pt, depth, ignored, api);
}

/* ---- the TLB ---- */

void harness_flush_begin(const char *fn, int has_range, unsigned long start, unsigned long end, const char *file,
			 int line)
{
	before_event();
	if (has_range)
		pt_tlb_flush_at(file, line, pt, fn, start, end);
	else
		pt_tlb_flush_at(file, line, pt, fn, PT_NO_RANGE);
	this_cpu->flush_depth++;
}

void harness_flush_end(void)
{
	this_cpu->flush_depth--;
}

void harness_tlbi(const char *insn, int has_operand, unsigned long operand, const char *file, int line)
{
	unsigned long shift = harness_constants.page_shift;

	before_event();
	harness_step();
	if (!has_operand || strstr(insn, "all") == insn || !strcmp(insn, "vmalle1is") || !strcmp(insn, "vmalle1")) {
		pt_tlbi_at(file, line, pt, insn, PT_NONE, -1, -1, -1);
	} else if (insn[0] == 'r') {
		/* BaseADDR in units of the granule in bits 36:0; NUM 43:39, SCALE 45:44. */
		unsigned long base = (operand & ((1UL << 37) - 1)) << shift;
		unsigned int num = operand >> 39 & 31, scale = operand >> 44 & 3;

		base = base << (64 - 37 - shift);
		base = (unsigned long)((long)base >> (64 - 37 - shift));
		pt_tlbi_at(file, line, pt, insn, base, (long long)(num + 1) << (5 * scale + 1), scale, num);
	} else {
		/* VA[55:12] in bits 43:0, whatever the granule. */
		unsigned long va = (unsigned long)((long)(operand << 20) >> 8);

		pt_tlbi_at(file, line, pt, insn, va, 1, -1, -1);
	}
}

/* ---- complaints and ends ---- */

int harness_warn(int condition, int once, unsigned long *latch, const char *fn, const char *file, int line)
{
	int fired;

	if (!condition)
		return 0;
	before_event();
	fired = !once || *latch != case_number;
	if (once)
		*latch = case_number;
	/* An assertion of a header speaks for the walker that makes it, as the line in a kernel's log does. */
	if (this_cpu->walker && !strcmp(file + strlen(file) - 2, ".h"))
		fn = this_cpu->walker;
	if (!strncmp(fn, "__real_", 7))
		fn += 7;
	pt_warn_at(file, line, pt, fn, once, fired);
	return 1;
}

void harness_bug(const char *fn, const char *file, int line)
{
	before_event();
	pt_bug_at(file, line, pt, fn);
	end_call();
}

void harness_bad_entry(const char *level, unsigned long desc)
{
	before_event();
	pt_bad_entry_at(NULL, 0, pt, harness_level_named(level), desc);
}

void harness_wild(const char *fn, unsigned long pa)
{
	before_event();
	pt_wild_deref_at(NULL, 0, pt, fn, pa);
	end_call();
}

/* A function of the kernel that is not here. The call does not return, and nothing more is claimed of it. */
void harness_missing(const char *symbol)
{
	static char text[160];

	snprintf(text, sizeof(text), "harness: %s() was called; it is not part of the harness", symbol);
	harness_stop_incomplete(text);
}

void harness_stop_incomplete(const char *why)
{
	before_event();
	harness_incomplete(why);
	end_call();
}

/* ---- locks ---- */

static const char *lock_name(const void *lock)
{
	const char *name = harness_lock_name(lock);

	return name ? name : harness_symbol_of(lock);
}

void harness_lock(const void *lock, int mode, const char *file, int line)
{
	before_event();
	if (mode != PT_SPIN)
		harness_might_sleep(lock_name(lock));
	harness_acquire(lock, mode);
	this_cpu->spins += mode == PT_SPIN;
	pt_lock_at(file, line, pt, lock_name(lock), (enum pt_lock_mode)mode);
}

void harness_unlock(const void *lock, int mode, const char *file, int line)
{
	before_event();
	harness_release(lock);
	this_cpu->spins -= mode == PT_SPIN;
	pt_unlock_at(file, line, pt, lock_name(lock), (enum pt_lock_mode)mode);
}

void harness_might_sleep(const char *fn)
{
	const struct harness_cpu_state *cpu = this_cpu;

	if (cpu->context == PT_TASK && !cpu->spins)
		return;
	before_event();
	pt_sleep_in_atomic_at(NULL, 0, pt, fn, cpu->context);
}

/* ---- walks ---- */

void harness_walk_begin(const char *fn, unsigned long start, unsigned long end, const char *file, int line)
{
	before_event();
	this_cpu->walker = fn;
	pt_walk_begin_at(file, line, pt, fn, start, end);
}

void harness_walk_end(const char *fn, int ret, const char *file, int line)
{
	before_event();
	this_cpu->walker = NULL;
	pt_walk_end_at(file, line, pt, fn, ret);
}

/* As the engine: the ninth time in a row is a livelock. */
#define REPEATS 8

void harness_callback(const char *level, const void *fn, unsigned long va, unsigned long end, const char *file, int line)
{
	struct harness_cpu_state *cpu = this_cpu;
	const char *name = harness_symbol_of(fn);

	before_event();
	if (cpu->repeated_fn == fn && cpu->repeated_va == va) {
		if (++cpu->repeats > REPEATS) {
			pt_livelock_at(file, line, pt, harness_level_named(level), name, va, REPEATS);
			end_call();
		}
	} else {
		cpu->repeated_fn = fn;
		cpu->repeated_va = va;
		cpu->repeats = 1;
	}
	pt_cb_enter_at(file, line, pt, harness_level_named(level), name, va, end);
}

void harness_callback_end(const char *level, const void *fn, unsigned long va, int ret, int action, const char *file,
			  int line)
{
	before_event();
	pt_cb_exit_at(file, line, pt, harness_level_named(level), harness_symbol_of(fn), va, ret,
		      action < 0 ? PT_NO_ACTION : (enum pt_action)action);
}

void harness_hole(unsigned long va, unsigned long end, int depth, const char *file, int line)
{
	before_event();
	pt_hole_at(file, line, pt, depth, va, end);
}

void harness_split(const char *level, const void *slot, const char *file, int line)
{
	enum pt_level at;
	unsigned long va;

	before_event();
	if (harness_entry_place(slot, &at, &va)) {
		enum pt_level of = harness_level_named(level);

		/* Of a contiguous span: its first entry. */
		if (of == PT_CONTPTE)
			va &= ~(harness_constants.cont_pte_size - 1);
		if (of == PT_CONTPMD)
			va &= ~(harness_constants.cont_pmd_size - 1);
		pt_split_at(file, line, pt, of, va);
	} else
		harness_incomplete("an entry was split whose table hangs nowhere that is known");
	harness_below(slot);
}

/* ---- pages of areas ---- */

void **harness_page_list(unsigned int area, unsigned long nr_pages)
{
	static void **lists[HARNESS_AREAS];
	static unsigned long room[HARNESS_AREAS];
	unsigned long need = nr_pages + 4096;

	if (room[area] < need) {
		lists[area] = realloc(lists[area], need * sizeof(void *));
		if (!lists[area])
			abort();
		room[area] = need;
	}
	memset(lists[area], 0, need * sizeof(void *));
	return lists[area];
}

int harness_is_no_page(const void *page)
{
	return page == NULL;
}
