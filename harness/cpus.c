// SPDX-License-Identifier: MIT
/*
 * Several CPUs, each a coroutine that stands still before every step: a load or store of the arena, a lock, an unlock,
 * a barrier, a TLBI. Who takes the next step is asked of a chooser. With one CPU a step costs one test.
 */
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "state.h"

#define STACK_BYTES (512 << 10)
#define LOCKS 16

/* A kernel lock by its address; holders beyond the first are readers. */
static struct lock {
	const void *address;
	int holder, mode, readers;
} locks[LOCKS];

static struct coroutine {
	ucontext_t context;
	char *stack;
	struct harness_program program;
	const struct lock *waits_for;
	int waits_mode, finished;
} coroutines[HARNESS_CPUS];

static ucontext_t scheduler;
static int cpus = 1;
/* The CPU that may take one step now; -1: it has to be chosen. */
static int turn = -1;
static harness_choose *chooser;

int harness_schedule[HARNESS_MAX_STEPS], harness_steps;

int harness_interleaved(void)
{
	return cpus > 1;
}

static struct lock *lock_at(const void *address)
{
	int i;

	for (i = 0; i < LOCKS && locks[i].address; i++)
		if (locks[i].address == address)
			return &locks[i];
	if (i == LOCKS) {
		fprintf(stderr, "harness: more than %d locks\n", LOCKS);
		exit(2);
	}
	locks[i].address = address;
	locks[i].holder = -1;
	return &locks[i];
}

static int can_take(const struct lock *lock, int mode)
{
	return lock->holder < 0 && (mode == PT_READ_LOCK || !lock->readers);
}

static int runnable(const struct coroutine *c)
{
	return !c->finished && (!c->waits_for || can_take(c->waits_for, c->waits_mode));
}

/* Chooses the next CPU; 0: nobody can run. */
static int choose(void)
{
	int list[HARNESS_CPUS], n = 0, i;

	for (i = 0; i < cpus; i++)
		if (runnable(&coroutines[i]))
			list[n++] = i;
	if (!n)
		return 0;
	if (harness_steps == HARNESS_MAX_STEPS) {
		fprintf(stderr, "harness: more than %d steps\n", HARNESS_MAX_STEPS);
		exit(2);
	}
	turn = chooser(list, n, harness_steps, harness_steps ? harness_schedule[harness_steps - 1] : -1);
	return 1;
}

static void switch_to(int cpu)
{
	harness_cpu = cpu;
	pt_cpu(&harness_pt, cpu);
	harness_kernel_cpu(cpu);
}

void harness_step(void)
{
	int self = harness_cpu;

	if (cpus == 1)
		return;
	/* Goes on without a switch where it is chosen again. */
	while (turn != self) {
		if (turn < 0 && runnable(&coroutines[self]) && choose() && turn == self)
			break;
		swapcontext(&coroutines[self].context, &scheduler);
	}
	turn = -1;
	harness_schedule[harness_steps++] = self;
}

void harness_acquire(const void *address, int mode)
{
	struct lock *lock = lock_at(address);

	if (cpus > 1) {
		struct coroutine *self = &coroutines[harness_cpu];

		self->waits_for = lock;
		self->waits_mode = mode;
		harness_step();
		self->waits_for = NULL;
	}
	/* In a plain run nobody else can release it: as the engine, a held lock stops the call. */
	if (!can_take(lock, mode))
		harness_bug(harness_symbol_of(address), NULL, 0);
	if (mode == PT_READ_LOCK)
		lock->readers++;
	else
		lock->holder = harness_cpu;
	lock->mode = mode;
}

void harness_release(const void *address)
{
	struct lock *lock = lock_at(address);

	harness_step();
	if (lock->holder >= 0)
		lock->holder = -1;
	else if (lock->readers > 0)
		lock->readers--;
	else
		harness_bug(harness_symbol_of(address), NULL, 0);
}

int harness_waits(int cpu)
{
	return !coroutines[cpu].finished;
}

static void run_program(int cpu)
{
	const struct harness_program *program = &coroutines[cpu].program;
	int i;

	if (program->context >= 0)
		harness_set_context(program->context);
	for (i = 0; i < program->count; i++)
		harness_run_call(program->first + i);
	coroutines[cpu].finished = 1;
	if (cpus > 1)
		setcontext(&scheduler);
}

static void start(struct coroutine *c, int cpu)
{
	if (!c->stack)
		c->stack = malloc(STACK_BYTES);
	if (!c->stack || getcontext(&c->context))
		abort();
	c->context.uc_stack.ss_sp = c->stack;
	c->context.uc_stack.ss_size = STACK_BYTES;
	c->context.uc_link = NULL;
	makecontext(&c->context, (void (*)(void))run_program, 1, cpu);
}

void harness_run_programs(const struct harness_program *programs, int count, harness_choose *choose_next)
{
	int i;

	memset(locks, 0, sizeof(locks));
	harness_steps = 0;
	cpus = count;
	turn = -1;
	chooser = choose_next;
	for (i = 0; i < count; i++) {
		coroutines[i].program = programs[i];
		coroutines[i].waits_for = NULL;
		coroutines[i].finished = 0;
	}
	if (count == 1) {
		switch_to(0);
		run_program(0);
		return;
	}
	/* Up to its first step a CPU touches nothing that is shared; then it is known what each waits to do. */
	for (i = 0; i < count; i++) {
		start(&coroutines[i], i);
		turn = HARNESS_CPUS;
		switch_to(i);
		swapcontext(&scheduler, &coroutines[i].context);
	}
	turn = -1;
	while (turn >= 0 || choose()) {
		int next = turn;

		switch_to(next);
		swapcontext(&scheduler, &coroutines[next].context);
	}
	cpus = 1;
}
