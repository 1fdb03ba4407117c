import type { Query } from './query.ts'
import { hexSql, idleCpu, inRun, kinds, nameOf, seqOf } from './sql-text.ts'

/**
 * The rule of change_page_range() and of the pageattr callbacks. A write's callback is the last one entered before it
 * on its task, one level up in the call tree.
 */
export const LEAF_MASKS: Query = {
  name: 'leaf-masks',
  title:
    'Writes of leaf callbacks whose new value is not (old & ~clear) | set: none, on a kernel that works',
  sql: `
with written as (
  select w.id, w.level, w.va, w.old, w.new,
    (select c.id from event c
      where c.id < w.id and c.id >= :run << 32
        and c.kind = ${kinds('cb_enter')} and c.task is w.task and c.nest = w.nest - 1
        and ${idleCpu('c')} is ${idleCpu('w')}
      order by c.id desc limit 1) as callback
  from event w
  where ${inRun('w')} and w.kind = ${kinds('desc_write')} and w.nest > 0 and w.va is not null
)
select ${seqOf('w.id')} as seq, ${nameOf('c.fn')} as fn, ${hexSql('w.va')} as va,
  ${hexSql('w.old')} as old, ${hexSql('c.new')} as "set", ${hexSql('c.aux')} as clear,
  ${hexSql('w.new')} as new, ${hexSql('(w.old & ~c.aux) | c.new')} as expected
from written w join event c on c.id = w.callback
where w.level = c.level and w.new <> (w.old & ~c.aux) | c.new
order by w.id`,
}
