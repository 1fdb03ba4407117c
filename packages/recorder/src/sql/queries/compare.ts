import { PMD, PTE, PUD } from '@pagetrail/engine'

import type { Kind } from '../../event/kinds.ts'
import type { Query } from './query.ts'
import { FOREIGN_FLUSHES, IN_RUN, INLINING, kinds, nameOf, PAGE_BYTES } from './sql-text.ts'

const LEAFS = `'change_page_range', 'pageattr_pte_entry', 'pageattr_pmd_entry', 'pageattr_pud_entry'`
const PERMISSION = `'change_memory_common', 'set_memory_valid', 'secretmem_fault'`
const UNMAPPING = `${FOREIGN_FLUSHES}, 'vunmap_range', 'vm_area_unmap_pages'`

/** How a database of runs, or a folder of them, says what the columns of `compare` count. */
export interface CompareWords {
  readonly kinds: (...names: readonly Kind[]) => string
  readonly level: (level: number) => string
  /** Scope of `dsb ishst`. */
  readonly ishst: string
  /** How many of the run's pages the `bytes` of rows are. */
  readonly pages: (where: string) => string
}

/**
 * Columns of what a run did, from rows (kind, level, fn, by, scope, same, with_operand) with their number `n`, and
 * `inlined`: it flushes as 6.12 does, `lean`: its writes were inferred.
 */
export function compareColumns({ kinds, level, ishst: scope, pages }: CompareWords): string[] {
  const entered = `kind in (${kinds('op_begin', 'span_begin')})`
  const spans = `kind = ${kinds('span_begin')}`
  const callbacks = `kind = ${kinds('cb_enter')}`
  const writes = `kind = ${kinds('desc_write')}`
  const ishst = `kind = ${kinds('dsb')} and scope = ${scope}`
  const flushes = `kind = ${kinds('tlb_flush')}`
  const tlbis = `kind = ${kinds('tlbi')}`
  const permission = `${flushes} and "by" in (${PERMISSION})`
  return [
    count('events', `kind not in (${kinds('context', 'gap')}) and not (lean and ${writes})`),
    count('set_memory*', `${entered} and substr(fn, 1, 11) = 'set_memory_'`),
    count('set_direct*', `${entered} and fn like 'set_direct_map_%_noflush'`),
    count(
      'ranges',
      `kind = ${kinds('walk_begin')} and fn = 'apply_to_page_range'
    or ${spans} and fn = 'update_range_prot'`,
    ),
    count('pte_cb', `${callbacks} and level = ${level(PTE)}`),
    count('pud+pmd_cb', `${callbacks} and level in (${level(PUD)}, ${level(PMD)})`),
    count('stores_chg', `${writes} and not same`),
    count('stores_same', `${writes} and same`),
    count('dsb_ishst@leaf', `${ishst} and fn in (${LEAFS})`),
    count('lazy_queue', `kind = ${kinds('barrier_queue')} and fn in (${LEAFS})`),
    count('dsb_ishst@range', `${ishst} and fn in ('__apply_to_page_range', 'update_range_prot')`),
    count('flush_perm', permission, `${spans} and fn = '__change_memory_common'`),
    `case when inlined
    then ${total(`${tlbis} and "by" = '__change_memory_common' and insn = 'vaale1is'`)}
    else ${pages(permission)}
  end as flush_perm_pages`,
    `case when inlined then ${total(`${tlbis} and (with_operand or insn = 'vmalle1is')
    and "by" in ('__change_memory_common', 'secretmem_fault')`)} end as tlbi_perm`,
    count(
      'flush_vmalloc',
      `${flushes} and "by" not in (${PERMISSION})`,
      `${ishst} and fn in (${UNMAPPING})`,
    ),
    count('split_locked', `${spans} and fn = 'split_kernel_leaf_mapping_locked'`),
    count('split_pmd', `kind = ${kinds('split')} and level = ${level(PMD)}`),
    count('split_pud', `kind = ${kinds('split')} and level = ${level(PUD)}`),
  ]
}

const total = (condition: string): string => `coalesce(sum(n) filter (where ${condition}), 0)`

/** Name of a column and how many events it counts; 6.12 may have other ones. */
const count = (name: string, where: string, in612 = where): string => {
  const value =
    in612 === where
      ? total(where)
      : `case when inlined then ${total(in612)} else ${total(where)} end`
  return `${value} as "${name}"`
}

const COLUMNS = compareColumns({
  kinds,
  level: String,
  ishst: '0',
  pages: (where) => `cast(total(bytes) filter (where ${where}) as integer) / ${PAGE_BYTES}`,
})

/**
 * One row: what the run did, in counts that any kernel shows. 6.12 flushes inside its callers, so its flushes
 * are counted by what they consist of; from 6.17 on they are calls.
 */
export const COMPARE: Query = {
  name: 'compare',
  title: 'What the run did in one row: calls, callbacks, stores, barriers, flushes, splits',
  sql: `
with counted as (
  select kind, level, fn, old is new as same,
    case kind when ${kinds('tlb_flush')} then aux when ${kinds('tlbi')} then ret end as by,
    case when kind = ${kinds('dsb')} then aux end as scope,
    aux is not null as with_operand,
    count(*) as n, total(size) as bytes
  from event where ${IN_RUN}
  group by 1, 2, 3, 4, 5, 6, 7
), c as (
  select kind, level, same, scope, with_operand, n, bytes, ${nameOf('fn')} as fn, ${nameOf('fn')} as insn,
    ${nameOf('by')} as by
  from counted
), r as (
  select coalesce(flavour in (${INLINING}), 0) as inlined, facts ->> 'definitions' is 'lean' as lean from run where id = :run
)
select
  ${COLUMNS.join(',\n  ')}
from c, r`,
}
