// SPDX-License-Identifier: MIT
/*
 * Reads cases from standard input, runs each, and writes what happened to standard output as JSON Lines. A case is
 * lines of words, so that nothing here needs to parse JSON:
 *
 *	case				everything as at the start
 *	feat NAME VALUE			what harness_feature names, lower case
 *	const NAME VALUE		PHYS_OFFSET, SWAPPER_PG_DIR_PA, TABLE_POOL_PA
 *	map LEVEL VA DESC COUNT STEP	descriptors of the start state
 *	area START SIZE FLAGS NR_PAGES [PFN COUNT]...
 *	cpu [CONTEXT]			the calls that follow are those of the next CPU, which begins in it
 *	call FN [KEY=VALUE]... [| ARGS]	ARGS: JSON text, to the end of the line; FN context puts the CPU into cb=CONTEXT
 *	schedule 0.0.1.0?		who takes each step; ?: the turn is lost where that one cannot
 *	final				the tables at the end are written too
 *	run
 *	search PREEMPTIONS RUNS RANDOM SEED	schedules, instead of one run
 *
 * and for each run there is one line {"constants":…}, the events, {"results":[…]}, {"final":…} and {"end":…}; for a
 * search {"constants":…}, {"search":…} and {"end":…}.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "state.h"

#define CALLS 512
#define START_RUNS 65536

extern char *harness_pages;

static struct harness_call calls[CALLS];
static struct harness_program programs[HARNESS_CPUS];
static int call_count, program_count;
static struct {
	int known, returned, ret;
} results[CALLS];
static struct {
	enum pt_level level;
	unsigned long va, desc, count, step;
} start_runs[START_RUNS];
static int start_run_count;
static unsigned long phys_offset, swapper_pa, pool_pa;
static int given_schedule[HARNESS_MAX_STEPS], given_steps;
static unsigned char given_by_turns[HARNESS_MAX_STEPS];
static int wants_final, stopped[HARNESS_CPUS];
static int line_number;

static const struct {
	const char *name;
	unsigned long initial;
} features[FEATURES] = {
	[FEATURE_RODATA_FULL] = { "rodata_full", 1 },
	[FEATURE_DEBUG_PAGEALLOC] = { "debug_pagealloc", 0 },
	[FEATURE_KFENCE_DIRECT_MAP] = { "kfence_direct_map", 0 },
	[FEATURE_BBML] = { "bbml", 0 },
	[FEATURE_CPU_BBML] = { "cpu_bbml", 0 },
	[FEATURE_CAPS_FINALIZED] = { "caps_finalized", 1 },
	[FEATURE_PAGE_ALLOC_AVAILABLE] = { "page_alloc_available", 1 },
	[FEATURE_ONLINE_CPUS] = { "online_cpus", 4 },
	[FEATURE_TLB_RANGE] = { "tlb_range", 1 },
	[FEATURE_RODATA_IS_RW] = { "rodata_is_rw", 0 },
	[FEATURE_IN_INTERRUPT] = { "in_interrupt", 0 },
	[FEATURE_NG_MAPPINGS] = { "ng_mappings", 0 },
	[FEATURE_BTI_KERNEL] = { "bti_kernel", 0 },
	[FEATURE_KFENCE_START] = { "kfence_start", 0 },
	[FEATURE_KFENCE_SIZE] = { "kfence_size", 0 },
	[FEATURE_INIT_MM_LOCKED] = { "init_mm_locked", 1 },
};

static void __attribute__((noreturn)) refuse(const char *what)
{
	fprintf(stderr, "harness: line %d of the case: %s\n", line_number, what);
	exit(2);
}

static char *word(void)
{
	return strtok(NULL, " \n");
}

static unsigned long number_of(const char *text)
{
	char *end;
	unsigned long value;

	if (!text)
		refuse("a number is missing");
	value = *text == '-' ? (unsigned long)strtol(text, &end, 0) : strtoul(text, &end, 0);
	if (*end || end == text)
		refuse("not a number");
	return value;
}

static void new_case(void)
{
	int i;

	call_count = program_count = start_run_count = given_steps = wants_final = 0;
	harness_area_count = 0;
	for (i = 0; i < FEATURES; i++)
		harness_features[i] = features[i].initial;
	phys_offset = 0x400000000UL;
	swapper_pa = 0x1400000000UL;
	pool_pa = 0x1406000000UL;
}

static void read_feature(void)
{
	const char *name = word();
	int i;

	for (i = 0; name && i < FEATURES; i++) {
		if (strcmp(features[i].name, name))
			continue;
		harness_features[i] = number_of(word());
		return;
	}
	refuse("unknown feature");
}

static void read_constant(void)
{
	const char *name = word();

	if (name && !strcmp(name, "PHYS_OFFSET"))
		phys_offset = number_of(word());
	else if (name && !strcmp(name, "SWAPPER_PG_DIR_PA"))
		swapper_pa = number_of(word());
	else if (name && !strcmp(name, "TABLE_POOL_PA"))
		pool_pa = number_of(word());
	else
		refuse("unknown constant");
}

static void read_map(void)
{
	const char *level = word();

	if (!level || start_run_count == START_RUNS)
		refuse("too many runs of descriptors, or no level");
	start_runs[start_run_count].level = harness_level_named(level);
	start_runs[start_run_count].va = number_of(word());
	start_runs[start_run_count].desc = number_of(word());
	start_runs[start_run_count].count = number_of(word());
	start_runs[start_run_count].step = number_of(word());
	start_run_count++;
}

static void read_area(void)
{
	struct harness_area *area = &harness_areas[harness_area_count];
	const char *text;

	if (harness_area_count == HARNESS_AREAS)
		refuse("too many areas");
	area->runs = 0;
	area->start = number_of(word());
	area->size = number_of(word());
	area->flags = number_of(word());
	area->nr_pages = number_of(word());
	while ((text = word())) {
		if (area->runs == area->room) {
			area->room = area->room ? 2 * area->room : 16;
			area->run = realloc(area->run, area->room * sizeof(*area->run));
			if (!area->run)
				refuse("no memory for its pages");
		}
		area->run[area->runs].pfn = number_of(text);
		area->run[area->runs].count = number_of(word());
		area->runs++;
	}
	harness_area_count++;
}

static void read_call(char *args)
{
	struct harness_call *call = &calls[call_count];
	const char *fn = word();
	char *text;

	if (!fn || call_count == CALLS)
		refuse("too many calls, or no function");
	memset(call, 0, sizeof(*call));
	call->numpages = 1;
	snprintf(call->fn, sizeof(call->fn), "%s", fn);
	snprintf(call->args, sizeof(call->args), "%s", args ? args : "{}");
	while ((text = word())) {
		char *value = strchr(text, '=');

		if (!value)
			refuse("an argument is KEY=VALUE");
		*value++ = 0;
#define NUMBER(name) else if (!strcmp(text, #name)) call->name = number_of(value)
		if (!strcmp(text, "cb"))
			snprintf(call->cb, sizeof(call->cb), "%s", value);
		NUMBER(addr);
		NUMBER(end);
		NUMBER(pfn);
		NUMBER(set);
		NUMBER(clear);
		NUMBER(numpages);
		NUMBER(enable);
		NUMBER(levels);
		NUMBER(err_at);
		NUMBER(err);
		NUMBER(again_at);
		NUMBER(again_n);
		NUMBER(cont_at);
		NUMBER(alloc_fail);
		else
			refuse("unknown argument");
#undef NUMBER
	}
	if (!program_count)
		programs[program_count++] = (struct harness_program){ call_count, 0, -1 };
	programs[program_count - 1].count++;
	call_count++;
}

static int context_named(const char *name)
{
	static const char *const names[] = { "task", "bh_off", "softirq", "irq" };
	int i;

	for (i = 0; i < 4; i++)
		if (!strcmp(names[i], name))
			return i;
	refuse("unknown context");
}

static void read_cpu(void)
{
	const char *context = word();

	if (program_count == HARNESS_CPUS)
		refuse("too many CPUs");
	programs[program_count++] = (struct harness_program){ call_count, 0, context ? context_named(context) : -1 };
}

static void read_schedule(void)
{
	char *text = word(), *end;

	for (given_steps = 0; text && *text; text = *end ? end + 1 : end) {
		if (given_steps == HARNESS_MAX_STEPS)
			refuse("the schedule is too long");
		given_schedule[given_steps] = (int)strtol(text, &end, 10);
		given_by_turns[given_steps++] = *end == '?';
		end += *end == '?';
	}
}

/* ---- running ---- */

