/* SPDX-License-Identifier: MIT */
/*
 * pagetrail.h - report what code does to page tables, as Pagetrail's JSON Lines
 *
 * One header, C99, nothing allocated, no library but memcpy() and strlen(). For hypervisors, boot code, KUnit tests,
 * models: whatever changes page tables. Each observable thing has one function, named as in Pagetrail's own engine;
 * docs/jsonl.md describes the lines, docs/events.md what each event means.
 *
 *	static struct pt pt;
 *
 *	pt_init(&pt, pt_to_file, fopen("run.jsonl", "w"));
 *	pt_header(&pt, "my-run", 12, 48, 4, NULL);
 *	pt_op_begin(&pt, "unmap", va, end, NULL);
 *	pt_desc_write(&pt, PT_PTE, va, old, new);
 *	pt_tlb_flush(&pt, "flush_tlb_kernel_range", va, end);
 *	pt_op_end(&pt, "unmap", 0);
 *	pt_end(&pt);
 *
 * then `pagetrail import run.jsonl`. In a kernel pass pt_to_printk, which comes with `#define PT_PRINTK` before the
 * header, and import its log with `--format kmsg`.
 *
 * Events of several CPUs share one struct: say which CPU speaks with pt_cpu(), and hold a lock of your own from there
 * to the event. Each event carries the file and line of the hook; the functions that end in _at take them instead.
 * A line that does not fit in PT_LINE becomes an event of kind gap: no event is lost silently. A run without the line
 * that pt_end() writes is imported as interrupted.
 */
#ifndef PAGETRAIL_H
#define PAGETRAIL_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#endif

/* Longest line, its end included: what one printk() takes is a little more. */
#ifndef PT_LINE
#define PT_LINE 960
#endif

/* CPUs whose current call is remembered; an event of a higher CPU has none. */
#ifndef PT_CPUS
#define PT_CPUS 64
#endif

typedef unsigned long long pt_u64;

/* No address: the flush is of everything, the call has no range. For va and end of the functions that say so. */
#define PT_NONE (~0ULL)
#define PT_NO_RANGE PT_NONE, PT_NONE

enum pt_level { PT_PGD, PT_P4D, PT_PUD, PT_PMD, PT_PTE, PT_CONTPMD, PT_CONTPTE };
enum pt_action { PT_SUBTREE, PT_CONTINUE, PT_AGAIN, PT_NO_ACTION };
enum pt_lock_mode { PT_READ_LOCK, PT_WRITE_LOCK, PT_MUTEX, PT_SPIN };
enum pt_access_mode { PT_READ, PT_WRITE, PT_EXEC };
enum pt_outcome { PT_OK, PT_FAULT, PT_CONFLICT };
enum pt_context { PT_TASK, PT_BH_OFF, PT_SOFTIRQ, PT_IRQ };
enum pt_lazy_api { PT_PLAIN, PT_PAUSE, PT_RESUME };

struct pt {
	void (*sink)(void *arg, const char *line, size_t len);
	void *arg;
	pt_u64 seq;		/* number of the next event */
	pt_u64 calls;		/* number of the next top-level call */
	unsigned int cpu;	/* whose events follow */
	long long op[PT_CPUS];	/* the call each CPU is in; -1: none */
	size_t len;		/* of the line being written */
	int overflow;
	char line[PT_LINE];
};

#ifndef __KERNEL__
/* A sink: arg is a FILE *. What cannot be written shows in ferror() and fclose(). */
static inline void pt_to_file(void *arg, const char *line, size_t len)
{
	fwrite(line, 1, len, (FILE *)arg);
}
#endif
#ifdef PT_PRINTK
/* A sink for kernels: every line to the log, where `pagetrail import --format kmsg` finds it. */
#include <linux/printk.h>
static inline void pt_to_printk(void *arg, const char *line, size_t len)
{
	(void)arg;
	printk(KERN_INFO "pagetrail: %.*s", (int)len, line);
}
#endif

/* Most texts are literals: inlined, their lengths are known and copying them is a store or two. */
#ifdef __GNUC__
#define PT__INLINE static inline __attribute__((__always_inline__))
#else
#define PT__INLINE static inline
#endif

/* ---- text of a line ---- */

