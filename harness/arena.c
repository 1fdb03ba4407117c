// SPDX-License-Identifier: MIT
/* The arena: the memory of all page tables, where each table hangs, and the tables before the first call. */
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* The top table is the kernel's swapper_pg_dir. Pages after it: tables of the start state; then run-time tables. */
char harness_arena[HARNESS_ARENA_BYTES] __attribute__((aligned(65536)));
extern char swapper_pg_dir[HARNESS_ARENA_BYTES] __attribute__((alias("harness_arena")));

/* The arena as the stores that were seen have left it. */
static char shadow[HARNESS_ARENA_BYTES] __attribute__((aligned(65536)));

/* Where the table in a page hangs. */
struct place {
	unsigned long va;
	unsigned char level, known;
};
static struct place *places;

static unsigned long start_used, pool_used; /* tables */
unsigned long harness_swapper_pa, harness_pool_pa;

static unsigned long page_size(void)
{
	return 1UL << harness_constants.page_shift;
}

static int level_shift(enum pt_level level)
{
	switch (level) {
	case PT_PTE:
		return harness_constants.page_shift;
	case PT_PMD:
		return harness_constants.pmd_shift;
	case PT_PUD:
		return harness_constants.pud_shift;
	default:
		return harness_constants.pgd_shift;
	}
}