void harness_set_context(int context)
{
	this_cpu->context = (enum pt_context)context;
	harness_kernel_context(harness_cpu, context);
	pt_context_at(NULL, 0, &harness_pt, (enum pt_context)context);
}

/* A store that went past the hooks makes everything after it doubtful, and is said. */
static void look_for_unseen_stores(void)
{
	static char text[200];
	const void *slot = harness_unseen_store();
	enum pt_level level;
	unsigned long va = 0;

	if (!slot)
		return;
	harness_entry_place(slot, &level, &va);
	snprintf(text, sizeof(text), "harness: the entry of 0x%lx was changed by a store that is not shown "
		 "(neither WRITE_ONCE() nor xchg() nor cmpxchg())", va);
	harness_incomplete(text);
}

void harness_run_call(int index)
{
	struct harness_call *call = &calls[index];
	struct harness_cpu_state *cpu = this_cpu;
	unsigned long start = 0, end = 0;
	pt_u64 calls_so_far = harness_pt.calls;
	int ret;

	results[index].returned = 0;
	if (stopped[harness_cpu] || !results[index].known)
		return;
	if (!strcmp(call->fn, "context")) {
		harness_set_context(context_named(call->cb));
		results[index].returned = 1;
		results[index].ret = 0;
		return;
	}
	/* A call keeps the number that it has in the scenario. */
	harness_pt.calls = (pt_u64)index;
	if (!harness_call_range(call, &start, &end))
		start = end = PT_NONE;
	pt_op_begin_at(NULL, 0, &harness_pt, call->fn, start, end, call->args);
	harness_pt.calls = calls_so_far + 1;
	cpu->allocations = 0;
	cpu->failing_allocation = call->alloc_fail;
	cpu->repeats = 0;
	cpu->repeated_fn = NULL;
	cpu->in_call = 1;
	if (setjmp(cpu->end_of_call)) {
		/* Ended without returning: later calls of this CPU are not made. */
		stopped[harness_cpu] = 1;
		cpu = this_cpu;
		cpu->in_call = 0;
		cpu->flush_depth = 0;
		cpu->spins = 0;
		cpu->walker = NULL;
		harness_pt.op[harness_cpu] = -1;
		look_for_unseen_stores();
		return;
	}
	ret = harness_call_run(call);
	cpu = this_cpu;
	harness_flush_pending();
	cpu->in_call = 0;
	results[index].returned = 1;
	results[index].ret = ret;
	look_for_unseen_stores();
	pt_op_end_at(NULL, 0, &harness_pt, call->fn, ret);
}

