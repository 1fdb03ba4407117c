import type { Kind } from '../../event/kinds.ts'
import { FOREIGN_FLUSHES } from '../queries/sql-text.ts'
import type { Dialect } from './dialect.ts'

/** The names of kinds, for `kind in (…)` and `kind = …`. */
export const kinds = (...names: readonly Kind[]): string =>
  names.map((name) => `'${name}'`).join(', ')

/** Bytes of a range; `end` is 0 for the end of the address space. */
const SIZE = `case when "end" >= va then "end" - va else 18446744073709551615 - va + "end" + 1 end`
/** Bytes in the run's pages; 4K where a trace did not say. */
const PAGE = `case page_shift when 14 then 16384 when 16 then 65536 else 4096 end`

/** `event`: the events of all runs, with the bytes of their range and of their run's pages. */
export const eventTable = (d: Dialect, folder: string): string =>
  `event as (select *, ${SIZE} as size, ${PAGE} as page from ${d.events(folder)})`

/**
 * What distinguishes tasks besides their name, as `idleCpu` has it for one database: the idle tasks of all CPUs are
 * called alike.
 */
export const LANE = `run, task, case when task like '%-0' then cpu end`

/** A store that changed its entry. */
export const changed = (d: Dialect): string =>
  `kind = ${kinds('desc_write')} and ${d.differs('old', 'new')}`

const begun = (column: string): string =>
  `max(${column}) filter (where kind = ${kinds('op_begin')}) as ${column}`
const ended = (column: string, name: string): string =>
  `max(${column}) filter (where kind = ${kinds('op_end')}) as ${name}`

/** `call`: one row a top-level call; one that names no range takes that of the first walk inside it. */
export const CALL = `call as (
  select run, op, ${begun('fn')}, ${begun('page')},
    coalesce(
      max(size) filter (where kind = ${kinds('op_begin')}),
      argMin(size, seq) filter (where kind = ${kinds('walk_begin')})
    ) as size,
    max(seq) filter (where kind = ${kinds('op_begin')}) as first, ${ended('seq', 'last')}, ${ended('ret', 'ret')}
  from event where op is not null and kind in (${kinds('op_begin', 'op_end', 'walk_begin')})
  group by run, op having count(*) filter (where kind = ${kinds('op_begin')}) > 0
)`

/** `stored`: events of some kinds, each with the stores of its task until then, and those that changed an entry. */
export const stored = (d: Dialect, ...names: readonly Kind[]): string => `stored as (
  select run, seq, kind, op, nest, task, cpu, ts, fn,
    count(*) filter (where kind = ${kinds('desc_write')}) over own as writes,
    count(*) filter (where ${changed(d)}) over own as changes,
    count(*) filter (where kind = ${kinds('barrier_queue')}) over own as queued
  from event where kind in (${kinds(...names, 'desc_write', 'barrier_queue')})
  window own as (partition by run, task order by seq rows unbounded preceding)
)`

const TLBI = `kind = ${kinds('tlbi')}`
const FLUSH = `kind = ${kinds('tlb_flush')}`

/** `instruction`: as `INSTRUCTIONS` of the queries of one database, with the same columns. */
export const instructions = (d: Dialect): string => `beside as (
  select run, seq, op, kind, scope, va, ${d.quotient('size', 'page')} as asked, pages,
    coalesce("by" in (${FOREIGN_FLUSHES}), false) as is_foreign,
    ${TLBI} and va is null and insn = 'vale1is' as repeats,
    lag(kind, 1) over one as before, lag(scope, 1) over one as before_scope, lag(kind, 2) over one as before_that,
    lead(kind, 1) over one as next
  from event where kind in (${kinds('dsb', 'tlbi', 'isb', 'tlb_flush')})
  window one as (partition by run, cpu order by seq)
), instruction as (
  select run, seq, op, kind,
    not is_foreign and (${FLUSH} or ${TLBI} and coalesce(before, '') = ${kinds('dsb')}
      and coalesce(before_scope, '') = 'ishst' and coalesce(before_that, '') <> ${kinds('tlb_flush')}) as flushes,
    kind = ${kinds('dsb')} and coalesce(scope, '') = 'ishst' and coalesce(next, '') = ${kinds('isb')} as orders,
    not is_foreign and not repeats and ${TLBI} as tlbis,
    case when is_foreign then null when ${FLUSH} then asked
      when ${TLBI} and va is not null then pages end as pages
  from beside
)`
