// SPDX-License-Identifier: MIT
/*
 * Many schedules of one case, each run from the start in this process: all with at most so many preemptions, then
 * random ones. What an end looks like (results, and every leaf of the tables) is compared with the ends of the serial
 * orders, in which a CPU runs to its end before the next begins: an end that none of them has is one that no caller
 * could have expected.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"

#define ENDS 256

/* Where a schedule was decided. */
static struct choice {
	signed char chosen, last;
	unsigned char tried, runnable, preemptions;
} *path;
static int path_length, replay_length;

static struct end {
	unsigned long hash;
	long runs;
	int serial, deadlocked, preemptions, length;
	int *schedule;
} ends[ENDS];
static int end_count;

static const struct harness_program *programs;
static int cpus, serial_order[HARNESS_CPUS];
static void (*reset_case)(void);

/* ---- choosers ---- */

/* A CPU to its end, then the next of the order. */
static int in_order(const int *runnable, int n, int step, int last)
{
	int i, j;

	(void)step;
	(void)last;
	for (i = 0; i < cpus; i++)
		for (j = 0; j < n; j++)
			if (runnable[j] == serial_order[i])
				return runnable[j];
	return runnable[0];
}

static int is_runnable(const int *runnable, int n, int cpu)
{
	int i;

	for (i = 0; i < n; i++)
		if (runnable[i] == cpu)
			return 1;
	return 0;
}

static int preemptions_before(int step)
{
	return step ? path[step - 1].preemptions : 0;
}

static int is_preemption(const struct choice *c, int cpu)
{
	return c->last >= 0 && cpu != c->last && c->runnable >> c->last & 1;
}

/* As decided before; then on with the CPU that runs. */
static int along_path(const int *runnable, int n, int step, int last)
{
	struct choice *c = &path[step];
	int i;

	if (step < replay_length)
		return c->chosen;
	memset(c, 0, sizeof(*c));
	c->last = (signed char)last;
	for (i = 0; i < n; i++)
		c->runnable |= (unsigned char)(1 << runnable[i]);
	c->chosen = (signed char)(is_runnable(runnable, n, last) ? last : runnable[0]);
	c->tried = (unsigned char)(1 << c->chosen);
	c->preemptions = (unsigned char)preemptions_before(step);
	path_length = step + 1;
	return c->chosen;
}

/* The next schedule that the bound allows: the last decision that can be another one is. 0: there is none. */
static int next_path(int bound)
{
	int step, cpu;

	for (step = path_length - 1; step >= 0; step--) {
		struct choice *c = &path[step];

		for (cpu = 0; cpu < cpus; cpu++) {
			int cost = preemptions_before(step) + is_preemption(c, cpu);

			if (!(c->runnable >> cpu & 1) || c->tried >> cpu & 1 || cost > bound)
				continue;
			c->chosen = (signed char)cpu;
			c->tried |= (unsigned char)(1 << cpu);
			c->preemptions = (unsigned char)cost;
			replay_length = step + 1;
			return 1;
		}
	}
	return 0;
}

static unsigned long random_state;
static int switch_steps[4], switch_count;

static unsigned long random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* On with the CPU that runs but at a few steps. */
static int at_random(const int *runnable, int n, int step, int last)
{
	int i;

	for (i = 0; i < switch_count; i++)
		if (switch_steps[i] == step)
			return runnable[random_number() % (unsigned long)n];
	return is_runnable(runnable, n, last) ? last : runnable[random_number() % (unsigned long)n];
}

/* ---- ends ---- */

static void drop(void *arg, const char *line, size_t length)
{
	(void)arg;
	(void)line;
	(void)length;
}

static int preemptions_taken(void)
{
	int i, count = 0;

	/* A switch is counted whether or not the CPU before could have gone on: an upper bound, for the order of ends. */
	for (i = 1; i < harness_steps; i++)
		count += harness_schedule[i] != harness_schedule[i - 1];
	return count;
}