/* Everything as before the first call. */
static void reset(void)
{
	int i;

	harness_events_reset(swapper_pa, pool_pa);
	harness_kernel_reset(phys_offset);
	memset(stopped, 0, sizeof(stopped));
	for (i = 0; i < HARNESS_CPUS; i++)
		harness_cpus[i].context = harness_features[FEATURE_IN_INTERRUPT] ? PT_SOFTIRQ : PT_TASK;
	for (i = 0; i < start_run_count; i++) {
		if (!harness_arena_map(start_runs[i].level, start_runs[i].va, start_runs[i].desc, start_runs[i].count,
				       start_runs[i].step)) {
			fprintf(stderr, "harness: a table would have to hang where the start state has a block (0x%lx)\n",
				start_runs[i].va);
			exit(2);
		}
	}
	for (i = 0; i < call_count; i++) {
		results[i].known = !strcmp(calls[i].fn, "context") || harness_call_known(&calls[i]);
		results[i].returned = 0;
	}
	pt_init(&harness_pt, pt_to_file, stdout);
}

static int scheduled_at, passed_over;

/* As the engine: entries whose CPU cannot run are passed over; after the last the CPUs run on in order. */
static int as_scheduled(const int *runnable, int n, int step, int last)
{
	int i;

	(void)step;
	(void)last;
	while (scheduled_at < given_steps) {
		int cpu = given_schedule[scheduled_at++];

		for (i = 0; i < n; i++)
			if (runnable[i] == cpu)
				return cpu;
		passed_over += !given_by_turns[scheduled_at - 1];
	}
	return runnable[0];
}

static void print_constants(void)
{
	const struct harness_constants *c = &harness_constants;

	printf("{\"constants\":{\"PAGE_OFFSET\":\"0x%lx\",\"PAGE_END\":\"0x%lx\",\"VMALLOC_START\":\"0x%lx\","
	       "\"VMALLOC_END\":\"0x%lx\",\"PHYS_OFFSET\":\"0x%lx\",\"TABLE_POOL_PA\":\"0x%lx\",\"FIX_PGD_VA\":\"0x%lx\","
	       "\"SWAPPER_PG_DIR_PA\":\"0x%lx\",\"CONT_PTE_SIZE\":\"0x%lx\",\"CONT_PMD_SIZE\":\"0x%lx\",\"top\":\"%s\"},"
	       "\"page_shift\":%u,\"va_bits\":%u,\"levels\":%u}\n",
	       c->page_offset, c->page_end, c->vmalloc_start, c->vmalloc_end, phys_offset, pool_pa, c->fix_pgd, swapper_pa,
	       c->cont_pte_size, c->cont_pmd_size, c->top, c->page_shift, c->va_bits, c->levels);
}