PT__INLINE void pt__raw(struct pt *p, const char *text, size_t len)
{
	if (p->len + len > PT_LINE - 2) {
		p->overflow = 1;
		return;
	}
	memcpy(p->line + p->len, text, len);
	p->len += len;
}

PT__INLINE void pt__text(struct pt *p, const char *text)
{
	pt__raw(p, text, strlen(text));
}

PT__INLINE void pt__key(struct pt *p, const char *key)
{
	if (p->line[p->len - 1] != '{')
		pt__raw(p, ",", 1);
	pt__raw(p, "\"", 1);
	pt__text(p, key);
	pt__raw(p, "\":", 2);
}

static inline void pt__quoted(struct pt *p, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	pt__raw(p, "\"", 1);
	while (*text) {
		const char *plain = text;
		unsigned char c;

		while ((unsigned char)*text >= 0x20 && *text != '"' && *text != '\\')
			text++;
		pt__raw(p, plain, (size_t)(text - plain));
		c = (unsigned char)*text;
		if (c >= 0x20) {
			char escaped[2] = { '\\', *text++ };

			pt__raw(p, escaped, sizeof(escaped));
		} else if (c) {
			char code[6] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };

			pt__raw(p, code, sizeof(code));
			text++;
		}
	}
	pt__raw(p, "\"", 1);
}

static inline void pt__hex(struct pt *p, pt_u64 value)
{
	char text[18];
	int at = sizeof(text);

	do
		text[--at] = "0123456789abcdef"[value & 15];
	while (value >>= 4);
	pt__raw(p, "\"0x", 3);
	pt__raw(p, text + at, sizeof(text) - at);
	pt__raw(p, "\"", 1);
}

static inline void pt__decimal(struct pt *p, long long value)
{
	pt_u64 rest = value < 0 ? 0 - (pt_u64)value : (pt_u64)value;
	char text[21];
	int at = sizeof(text);

	do
		text[--at] = (char)('0' + rest % 10);
	while (rest /= 10);
	if (value < 0)
		text[--at] = '-';
	pt__raw(p, text + at, sizeof(text) - at);
}

/* ---- members of a line; a NULL text, PT_NONE and -1 as a count are null ---- */

PT__INLINE void pt__name(struct pt *p, const char *key, const char *text)
{
	pt__key(p, key);
	if (text)
		pt__quoted(p, text);
	else
		pt__text(p, "null");
}

PT__INLINE void pt__json(struct pt *p, const char *key, const char *json)
{
	pt__key(p, key);
	pt__text(p, json ? json : "null");
}

PT__INLINE void pt__addr(struct pt *p, const char *key, pt_u64 value)
{
	pt__key(p, key);
	pt__hex(p, value);
}

PT__INLINE void pt__int(struct pt *p, const char *key, long long value)
{
	pt__key(p, key);
	pt__decimal(p, value);
}

PT__INLINE void pt__count(struct pt *p, const char *key, long long value)
{
	pt__key(p, key);
	if (value < 0)
		pt__text(p, "null");
	else
		pt__decimal(p, value);
}

PT__INLINE void pt__bool(struct pt *p, const char *key, int value)
{
	pt__json(p, key, value ? "true" : "false");
}

static inline void pt__range(struct pt *p, pt_u64 va, pt_u64 end)
{
	if (va == PT_NONE && end == PT_NONE) {
		pt__json(p, "va", NULL);
		pt__json(p, "end", NULL);
	} else {
		pt__addr(p, "va", va);
		pt__addr(p, "end", end);
	}
}

static inline void pt__level(struct pt *p, enum pt_level level)
{
	static const char *const names[] = { "pgd", "p4d", "pud", "pmd", "pte", "contpmd", "contpte" };

	pt__name(p, "level", names[level]);
}

/* ---- whole lines ---- */

static inline void pt__open(struct pt *p)
{
	p->len = 0;
	p->overflow = 0;
	pt__raw(p, "{", 1);
}

static inline void pt__close(struct pt *p)
{
	/* pt__raw() always leaves room for these two. */
	p->line[p->len++] = '}';
	p->line[p->len++] = '\n';
	p->sink(p->arg, p->line, p->len);
}

static inline long long pt__op(const struct pt *p)
{
	return p->cpu < PT_CPUS ? p->op[p->cpu] : -1;
}

