import type { Dialect } from './dialect.ts'
import type { LakeQuery } from './lake-query.ts'
import { CALL, changed, instructions, kinds } from './lake-text.ts'

const ratio = (a: string, b: string, digits: number): string =>
  `round(1e0 * ${a} / nullif(${b}, 0), ${digits})`

/** `inside`: what was done in each call. */
const inside = (d: Dialect): string => `done as (
  select run, op, count(*) filter (where orders) as orders, count(*) filter (where flushes) as flushes,
    count(*) filter (where tlbis) as tlbis, count(*) filter (where kind = ${kinds('tlb_flush')}) as asking,
    sum(pages) filter (where kind = ${kinds('tlb_flush')}) as asked, sum(pages) as covered
  from instruction where op is not null group by run, op
), counted as (
  select run, op, count(*) filter (where kind = ${kinds('desc_write')}) as writes,
    count(*) filter (where ${changed(d)}) as changes,
    count(*) filter (where kind = ${kinds('barrier')}) as barriers,
    count(*) filter (where kind = ${kinds('barrier_queue')}) as queued
  from event where op is not null group by run, op
), inside as (
  select c.run as run, c.fn as fn, i.writes as writes, i.changes as changes, i.queued as queued,
    i.barriers + coalesce(d.orders, 0) as barriers, coalesce(d.flushes, 0) as flushes, coalesce(d.tlbis, 0) as tlbis,
    coalesce(case when d.asking > 0 then d.asked else d.covered end, 0) as flushed
  from call c join counted i on i.run = c.run and i.op = c.op
    left join done d on d.run = c.run and d.op = c.op
)`

/** Where work is done and where it is done in vain. */
export const COSTS: readonly LakeQuery[] = [
  {
    name: 'barriers-per-call',
    with: (d) => [CALL, instructions(d), inside(d)],
    select: () => `
select run, fn, count(*) as calls, sum(writes) as writes, sum(barriers) as barriers, sum(queued) as queued,
  sum(flushes) as flushes, sum(tlbis) as tlbis,
  ${ratio('sum(barriers)', 'count(*)', 2)} as barriers_per_call,
  ${ratio('sum(barriers)', 'sum(writes)', 3)} as barriers_per_write
from inside group by run, fn
order by run, sum(barriers) desc, fn`,
  },
  {
    name: 'redundant-writes',
    with: (d) => [
      CALL,
      `stores as (
  select run, op, level, case when ${changed(d)} then 0 else 1 end as same
  from event where kind = ${kinds('desc_write')}
)`,
    ],
    select: () => `
select w.run as run, c.fn as fn, w.level as level, count(*) as writes, sum(same) as redundant,
  round(100e0 * sum(same) / count(*), 1) as percent
from stores w left join call c on c.run = w.run and c.op = w.op
group by w.run, c.fn, w.level having sum(same) > 0
order by run, redundant desc, fn, level`,
  },
  {
    name: 'flushes-per-changed-page',
    with: (d) => [CALL, instructions(d), inside(d)],
    select: () => `
select run, fn, count(*) as calls, sum(changes) as entries_changed, sum(flushes) as flushes,
  sum(flushed) as pages_flushed, ${ratio('sum(flushes)', 'sum(changes)', 3)} as flushes_per_entry
from inside group by run, fn
order by run, sum(flushes) desc, fn`,
  },
  {
    name: 'flushed-never-changed',
    with: (d) => [
      CALL,
      `flush as (
  select f.run as run, f.seq as seq, f.op as op, c.fn as call, f."by" as "by", f.va as va, f.size as size,
    f.page as page, c.first as first, coalesce(c.last, f.seq) as last
  from event f join call c on c.run = f.run and c.op = f.op
  where f.kind = ${kinds('tlb_flush')} and f.va is not null
)`,
      `stores as (
  select run, op, seq, va from event where ${changed(d)} and op is not null
)`,
      `useful as (
  select distinct f.run as run, f.seq as seq
  from flush f join stores w on w.run = f.run and w.op = f.op
  where w.seq >= f.first and w.seq <= f.last and w.va >= f.va and w.va - f.va < f.size
)`,
    ],
    select: (d) => `
select f.run as run, f.seq as seq, f.call as call, f."by" as "by", ${d.hex('f.va')} as va,
  ${d.quotient('f.size', 'f.page')} as pages
from flush f left join useful u on u.run = f.run and u.seq = f.seq
where u.seq is null
order by run, seq`,
  },
]