static void print_results(void)
{
	int i, cpu, first = 1;

	for (i = scheduled_at; i < given_steps; i++)
		passed_over += !given_by_turns[i];
	printf("{\"results\":[");
	for (i = 0; i < call_count; i++) {
		if (results[i].returned)
			printf("%s%d", i ? "," : "", results[i].ret);
		else
			printf("%s%s", i ? "," : "", results[i].known ? "null" : "\"unsupported\"");
	}
	printf("],\"incomplete\":");
	if (harness_incomplete_why)
		printf("\"%s\"", harness_incomplete_why);
	else
		printf("null");
	if (program_count > 1) {
		printf(",\"schedule\":\"");
		for (i = 0; i < harness_steps; i++)
			printf("%s%d", i ? "." : "", harness_schedule[i]);
		printf("\",\"passed_over\":%d,\"deadlocked\":[", passed_over);
		for (cpu = 0; cpu < program_count; cpu++) {
			if (!harness_waits(cpu))
				continue;
			printf("%s%d", first ? "" : ",", cpu);
			first = 0;
		}
		printf("]");
	}
	printf("}\n");
}

static void run(void)
{
	reset();
	print_constants();
	scheduled_at = passed_over = 0;
	if (!program_count)
		programs[program_count++] = (struct harness_program){ 0, 0, -1 };
	harness_run_programs(programs, program_count, as_scheduled);
	print_results();
	if (wants_final)
		harness_print_final(stdout);
	pt_end(&harness_pt);
	fflush(stdout);
}

unsigned long harness_end_hash(void)
{
	unsigned long hash = 0;
	int i;

	for (i = 0; i < call_count; i++)
		hash = harness_hashed(hash, results[i].returned ? (unsigned long)results[i].ret : ~0UL);
	return harness_leaves_hash(hash);
}

static void search(void)
{
	struct harness_search options;

	options.preemptions = (int)number_of(word());
	options.runs = (long)number_of(word());
	options.random = (int)number_of(word());
	options.seed = number_of(word());
	if (program_count < 2)
		refuse("a search needs several CPUs");
	print_constants();
	harness_search_schedules(&options, programs, program_count, reset, stdout);
}

/* ---- a wild pointer in the user's code ends its call, not the run ---- */

static void wild_access(int signal_number, siginfo_t *info, void *context)
{
	const ucontext_t *at = context;
	sigset_t mask;

	if (!this_cpu->in_call) {
		fprintf(stderr, "harness: signal %d at 0x%lx outside of a call\n", signal_number,
			(unsigned long)info->si_addr);
		_Exit(2);
	}
	sigemptyset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (signal_number == SIGILL) {
		static char text[160];

		snprintf(text, sizeof(text), "harness: %s() executes an instruction that only a kernel may",
			 harness_symbol_of((const void *)at->uc_mcontext.pc));
		harness_stop_incomplete(text);
	}
	harness_wild(harness_symbol_of((const void *)at->uc_mcontext.pc), (unsigned long)info->si_addr);
}

static void catch_signals(void)
{
	static char stack[64 << 10];
	stack_t alternative = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = wild_access;
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
	sigaltstack(&alternative, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGILL, &action, NULL);
}

/* struct page of every frame that a case can name: real memory, because the kernel writes to some. */
#define PAGES_BYTES (1UL << 36)

int main(int argc, char **argv)
{
	static char line[1 << 20];

	(void)argc;
	harness_load_symbols(argv[0]);
	harness_kernel_constants(&harness_constants);
	harness_pages = mmap(NULL, PAGES_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (harness_pages == MAP_FAILED) {
		fprintf(stderr, "harness: no room for struct pages: %s\n", strerror(errno));
		return 2;
	}
	catch_signals();
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	new_case();
	while (fgets(line, sizeof(line), stdin)) {
		char *args = strstr(line, " | ");
		const char *verb;

		line_number++;
		line[strcspn(line, "\n")] = 0;
		if (args) {
			*args = 0;
			args += 3;
		}
		verb = strtok(line, " \n");
		if (!verb)
			continue;
		if (!strcmp(verb, "case"))
			new_case();
		else if (!strcmp(verb, "feat"))
			read_feature();
		else if (!strcmp(verb, "const"))
			read_constant();
		else if (!strcmp(verb, "map"))
			read_map();
		else if (!strcmp(verb, "area"))
			read_area();
		else if (!strcmp(verb, "cpu"))
			read_cpu();
		else if (!strcmp(verb, "call"))
			read_call(args);
		else if (!strcmp(verb, "schedule"))
			read_schedule();
		else if (!strcmp(verb, "final"))
			wants_final = 1;
		else if (!strcmp(verb, "run"))
			run();
		else if (!strcmp(verb, "search"))
			search();
		else
			refuse("unknown word");
	}
	return ferror(stdin) || ferror(stdout) ? 2 : 0;
}