enum pt_level harness_level_named(const char *name)
{
	static const char *const names[] = { "pgd", "p4d", "pud", "pmd", "pte", "contpmd", "contpte" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return (enum pt_level)i;
	fprintf(stderr, "harness: unknown level %s\n", name);
	exit(2);
}

static enum pt_level top_level(void)
{
	return harness_level_named(harness_constants.top);
}

/* The level below one that is not folded. */
static enum pt_level level_below(enum pt_level level)
{
	if (level < PT_PUD)
		return harness_constants.levels > 3 ? PT_PUD : harness_constants.levels > 2 ? PT_PMD : PT_PTE;
	return level == PT_PUD ? PT_PMD : PT_PTE;
}

static struct place *place_of(const void *slot)
{
	return &places[((const char *)slot - harness_arena) >> harness_constants.page_shift];
}

static void set_place(const void *table, enum pt_level level, unsigned long va)
{
	struct place *place = place_of(table);

	place->va = va;
	place->level = level;
	place->known = 1;
}

void harness_arena_reset(void)
{
	unsigned long size = page_size();

	if (!places)
		places = calloc(HARNESS_ARENA_BYTES / 4096, sizeof(*places));
	if (!places)
		abort();
	memset(harness_arena, 0, (start_used + 1) * size);
	memset(harness_arena + HARNESS_START_BYTES, 0, pool_used * size);
	memset(shadow, 0, (start_used + 1) * size);
	memset(shadow + HARNESS_START_BYTES, 0, pool_used * size);
	memset(places, 0, (start_used + 1) * sizeof(*places));
	memset(place_of(harness_arena + HARNESS_START_BYTES), 0, pool_used * sizeof(*places));
	start_used = 1;
	pool_used = 0;
	set_place(harness_arena, top_level(), ~0UL << harness_constants.va_bits);
}

unsigned long harness_arena_pa(const void *p)
{
	unsigned long offset = (const char *)p - harness_arena;

	if (offset >= HARNESS_START_BYTES)
		return harness_pool_pa + offset - HARNESS_START_BYTES;
	return harness_swapper_pa + offset;
}

void *harness_arena_pointer(unsigned long pa)
{
	unsigned long size = page_size();

	if (pa - harness_pool_pa < pool_used * size)
		return harness_arena + HARNESS_START_BYTES + (pa - harness_pool_pa);
	if (pa - harness_swapper_pa < start_used * size)
		return harness_arena + (pa - harness_swapper_pa);
	return NULL;
}

int harness_entry_place(const void *slot, enum pt_level *level, unsigned long *va)
{
	const struct place *place = place_of(slot);
	unsigned long index = ((unsigned long)slot & (page_size() - 1)) / 8;

	if (!place->known)
		return 0;
	*level = (enum pt_level)place->level;
	*va = place->va + (index << level_shift(*level));
	return 1;
}

static char *new_start_table(enum pt_level level, unsigned long va)
{
	char *table = harness_arena + start_used * page_size();

	if ((start_used + 1) * page_size() > HARNESS_START_BYTES) {
		fprintf(stderr, "harness: the start state needs more than %lu MiB of tables\n", HARNESS_START_BYTES >> 20);
		exit(2);
	}
	start_used++;
	set_place(table, level, va);
	return table;
}

static unsigned long *entry_in(char *table, enum pt_level level, unsigned long va)
{
	unsigned long entries = page_size() / 8;
	unsigned long index = va >> level_shift(level);

	if (level == top_level())
		index &= (1UL << (harness_constants.va_bits - level_shift(level))) - 1;
	return (unsigned long *)table + (index & (entries - 1));
}

/* The physical address field of a table entry, with the bits that 52-bit addresses put low. */
static unsigned long table_pa(unsigned long desc)
{
	return desc & 0x0000fffffffff000UL & ~(page_size() - 1);
}

/* A run of the start state. 0: a table is needed where a block or junk is. */
int harness_arena_map(enum pt_level level, unsigned long va, unsigned long desc, unsigned long count, unsigned long step)
{
	unsigned long i;

	for (i = 0; i < count; i++, va += 1UL << level_shift(level), desc += step) {
		enum pt_level at = top_level();
		char *table = harness_arena;

		while (at < level) {
			unsigned long *slot = entry_in(table, at, va);
			enum pt_level next = level_below(at);

			if (!*slot) {
				char *made = new_start_table(next, va & ~0UL << level_shift(at));

				*slot = harness_arena_pa(made) | harness_constants.table_bits;
			}
			if ((*slot & 3) != 3 || !harness_arena_pointer(table_pa(*slot)))
				return 0;
			table = harness_arena_pointer(table_pa(*slot));
			at = next;
		}
		*entry_in(table, at, va) = desc;
	}
	memcpy(shadow, harness_arena, start_used * page_size());
	return 1;
}

void harness_store_seen(const void *slot)
{
	memcpy(shadow + ((const char *)slot - harness_arena), slot, 8);
}

static const void *unseen_in(unsigned long offset, unsigned long bytes)
{
	unsigned long at;

	if (!memcmp(harness_arena + offset, shadow + offset, bytes))
		return NULL;
	for (at = offset; !memcmp(harness_arena + at, shadow + at, 8);)
		at += 8;
	memcpy(shadow + offset, harness_arena + offset, bytes);
	return harness_arena + at;
}

const void *harness_unseen_store(void)
{
	const void *first = unseen_in(0, start_used * page_size());
	const void *second = unseen_in(HARNESS_START_BYTES, pool_used * page_size());

	return first ? first : second;
}

unsigned long harness_table_alloc(void)
{
	struct harness_cpu_state *cpu = this_cpu;
	const void *below = cpu->below;
	enum pt_level level;
	unsigned long va;
	char *table;

	cpu->below = NULL;
	if (!below || !harness_entry_place(below, &level, &va)) {
		harness_incomplete("a table was allocated and nothing said where it will hang");
		level = PT_PGD;
		va = 0;
	} else {
		level = level_below(level);
	}
	if (++cpu->allocations == cpu->failing_allocation) {
		pt_table_alloc_fail_at(NULL, 0, &harness_pt, level, va);
		return 0;
	}
	if (HARNESS_START_BYTES + (pool_used + 1) * page_size() > HARNESS_ARENA_BYTES) {
		fprintf(stderr, "harness: more than %lu MiB of run-time tables\n",
			(HARNESS_ARENA_BYTES - HARNESS_START_BYTES) >> 20);
		exit(2);
	}
	table = harness_arena + HARNESS_START_BYTES + pool_used++ * page_size();
	if (below)
		set_place(table, level, va);
	pt_table_alloc_at(NULL, 0, &harness_pt, level, va, harness_arena_pa(table));
	return harness_arena_pa(table);
}

void harness_table_free(unsigned long pa)
{
	void *table = harness_arena_pointer(pa);
	enum pt_level level;
	unsigned long va;

	if (table && harness_entry_place(table, &level, &va))
		pt_table_free_at(NULL, 0, &harness_pt, level, va, pa);
}

void harness_below(const void *slot)
{
	this_cpu->below = slot;
}

void *harness_fixmap_table(unsigned long va)
{
	static char *table;
	static unsigned long span;
	unsigned long base = va & ~0UL << harness_constants.pmd_shift;

	/* Cleared with the arena: made again in each case. */
	if (!table || span != base || !place_of(table)->known || place_of(table)->va != base) {
		table = new_start_table(PT_PTE, base);
		span = base;
	}
	return table;
}

/* ---- the state at the end, run-length coded as in the corpus ---- */

struct run {
	enum pt_level level;
	unsigned long va, desc, count, step;
};

static void print_run(FILE *out, struct run *run, int *first)
{
	static const char *const names[] = { "pgd", "p4d", "pud", "pmd", "pte" };

	if (!run->count)
		return;
	fprintf(out, "%s{\"va\":\"0x%lx\",\"level\":\"%s\",\"desc\":\"0x%lx\",\"count\":%lu,\"pa_step\":\"0x%lx\"%s}",
		*first ? "" : ",", run->va, names[run->level], run->desc, run->count, run->count > 1 ? run->step : 0,
		run->desc & 1 ? "" : ",\"invalid\":true");
	*first = 0;
	run->count = 0;
}

static void add_entry(FILE *out, struct run *run, int *first, enum pt_level level, unsigned long va, unsigned long desc)
{
	unsigned long size = 1UL << level_shift(level);

	if (run->count && run->level == level && run->va + run->count * size == va) {
		unsigned long step = run->count == 1 ? desc - run->desc : run->step;
		int continues = desc == run->desc + run->count * step && (step == size || step == 0);

		if (continues && (run->desc & 1) == (desc & 1)) {
			run->step = step;
			run->count++;
			return;
		}
	}
	print_run(out, run, first);
	*run = (struct run){ level, va, desc, 1, 0 };
}

static void add_table(FILE *out, struct run *run, int *first, const char *table, enum pt_level level, unsigned long va)
{
	unsigned long i, entries = page_size() / 8;

	if (level == top_level() && table == harness_arena)
		entries = 1UL << (harness_constants.va_bits - level_shift(level));
	for (i = 0; i < entries; i++) {
		unsigned long desc = ((const unsigned long *)table)[i];
		unsigned long at = va + (i << level_shift(level));
		void *below;

		if (!desc)
			continue;
		below = level != PT_PTE && (desc & 3) == 3 ? harness_arena_pointer(table_pa(desc)) : NULL;
		if (below)
			add_table(out, run, first, below, level_below(level), at);
		else
			add_entry(out, run, first, level, at, desc);
	}
}

void harness_print_final(FILE *out)
{
	struct run run = { PT_PGD, 0, 0, 0, 0 };
	int first = 1;

	fprintf(out, "{\"final\":[");
	add_table(out, &run, &first, harness_arena, top_level(), ~0UL << harness_constants.va_bits);
	print_run(out, &run, &first);
	fprintf(out, "]}\n");
}

/* ---- the same as a number ---- */

unsigned long harness_hashed(unsigned long hash, unsigned long value)
{
	return (hash ^ value) * 0x9e3779b97f4a7c15UL ^ hash >> 29;
}

static unsigned long hash_table(unsigned long hash, const char *table, enum pt_level level, unsigned long va)
{
	unsigned long i, entries = page_size() / 8;

	if (level == top_level() && table == harness_arena)
		entries = 1UL << (harness_constants.va_bits - level_shift(level));
	for (i = 0; i < entries; i++) {
		unsigned long desc = ((const unsigned long *)table)[i];
		unsigned long at = va + (i << level_shift(level));
		void *below;

		if (!desc)
			continue;
		below = level != PT_PTE && (desc & 3) == 3 ? harness_arena_pointer(table_pa(desc)) : NULL;
		if (below)
			hash = hash_table(hash, below, level_below(level), at);
		else
			hash = harness_hashed(harness_hashed(hash, at), desc ^ level);
	}
	return hash;
}

/* Where tables lie does not count, nor the bits of the entries above them. */
unsigned long harness_leaves_hash(unsigned long hash)
{
	return hash_table(hash, harness_arena, top_level(), ~0UL << harness_constants.va_bits);
}
