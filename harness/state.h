/* SPDX-License-Identifier: MIT */
/* What the files of the C-library half share. */
#ifndef HARNESS_STATE_H
#define HARNESS_STATE_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include "observe.h"
#include "pagetrail.h"

/* As the engine's bound; a call that reports more is ended. */
#define HARNESS_MAX_EVENTS 2000000ULL

extern struct pt harness_pt;
extern struct harness_constants harness_constants;
extern unsigned long harness_swapper_pa, harness_pool_pa;

/* What one CPU is doing. */
struct harness_cpu_state {
	jmp_buf end_of_call;	/* where a call that does not return goes on */
	int in_call;
	int flush_depth;
	int pending_dsb;	/* a dsb(ishst) that an isb() may make a barrier */
	const char *dsb_file;
	int dsb_line;
	int queueing, barriers_in_queue;
	int lazy_depth;
	enum pt_context context;
	int spins;		/* spinlocks held */
	const char *walker;	/* innermost that is open */
	const void *below;	/* the entry that the next table will hang below */
	long allocations, failing_allocation;
	const void *repeated_fn;	/* callback that came last, on which entry, how often in a row */
	unsigned long repeated_va;
	int repeats;
};
extern struct harness_cpu_state harness_cpus[HARNESS_CPUS];
#define this_cpu (&harness_cpus[harness_cpu])

/* arena.c */
void harness_arena_reset(void);
int harness_arena_map(enum pt_level level, unsigned long va, unsigned long desc, unsigned long count, unsigned long step);
/* Level and address of an entry; 0: nobody said where its table hangs. */
int harness_entry_place(const void *slot, enum pt_level *level, unsigned long *va);
void harness_print_final(FILE *out);
unsigned long harness_leaves_hash(unsigned long hash);
unsigned long harness_hashed(unsigned long hash, unsigned long value);
/* An entry that changed though no store of it was seen, or NULL; then taken as seen. */
const void *harness_unseen_store(void);
void harness_store_seen(const void *slot);
enum pt_level harness_level_named(const char *name);

/* events.c */
void harness_events_reset(unsigned long swapper_pa, unsigned long pool_pa);
void harness_flush_pending(void);
void harness_incomplete(const char *why);
/* The same, and the call ends here. */
void harness_stop_incomplete(const char *why) __attribute__((noreturn));
/* Why this case shows less than it should; NULL: it shows all. */
extern const char *harness_incomplete_why;

/* symbols.c */
void harness_load_symbols(const char *self);
const char *harness_symbol_of(const void *address);

/* cpus.c */

/* What one CPU does: calls of the case. */
struct harness_program {
	int first, count;
	int context; /* it begins in; -1: as the features say */
};

/* Decides who takes the next step: one of runnable[0..n), which ascend. */
typedef int harness_choose(const int *runnable, int n, int step, int last);

/* Before each step of a CPU (a load, store, lock, unlock, barrier or TLBI): returns once it is this CPU's turn. */
void harness_step(void);
void harness_acquire(const void *lock, int mode);
void harness_release(const void *lock);
int harness_interleaved(void);
void harness_run_programs(const struct harness_program *programs, int count, harness_choose *choose);
/* The steps that were taken, and whether a CPU still waits for a lock. */
extern int harness_schedule[], harness_steps;
#define HARNESS_MAX_STEPS 200000
int harness_waits(int cpu);

/* scenario.c: makes a call of the case on the CPU that runs; puts that CPU into a context, which is an event */
void harness_run_call(int index);
void harness_set_context(int context);

/* What the calls of the case returned, and every leaf of the tables, as a number. */
unsigned long harness_end_hash(void);

/* search.c */
struct harness_search {
	int preemptions;	/* at most, of the schedules that are all run */
	long runs;		/* at most */
	int random;		/* more, at random */
	unsigned long seed;
};
void harness_search_schedules(const struct harness_search *search, const struct harness_program *programs, int count,
			      void (*reset)(void), FILE *out);

#endif /* HARNESS_STATE_H */