static inline void pt__event(struct pt *p, const char *kind)
{
	pt__open(p);
	pt__int(p, "seq", (long long)p->seq++);
	pt__int(p, "cpu", p->cpu);
	pt__count(p, "op", pt__op(p));
	pt__name(p, "kind", kind);
}

static inline void pt__send(struct pt *p, const char *file, int line)
{
	if (file) {
		char number[12];
		int at = sizeof(number) - 1;
		unsigned int rest = (unsigned int)line;

		number[at] = 0;
		do
			number[--at] = (char)('0' + rest % 10);
		while (rest /= 10);
		number[--at] = ':';
		pt__name(p, "src", file);
		/* Inside of the quotes: over the closing one, which comes again. */
		if (!p->overflow) {
			p->len--;
			pt__text(p, number + at);
			pt__raw(p, "\"", 1);
		}
	}
	if (p->overflow) {
		p->seq--;
		pt__event(p, "gap");
		pt__int(p, "lost", 1);
		pt__name(p, "reason", "line longer than PT_LINE");
	}
	pt__close(p);
}

/* ---- a run ---- */

static inline void pt_init(struct pt *p, void (*sink)(void *, const char *, size_t), void *arg)
{
	int cpu;

	memset(p, 0, sizeof(*p));
	p->sink = sink;
	p->arg = arg;
	for (cpu = 0; cpu < PT_CPUS; cpu++)
		p->op[cpu] = -1;
}

/*
 * The first line. @shows: JSON text, the kinds of events that the code reports where they happen, such as
 * ["desc_write","tlb_flush"]; NULL: all of them. What is not shown is unknown to every answer, never zero: list it
 * when you do not call, say, pt_barrier().
 */
static inline void pt_header(struct pt *p, const char *label, int page_shift, int va_bits, int levels,
			     const char *shows)
{
	pt__open(p);
	pt__int(p, "pagetrail", 2);
	pt__key(p, "run");
	pt__raw(p, "{", 1);
	pt__name(p, "label", label);
	pt__name(p, "source", "jsonl");
	pt__key(p, "geometry");
	pt__raw(p, "{", 1);
	pt__int(p, "pageShift", page_shift);
	pt__int(p, "vaBits", va_bits);
	pt__int(p, "levels", levels);
	pt__raw(p, "}", 1);
	if (shows)
		pt__json(p, "shows", shows);
	pt__raw(p, "}", 1);
	pt__close(p);
}

/* The last line: how much there should be before it. */
static inline void pt_end(struct pt *p)
{
	pt__open(p);
	pt__key(p, "end");
	pt__raw(p, "{", 1);
	pt__int(p, "events", (long long)p->seq);
	pt__int(p, "calls", (long long)p->calls);
	pt__raw(p, "}", 1);
	pt__close(p);
}

/* Whose events follow. */
static inline void pt_cpu(struct pt *p, unsigned int cpu)
{
	p->cpu = cpu;
}

/* ---- events: PT_SRC, then the arguments of the macro of the same name without _at ---- */

#define PT_SRC __FILE__, __LINE__
#define PT__AT const char *file, int line, struct pt *p

/* The start state, before the first call: entry i is at va + i * size(level), desc + i * step. */
static inline void pt_init_entry_at(PT__AT, enum pt_level level, pt_u64 va, pt_u64 desc, long long count, pt_u64 step)
{
	pt__event(p, "init");
	pt__level(p, level);
	pt__addr(p, "va", va);
	pt__addr(p, "new", desc);
	pt__int(p, "count", count);
	pt__addr(p, "pa_step", step);
	pt__send(p, file, line);
}
#define pt_init_entry(...) pt_init_entry_at(PT_SRC, __VA_ARGS__)

/* @pages: JSON text, [{"pfn":"0x…","count":1}, …] */
static inline void pt_area_at(PT__AT, pt_u64 va, pt_u64 end, pt_u64 flags, long long nr_pages, const char *pages)
{
	pt__event(p, "area");
	pt__range(p, va, end);
	pt__addr(p, "flags", flags);
	pt__int(p, "nr_pages", nr_pages);
	pt__json(p, "pages", pages);
	pt__send(p, file, line);
}
#define pt_area(...) pt_area_at(PT_SRC, __VA_ARGS__)

