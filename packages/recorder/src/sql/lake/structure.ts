import { CALL, kinds, LANE, stored } from './lake-text.ts'
import type { LakeQuery } from './lake-query.ts'

/** What runs consist of, and what is odd about them. */
export const STRUCTURE: readonly LakeQuery[] = [
  {
    name: 'longest-lazy',
    with: (d) => [
      stored(d, 'lazy_mmu_enter', 'lazy_mmu_leave'),
      `edges as (
  select *, lead(seq, 1) over w as last, lead(kind, 1) over w as closing, lead(ts, 1) over w as end_ts,
    lead(writes, 1) over w - writes as written, lead(queued, 1) over w - queued as put_off
  from stored where kind in (${kinds('lazy_mmu_enter', 'lazy_mmu_leave')})
  window w as (partition by ${LANE} order by seq)
)`,
      `longest as (
  select *, row_number() over (partition by run order by last - seq desc, seq) as place
  from edges where kind = ${kinds('lazy_mmu_enter')} and closing = ${kinds('lazy_mmu_leave')}
)`,
    ],
    select: () => `
select run, seq, fn, task, last - seq as events, end_ts - ts as ns, written as writes, put_off as queued
from longest where place <= 20
order by run, events desc, seq`,
  },
  {
    name: 'calls',
    with: () => [CALL],
    select: (d) => `
select run, fn, count(*) as calls, count(*) filter (where ret < 0) as failed,
  count(*) filter (where last is null) as unfinished,
  coalesce(${d.quotient(`sum(${d.wide('size')})`, 'max(page)')}, 0) as pages,
  ${d.quotient('max(size)', 'max(page)')} as largest
from call group by run, fn
order by run, calls desc, fn`,
  },
  {
    name: 'callbacks',
    with: (d) => [
      stored(d, 'cb_enter', 'cb_exit'),
      `entered as (
  select run, kind, fn, lead(writes, 1) over w - writes as written, lead(changes, 1) over w - changes as changed
  from stored where kind in (${kinds('cb_enter', 'cb_exit')})
  window w as (partition by ${LANE}, nest order by seq)
)`,
    ],
    select: () => `
select run, fn, count(*) as entered, count(*) filter (where written > 0) as wrote,
  count(*) filter (where changed > 0) as changed
from entered where kind = ${kinds('cb_enter')}
group by run, fn
order by run, entered desc, fn`,
  },
  {
    name: 'contexts',
    with: () => [
      `marks as (
  select run, seq, kind, fn, cpu,
    max(case when kind = ${kinds('context')} then seq end) over (partition by run, cpu order by seq) as mark
  from event where kind in (${kinds('op_begin', 'context')})
)`,
      `begun as (
  select b.run as run, b.fn as fn, b.cpu as cpu, coalesce(m.fn, 'task') as context
  from marks b left join marks m on m.run = b.run and m.seq = b.mark
  where b.kind = ${kinds('op_begin')}
)`,
    ],
    select: () => `
select run, context, cpu, fn, count(*) as calls
from begun group by run, context, cpu, fn
order by run, calls desc, context, cpu, fn`,
  },
  {
    name: 'unknown-events',
    with: () => [],
    select: () => `
select run, "event", count(*) as events, min(seq) as first, min(fields) as example
from event where kind = ${kinds('ftrace')}
group by run, "event"
order by run, events desc, "event"`,
  },
  {
    name: 'gaps',
    with: () => [],
    select: () => `
select run, seq, cpu, task, reason, lost
from event where kind = ${kinds('gap')}
order by run, seq`,
  },
  {
    name: 'leaf-masks',
    with: () => [
      `beside as (
  select run, seq, kind, level, va, old, new,
    max(case when kind = ${kinds('cb_enter')} then seq end) over (
      partition by ${LANE}, case when kind = ${kinds('cb_enter')} then nest else nest - 1 end order by seq
    ) as callback
  from event
  where kind = ${kinds('cb_enter')} or kind = ${kinds('desc_write')} and nest > 0 and va is not null
)`,
      `entered as (
  select run, seq, level, fn, "set", clear from event where kind = ${kinds('cb_enter')}
)`,
    ],
    select: (d) => {
      const expected = d.masked('w.old', 'c.clear', 'c."set"')
      return `
select w.run as run, w.seq as seq, c.fn as fn, ${d.hex('w.va')} as va, ${d.hex('w.old')} as old,
  ${d.hex('c."set"')} as "set", ${d.hex('c.clear')} as clear, ${d.hex('w.new')} as new,
  ${d.hex(expected)} as expected
from beside w join entered c on c.run = w.run and c.seq = w.callback
where w.kind = ${kinds('desc_write')} and w.level = c.level and w.new <> ${expected}
order by run, seq`
    },
  },
  {
    name: 'idle-walks',
    with: (d) => [
      CALL,
      stored(d, 'walk_begin', 'walk_end'),
      `walks as (
  select run, kind, op, fn, lead(writes, 1) over w - writes as written, lead(changes, 1) over w - changes as changed
  from stored where kind in (${kinds('walk_begin', 'walk_end')})
  window w as (partition by ${LANE}, nest order by seq)
)`,
    ],
    select: () => `
select w.run as run, c.fn as call, w.fn as walk, count(*) as walks, count(*) filter (where changed = 0) as idle,
  sum(written) filter (where changed = 0) as writes_in_vain
from walks w left join call c on c.run = w.run and c.op = w.op
where w.kind = ${kinds('walk_begin')} and w.written is not null
group by w.run, c.fn, w.fn having count(*) filter (where changed = 0) > 0
order by run, idle desc, call, walk`,
  },
]