static void keep_schedule(struct end *end)
{
	end->schedule = realloc(end->schedule, sizeof(int) * (size_t)(harness_steps + 1));
	if (!end->schedule)
		abort();
	memcpy(end->schedule, harness_schedule, sizeof(int) * (size_t)harness_steps);
	end->length = harness_steps;
	end->preemptions = preemptions_taken();
}

/* Runs one schedule and counts its end; 0: there are too many different ones. */
static int run_one(harness_choose *choose, int serial)
{
	unsigned long hash;
	struct end *end;
	int i, deadlocked = 0;

	reset_case();
	harness_pt.sink = drop;
	harness_run_programs(programs, cpus, choose);
	for (i = 0; i < cpus; i++)
		deadlocked |= harness_waits(i);
	hash = harness_end_hash();
	for (end = ends; end < ends + end_count; end++)
		if (end->hash == hash && end->deadlocked == deadlocked)
			break;
	if (end == ends + end_count) {
		if (end_count == ENDS)
			return 0;
		end_count++;
		*end = (struct end){ hash, 0, 0, deadlocked, 0, 0, NULL };
		keep_schedule(end);
	} else if (preemptions_taken() < end->preemptions) {
		keep_schedule(end);
	}
	end->runs++;
	end->serial |= serial;
	return 1;
}

static void run_serial_orders(int fixed)
{
	int i;

	if (fixed == cpus) {
		run_one(in_order, 1);
		return;
	}
	for (i = fixed; i < cpus; i++) {
		int other = serial_order[i];

		serial_order[i] = serial_order[fixed];
		serial_order[fixed] = other;
		run_serial_orders(fixed + 1);
		serial_order[fixed] = serial_order[i];
		serial_order[i] = other;
	}
}

static void print_end(FILE *out, const struct end *end)
{
	int i;

	fprintf(out, "{\"runs\":%ld,\"serial\":%s,\"deadlocked\":%s,\"schedule\":\"", end->runs,
		end->serial ? "true" : "false", end->deadlocked ? "true" : "false");
	for (i = 0; i < end->length; i++)
		fprintf(out, "%s%d", i ? "." : "", end->schedule[i]);
	fprintf(out, "\"}");
}

void harness_search_schedules(const struct harness_search *search, const struct harness_program *given, int count,
			      void (*reset)(void), FILE *out)
{
	long runs = 0;
	int i, more = 1, longest, room = 1;

	programs = given;
	cpus = count;
	reset_case = reset;
	if (!path)
		path = malloc(sizeof(*path) * HARNESS_MAX_STEPS);
	if (!path)
		abort();
	for (i = 0; i < end_count; i++)
		free(ends[i].schedule);
	end_count = 0;
	for (i = 0; i < cpus; i++)
		serial_order[i] = i;
	run_serial_orders(0);
	longest = harness_steps;
	replay_length = path_length = 0;
	while (more && room && runs < search->runs) {
		room = run_one(along_path, 0);
		runs++;
		more = next_path(search->preemptions);
		/* A sign of life, for who waits for the answer. */
		if (runs % 1000 == 0) {
			fprintf(out, "{\"runs\":%ld}\n", runs);
			fflush(out);
		}
	}
	random_state = search->seed ? search->seed : 1;
	for (i = 0; i < search->random && room; i++) {
		switch_count = 1 + (int)(random_number() % 4);
		for (int at = 0; at < switch_count; at++)
			switch_steps[at] = (int)(random_number() % (unsigned long)(longest + 1));
		room = run_one(at_random, 0);
	}
	fprintf(out, "{\"search\":{\"runs\":%ld,\"random\":%d,\"complete\":%s,\"ends\":[", runs, i,
		more || !room ? "false" : "true");
	for (i = 0; i < end_count; i++) {
		if (i)
			fprintf(out, ",");
		print_end(out, &ends[i]);
	}
	fprintf(out, "]}}\n{\"end\":{\"events\":0,\"calls\":0}}\n");
	fflush(out);
}