/* A top-level call; PT_NO_RANGE where it has none. @args: JSON text or NULL */
static inline void pt_op_begin_at(PT__AT, const char *fn, pt_u64 va, pt_u64 end, const char *args)
{
	if (p->cpu < PT_CPUS)
		p->op[p->cpu] = (long long)p->calls;
	p->calls++;
	pt__event(p, "op_begin");
	pt__name(p, "fn", fn);
	pt__range(p, va, end);
	pt__json(p, "args", args);
	pt__send(p, file, line);
}
#define pt_op_begin(...) pt_op_begin_at(PT_SRC, __VA_ARGS__)

static inline void pt_op_end_at(PT__AT, const char *fn, long long ret)
{
	pt__event(p, "op_end");
	pt__name(p, "fn", fn);
	pt__int(p, "ret", ret);
	pt__send(p, file, line);
	if (p->cpu < PT_CPUS)
		p->op[p->cpu] = -1;
}
#define pt_op_end(...) pt_op_end_at(PT_SRC, __VA_ARGS__)

static inline void pt__span(PT__AT, const char *kind, const char *fn, pt_u64 va, pt_u64 end)
{
	pt__event(p, kind);
	pt__name(p, "fn", fn);
	pt__range(p, va, end);
	pt__send(p, file, line);
}

static inline void pt__return(PT__AT, const char *kind, const char *fn, long long ret)
{
	pt__event(p, kind);
	pt__name(p, "fn", fn);
	pt__int(p, "ret", ret);
	pt__send(p, file, line);
}

/* A walker accepted a range, and returned. */
static inline void pt_walk_begin_at(PT__AT, const char *fn, pt_u64 va, pt_u64 end)
{
	pt__span(file, line, p, "walk_begin", fn, va, end);
}
#define pt_walk_begin(...) pt_walk_begin_at(PT_SRC, __VA_ARGS__)
static inline void pt_walk_end_at(PT__AT, const char *fn, long long ret)
{
	pt__return(file, line, p, "walk_end", fn, ret);
}
#define pt_walk_end(...) pt_walk_end_at(PT_SRC, __VA_ARGS__)

/* Any other function worth showing, below a call; PT_NO_RANGE where it has none. */
static inline void pt_span_begin_at(PT__AT, const char *fn, pt_u64 va, pt_u64 end)
{
	pt__span(file, line, p, "span_begin", fn, va, end);
}
#define pt_span_begin(...) pt_span_begin_at(PT_SRC, __VA_ARGS__)
static inline void pt_span_end_at(PT__AT, const char *fn, long long ret)
{
	pt__return(file, line, p, "span_end", fn, ret);
}
#define pt_span_end(...) pt_span_end_at(PT_SRC, __VA_ARGS__)

/* A callback of the walk; va and end as it was called, clipped to the range. */
static inline void pt_cb_enter_at(PT__AT, enum pt_level level, const char *fn, pt_u64 va, pt_u64 end)
{
	pt__event(p, "cb_enter");
	pt__level(p, level);
	pt__name(p, "fn", fn);
	pt__range(p, va, end);
	pt__send(p, file, line);
}
#define pt_cb_enter(...) pt_cb_enter_at(PT_SRC, __VA_ARGS__)

/* @action: what the walk goes on with; PT_NO_ACTION where the walker does not ask. */
static inline void pt_cb_exit_at(PT__AT, enum pt_level level, const char *fn, pt_u64 va, long long ret,
				 enum pt_action action)
{
	static const char *const names[] = { "subtree", "continue", "again", NULL };

	pt__event(p, "cb_exit");
	pt__level(p, level);
	pt__name(p, "fn", fn);
	pt__addr(p, "va", va);
	pt__int(p, "ret", ret);
	pt__name(p, "action", names[action]);
	pt__send(p, file, line);
}
#define pt_cb_exit(...) pt_cb_exit_at(PT_SRC, __VA_ARGS__)

/* A missing table, as given to pte_hole(). @depth: 0 pgd ... 3 pmd, after folding */
static inline void pt_hole_at(PT__AT, int depth, pt_u64 va, pt_u64 end)
{
	pt__event(p, "hole");
	pt__int(p, "level", depth);
	pt__range(p, va, end);
	pt__send(p, file, line);
}
#define pt_hole(...) pt_hole_at(PT_SRC, __VA_ARGS__)

