import { LEVEL_NAMES } from '@pagetrail/engine'
import { compareColumns } from '../queries/compare.ts'
import { INLINING } from '../queries/sql-text.ts'
import type { Dialect } from './dialect.ts'
import type { LakeQuery } from './lake-query.ts'
import { kinds } from './lake-text.ts'

const columns = (d: Dialect): string[] =>
  compareColumns({
    kinds,
    level: (level) => `'${LEVEL_NAMES[level]}'`,
    ishst: "'ishst'",
    pages: (where) => d.quotient(`coalesce(sum(bytes) filter (where ${where}), 0)`, 'max(page)'),
  })

export const COMPARE: LakeQuery = {
  name: 'compare',
  with: (d) => [
    `counted as (
  select run, kind, level, fn, insn, "by", scope, page, not (${d.differs('old', 'new')}) as same,
    operand is not null as with_operand, coalesce(flavour, '') in (${INLINING}) as inlined,
    coalesce(${d.jsonText('facts', 'definitions')}, '') = 'lean' as lean,
    count(*) as n, sum(${d.wide('size')}) as bytes
  from event
  group by run, kind, level, fn, insn, "by", scope, page, same, with_operand, inlined, lean
)`,
  ],
  select: (d) => `
select run,
  ${columns(d).join(',\n  ')}
from counted group by run, inlined
order by run`,
}
