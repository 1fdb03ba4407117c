import type { Query } from './query.ts'
import { idleCpu, IN_RUN, inRun, kinds, nameOf, PAGE_BYTES, seqOf } from './sql-text.ts'

/** What a run consists of, and what is odd about it. */
export const STRUCTURE_QUERIES: readonly Query[] = [
  {
    name: 'longest-lazy',
    title: 'Lazy-MMU sections with the most events, with what they held',
    sql: `
with edges as (
  select id, kind, task, op, ts, fn, lead(id) over w as last, lead(kind) over w as closing, lead(ts) over w as end_ts
  from event where ${IN_RUN} and kind in (${kinds('lazy_mmu_enter', 'lazy_mmu_leave')})
  window w as (partition by task, ${idleCpu()} order by id)
), longest as (
  select * from edges
  where kind = ${kinds('lazy_mmu_enter')} and closing = ${kinds('lazy_mmu_leave')}
  order by last - id desc, id limit 20
)
select ${seqOf('e.id')} as seq, ${nameOf('e.fn')} as fn, ${nameOf('e.task')} as task, last - e.id as events,
  end_ts - e.ts as ns,
  (select count(*) from event i where i.id > e.id and i.id < last and i.task is e.task
    and i.kind = ${kinds('desc_write')}) as writes,
  (select count(*) from event i where i.id > e.id and i.id < last and i.task is e.task
    and i.kind = ${kinds('barrier_queue')}) as queued
from longest e
order by events desc, e.id`,
  },
  {
    name: 'calls',
    title: 'Functions of the API: calls, failures, pages',
    sql: `
select ${nameOf('fn')} as fn, count(*) as calls, count(*) filter (where ret < 0) as failed,
  count(*) filter (where last is null) as unfinished,
  cast(total(size) / ${PAGE_BYTES} as integer) as pages, cast(max(size) / ${PAGE_BYTES} as integer) as largest
from call where run = :run
group by fn order by calls desc`,
  },
  {
    name: 'callbacks',
    title: 'Callbacks by function, and how many of them wrote or changed their entry',
    sql: `
with pairs as (
  select id, kind, fn, task, lead(id) over (partition by task, nest, ${idleCpu()} order by id) as last
  from event where ${IN_RUN} and kind in (${kinds('cb_enter', 'cb_exit')})
), entered as (
  select fn,
    (select count(*) from event w where w.id > p.id and w.id < p.last and w.task is p.task
      and w.kind = ${kinds('desc_write')}) as writes,
    (select count(*) from event w where w.id > p.id and w.id < p.last and w.task is p.task
      and w.kind = ${kinds('desc_write')} and w.old is not w.new) as changed
  from pairs p where kind = ${kinds('cb_enter')}
)
select ${nameOf('fn')} as fn, count(*) as entered, count(*) filter (where writes > 0) as wrote,
  count(*) filter (where changed > 0) as changed
from entered group by fn order by entered desc`,
  },
  {
    name: 'contexts',
    title: 'Calls by the context and CPU in which they began',
    sql: `
with marks as (
  select kind, fn, cpu,
    max(case when kind = ${kinds('context')} then id end) over (partition by cpu order by id) as mark
  from event where ${IN_RUN} and kind in (${kinds('op_begin', 'context')})
), begun as (
  select fn, cpu, (select fn from event where id = mark) as context
  from marks where kind = ${kinds('op_begin')}
)
select coalesce(${nameOf('context')}, 'task') as context, cpu, ${nameOf('fn')} as fn, count(*) as calls
from begun group by 1, 2, 3 order by calls desc`,
  },
  {
    name: 'unknown-events',
    title: 'Events of the trace that Pagetrail has no kind for',
    sql: `
select ${nameOf('fn')} as event, count(*) as events, min(${seqOf('id')}) as first, min(extra) as example
from event where ${IN_RUN} and kind = ${kinds('ftrace')}
group by fn order by events desc`,
  },
  {
    name: 'gaps',
    title: 'Where events are missing, and why',
    sql: `
select ${seqOf('id')} as seq, cpu, ${nameOf('task')} as task, ${nameOf('fn')} as reason, ret as lost
from event g where ${inRun('g')} and kind = ${kinds('gap')}
order by id`,
  },
]