/* After a store to an entry, before its barrier, also when old == new. @va: base of what the entry translates */
static inline void pt_desc_write_at(PT__AT, enum pt_level level, pt_u64 va, pt_u64 old, pt_u64 desc)
{
	pt__event(p, "desc_write");
	pt__level(p, level);
	pt__addr(p, "va", va);
	pt__addr(p, "old", old);
	pt__addr(p, "new", desc);
	pt__send(p, file, line);
}
#define pt_desc_write(...) pt_desc_write_at(PT_SRC, __VA_ARGS__)

/* A load of an entry: for races between CPUs, where what was read when is what matters. */
static inline void pt_desc_read_at(PT__AT, enum pt_level level, pt_u64 va, pt_u64 val)
{
	pt__event(p, "desc_read");
	pt__level(p, level);
	pt__addr(p, "va", va);
	pt__addr(p, "val", val);
	pt__send(p, file, line);
}
#define pt_desc_read(...) pt_desc_read_at(PT_SRC, __VA_ARGS__)

static inline void pt__table(PT__AT, const char *kind, enum pt_level level, pt_u64 va, pt_u64 pa)
{
	pt__event(p, kind);
	pt__level(p, level);
	pt__addr(p, "va", va);
	pt__addr(p, "pa", pa);
	pt__send(p, file, line);
}

/* @level: of the table's entries. @va: start of its span. @pa: its physical address */
static inline void pt_table_alloc_at(PT__AT, enum pt_level level, pt_u64 va, pt_u64 pa)
{
	pt__table(file, line, p, "table_alloc", level, va, pa);
}
#define pt_table_alloc(...) pt_table_alloc_at(PT_SRC, __VA_ARGS__)
static inline void pt_table_free_at(PT__AT, enum pt_level level, pt_u64 va, pt_u64 pa)
{
	pt__table(file, line, p, "table_free", level, va, pa);
}
#define pt_table_free(...) pt_table_free_at(PT_SRC, __VA_ARGS__)

static inline void pt_table_alloc_fail_at(PT__AT, enum pt_level level, pt_u64 va)
{
	pt__event(p, "table_alloc_fail");
	pt__level(p, level);
	pt__addr(p, "va", va);
	pt__send(p, file, line);
}
#define pt_table_alloc_fail(...) pt_table_alloc_fail_at(PT_SRC, __VA_ARGS__)

static inline void pt__lazy(PT__AT, const char *kind, int depth, int ignored, enum pt_lazy_api api)
{
	pt__event(p, kind);
	pt__int(p, "depth", depth);
	if (ignored)
		pt__bool(p, "ignored", 1);
	if (api != PT_PLAIN)
		pt__name(p, "api", api == PT_PAUSE ? "pause" : "resume");
	pt__send(p, file, line);
}

/* After lazy MMU mode was entered or left. @depth: nesting after. @ignored: in interrupt or paused, nothing happened */
static inline void pt_lazy_mmu_enter_at(PT__AT, int depth, int ignored, enum pt_lazy_api api)
{
	pt__lazy(file, line, p, "lazy_mmu_enter", depth, ignored, api);
}
#define pt_lazy_mmu_enter(...) pt_lazy_mmu_enter_at(PT_SRC, __VA_ARGS__)
static inline void pt_lazy_mmu_leave_at(PT__AT, int depth, int ignored, enum pt_lazy_api api)
{
	pt__lazy(file, line, p, "lazy_mmu_leave", depth, ignored, api);
}
#define pt_lazy_mmu_leave(...) pt_lazy_mmu_leave_at(PT_SRC, __VA_ARGS__)

static inline void pt__plain(PT__AT, const char *kind)
{
	pt__event(p, kind);
	pt__send(p, file, line);
}

/* A store's barrier was put off to the end of the lazy section. */
static inline void pt_barrier_queue_at(PT__AT)
{
	pt__plain(file, line, p, "barrier_queue");
}
#define pt_barrier_queue(...) pt_barrier_queue_at(PT_SRC, __VA_ARGS__)
/* dsb(ishst); isb(), outside of a flush. */
static inline void pt_barrier_at(PT__AT)
{
	pt__plain(file, line, p, "barrier");
}
#define pt_barrier(...) pt_barrier_at(PT_SRC, __VA_ARGS__)
/* An isb() alone. */
static inline void pt_isb_at(PT__AT)
{
	pt__plain(file, line, p, "isb");
}
#define pt_isb(...) pt_isb_at(PT_SRC, __VA_ARGS__)

