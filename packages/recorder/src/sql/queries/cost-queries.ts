import type { Query } from './query.ts'
import {
  hexSql,
  idleCpu,
  IN_RUN,
  inRun,
  INSTRUCTIONS,
  kinds,
  levelName,
  nameOf,
  PAGE_BYTES,
  seqOf,
} from './sql-text.ts'

const CHANGED = `w.kind = ${kinds('desc_write')} and w.old is not w.new`

/** Where work is done and where it is done in vain. */
export const COST_QUERIES: readonly Query[] = [
  {
    name: 'barriers-per-call',
    title: 'Per function of the API: writes, barriers and flushes for each call',
    sql: `
with ${INSTRUCTIONS}, done as (
  select op, sum(orders) as barriers, sum(flushes) as flushes, sum(tlbis) as tlbis
  from instruction where op is not null
  group by op
), inside as (
  select e.op,
    count(*) filter (where kind = ${kinds('desc_write')}) as writes,
    count(*) filter (where kind = ${kinds('barrier')}) + coalesce(d.barriers, 0) as barriers,
    count(*) filter (where kind = ${kinds('barrier_queue')}) as queued,
    coalesce(d.flushes, 0) as flushes, coalesce(d.tlbis, 0) as tlbis
  from event e left join done d on d.op = e.op
  where ${inRun('e')} and e.op is not null
  group by e.op
)
select ${nameOf('c.fn')} as fn, count(*) as calls, sum(writes) as writes, sum(barriers) as barriers,
  sum(queued) as queued, sum(flushes) as flushes, sum(tlbis) as tlbis,
  round(1.0 * sum(barriers) / count(*), 2) as barriers_per_call,
  round(1.0 * sum(barriers) / nullif(sum(writes), 0), 3) as barriers_per_write
from call c join inside i on i.op = c.op
where c.run = :run
group by c.fn order by barriers desc`,
  },
  {
    name: 'redundant-writes',
    title: 'Stores that did not change the entry, by the call that made them',
    sql: `
select ${nameOf('c.fn')} as fn, ${levelName('w.level')} as level,
  count(*) as writes, count(*) filter (where w.old is w.new) as redundant,
  round(100.0 * count(*) filter (where w.old is w.new) / count(*), 1) as percent
from event w left join call c on c.run = :run and c.op = w.op
where ${inRun('w')} and w.kind = ${kinds('desc_write')}
group by c.fn, w.level having redundant > 0
order by redundant desc`,
  },
  {
    name: 'flushes-per-changed-page',
    title: 'Per function of the API: pages changed, flushes, and pages those flushes covered',
    sql: `
with ${INSTRUCTIONS}, done as (
  select op, sum(flushes) as flushes,
    case when max(kind = ${kinds('tlb_flush')}) then total(pages) filter (where kind = ${kinds('tlb_flush')})
      else total(pages) end as flushed
  from instruction where op is not null
  group by op
), inside as (
  select e.op, count(*) filter (where kind = ${kinds('desc_write')} and old is not new) as changed,
    coalesce(d.flushes, 0) as flushes, coalesce(d.flushed, 0) as flushed
  from event e left join done d on d.op = e.op
  where ${inRun('e')} and e.op is not null
  group by e.op
)
select ${nameOf('c.fn')} as fn, count(*) as calls, sum(changed) as entries_changed, sum(flushes) as flushes,
  cast(sum(flushed) as integer) as pages_flushed,
  round(1.0 * sum(flushes) / nullif(sum(changed), 0), 3) as flushes_per_entry
from call c join inside i on i.op = c.op
where c.run = :run
group by c.fn order by flushes desc`,
  },
  {
    name: 'flushed-never-changed',
    title: 'Flushes of a call in whose range the call changed nothing',
    sql: `
select ${seqOf('f.id')} as seq, ${nameOf('c.fn')} as call, ${nameOf('f.aux')} as "by", ${hexSql('f.va')} as va,
  f.size / ${PAGE_BYTES} as pages
from event f join call c on c.run = :run and c.op = f.op
where ${inRun('f')} and f.kind = ${kinds('tlb_flush')} and f.va is not null
  and not exists (
    select 1 from event w
    where w.id >= :run << 32 | c.first and w.id <= coalesce(:run << 32 | c.last, f.id)
      and w.op = f.op and ${CHANGED} and w.va >= f.va and w.va - f.va < f.size)
order by f.id`,
  },
  {
    name: 'idle-walks',
    title: 'Walks that changed nothing, by function and call',
    sql: `
with pairs as (
  select id, kind, op, task, fn, lead(id) over (partition by task, nest, ${idleCpu()} order by id) as last
  from event where ${IN_RUN} and kind in (${kinds('walk_begin', 'walk_end')})
), walks as (
  select fn, op,
    (select count(*) from event w where w.id > p.id and w.id < p.last and w.task is p.task
      and w.kind = ${kinds('desc_write')}) as writes,
    (select count(*) from event w where w.id > p.id and w.id < p.last and w.task is p.task
      and ${CHANGED}) as changed
  from pairs p where kind = ${kinds('walk_begin')} and last is not null
)
select ${nameOf('c.fn')} as call, ${nameOf('w.fn')} as walk, count(*) as walks,
  count(*) filter (where changed = 0) as idle, sum(writes) filter (where changed = 0) as writes_in_vain
from walks w left join call c on c.run = :run and c.op = w.op
group by c.fn, w.fn having idle > 0
order by idle desc`,
  },
]