static inline void pt__scoped(PT__AT, const char *kind, const char *scope)
{
	pt__event(p, kind);
	pt__name(p, "scope", scope);
	pt__send(p, file, line);
}

/* A dsb or dmb alone. @scope: "ishst", "ish", "sy", ... */
static inline void pt_dsb_at(PT__AT, const char *scope)
{
	pt__scoped(file, line, p, "dsb", scope);
}
#define pt_dsb(...) pt_dsb_at(PT_SRC, __VA_ARGS__)
static inline void pt_dmb_at(PT__AT, const char *scope)
{
	pt__scoped(file, line, p, "dmb", scope);
}
#define pt_dmb(...) pt_dmb_at(PT_SRC, __VA_ARGS__)

/* A flush function was called; PT_NO_RANGE: everything. Its own barriers are not reported. */
static inline void pt_tlb_flush_at(PT__AT, const char *fn, pt_u64 va, pt_u64 end)
{
	pt__span(file, line, p, "tlb_flush", fn, va, end);
}
#define pt_tlb_flush(...) pt_tlb_flush_at(PT_SRC, __VA_ARGS__)

/*
 * One TLBI instruction. @va: PT_NONE where the instruction has none. @pages: how many it covers; @scale, @num: of a
 * range instruction; each -1 where it does not apply.
 */
static inline void pt_tlbi_at(PT__AT, const char *insn, pt_u64 va, long long pages, int scale, int num)
{
	pt__event(p, "tlbi");
	pt__name(p, "insn", insn);
	if (va == PT_NONE)
		pt__json(p, "va", NULL);
	else
		pt__addr(p, "va", va);
	pt__count(p, "pages", pages);
	pt__count(p, "scale", scale);
	pt__count(p, "num", num);
	pt__send(p, file, line);
}
#define pt_tlbi(...) pt_tlbi_at(PT_SRC, __VA_ARGS__)

static inline void pt__locked(PT__AT, const char *kind, const char *lock, enum pt_lock_mode mode)
{
	static const char *const names[] = { "read", "write", "mutex", "spin" };

	pt__event(p, kind);
	pt__name(p, "fn", lock);
	pt__name(p, "mode", names[mode]);
	pt__send(p, file, line);
}

/* @lock: its name, as the code that others read has it */
static inline void pt_lock_at(PT__AT, const char *lock, enum pt_lock_mode mode)
{
	pt__locked(file, line, p, "lock", lock, mode);
}
#define pt_lock(...) pt_lock_at(PT_SRC, __VA_ARGS__)
static inline void pt_unlock_at(PT__AT, const char *lock, enum pt_lock_mode mode)
{
	pt__locked(file, line, p, "unlock", lock, mode);
}
#define pt_unlock(...) pt_unlock_at(PT_SRC, __VA_ARGS__)

/* On entry to a split of a leaf mapping, before its table is allocated. */
static inline void pt_split_at(PT__AT, enum pt_level level, pt_u64 va)
{
	pt__event(p, "split");
	pt__level(p, level);
	pt__addr(p, "va", va);
	pt__send(p, file, line);
}
#define pt_split(...) pt_split_at(PT_SRC, __VA_ARGS__)

/* A WARN site was reached. @fired 0: its once-latch had gone off before */
static inline void pt_warn_at(PT__AT, const char *fn, int once, int fired)
{
	pt__event(p, "warn");
	pt__name(p, "fn", fn);
	pt__bool(p, "once", once);
	pt__bool(p, "fired", fired);
	pt__send(p, file, line);
}
#define pt_warn(...) pt_warn_at(PT_SRC, __VA_ARGS__)

/* A complaint about an entry that is not a table where one is needed. */
static inline void pt_bad_entry_at(PT__AT, enum pt_level level, pt_u64 desc)
{
	pt__event(p, "bad_entry");
	pt__level(p, level);
	pt__addr(p, "desc", desc);
	pt__send(p, file, line);
}
#define pt_bad_entry(...) pt_bad_entry_at(PT_SRC, __VA_ARGS__)

static inline const char *pt__context(enum pt_context context)
{
	static const char *const names[] = { "task", "bh_off", "softirq", "irq" };

	return names[context];
}

/* The CPU's context changed. */
static inline void pt_context_at(PT__AT, enum pt_context context)
{
	pt__event(p, "context");
	pt__name(p, "fn", pt__context(context));
	pt__send(p, file, line);
}
#define pt_context(...) pt_context_at(PT_SRC, __VA_ARGS__)

/* Something that may sleep was done where sleeping is forbidden. */
static inline void pt_sleep_in_atomic_at(PT__AT, const char *fn, enum pt_context context)
{
	pt__event(p, "sleep_in_atomic");
	pt__name(p, "fn", fn);
	pt__name(p, "context", pt__context(context));
	pt__send(p, file, line);
}
#define pt_sleep_in_atomic(...) pt_sleep_in_atomic_at(PT_SRC, __VA_ARGS__)

/* An access through a TLB. @stale: answered by an entry older than the tables */
static inline void pt_access_at(PT__AT, enum pt_access_mode mode, pt_u64 va, enum pt_outcome outcome, int stale)
{
	static const char *const modes[] = { "read", "write", "exec" };
	static const char *const outcomes[] = { "ok", "fault", "conflict" };

	pt__event(p, "access");
	pt__name(p, "mode", modes[mode]);
	pt__addr(p, "va", va);
	pt__name(p, "outcome", outcomes[outcome]);
	pt__bool(p, "stale", stale);
	pt__send(p, file, line);
}
#define pt_access(...) pt_access_at(PT_SRC, __VA_ARGS__)

/* A TLB now holds this translation, of a page, a block or a contiguous span, built from @desc. */
static inline void pt_tlb_fill_at(PT__AT, enum pt_level level, pt_u64 va, pt_u64 end, pt_u64 desc)
{
	pt__event(p, "tlb_fill");
	pt__level(p, level);
	pt__range(p, va, end);
	pt__addr(p, "desc", desc);
	pt__send(p, file, line);
}
#define pt_tlb_fill(...) pt_tlb_fill_at(PT_SRC, __VA_ARGS__)

/* A TLB dropped what it held for an address, without a TLBI. */
static inline void pt_tlb_evict_at(PT__AT, pt_u64 va)
{
	pt__event(p, "tlb_evict");
	pt__addr(p, "va", va);
	pt__send(p, file, line);
}
#define pt_tlb_evict(...) pt_tlb_evict_at(PT_SRC, __VA_ARGS__)

/* @text: a remark; shown where it stands */
static inline void pt_note_at(PT__AT, const char *text)
{
	pt__event(p, "note");
	pt__name(p, "text", text);
	pt__send(p, file, line);
}
#define pt_note(...) pt_note_at(PT_SRC, __VA_ARGS__)

/* ---- the call ends here without returning: no pt_op_end() follows ---- */

static inline void pt__ended(struct pt *p)
{
	if (p->cpu < PT_CPUS)
		p->op[p->cpu] = -1;
}

/* The same callback on the same entry without end. */
static inline void pt_livelock_at(PT__AT, enum pt_level level, const char *fn, pt_u64 va, int repeats)
{
	pt__event(p, "livelock");
	pt__level(p, level);
	pt__name(p, "fn", fn);
	pt__addr(p, "va", va);
	pt__int(p, "repeats", repeats);
	pt__send(p, file, line);
	pt__ended(p);
}
#define pt_livelock(...) pt_livelock_at(PT_SRC, __VA_ARGS__)

/* Something that is not a table would be followed. */
static inline void pt_wild_deref_at(PT__AT, const char *fn, pt_u64 pa)
{
	pt__event(p, "wild_deref");
	pt__name(p, "fn", fn);
	pt__addr(p, "pa", pa);
	pt__send(p, file, line);
	pt__ended(p);
}
#define pt_wild_deref(...) pt_wild_deref_at(PT_SRC, __VA_ARGS__)

static inline void pt_bug_at(PT__AT, const char *fn)
{
	pt__event(p, "bug");
	pt__name(p, "fn", fn);
	pt__send(p, file, line);
	pt__ended(p);
}
#define pt_bug(...) pt_bug_at(PT_SRC, __VA_ARGS__)

static inline void pt_too_many_events_at(PT__AT)
{
	pt__plain(file, line, p, "too_many_events");
	pt__ended(p);
}
#define pt_too_many_events(...) pt_too_many_events_at(PT_SRC, __VA_ARGS__)

#endif /* PAGETRAIL_H */
