import { LEVEL_NAMES } from '@pagetrail/engine'
import { FOREIGN_FUNCTIONS } from '../../event/flush-group.ts'
import { INLINING_FLAVOURS } from '../../event/kernel-shows.ts'
import { type Kind, KINDS } from '../../event/kinds.ts'

/** Flavours whose flushes are seen as instructions. */
export const INLINING = INLINING_FLAVOURS.map((flavour) => `'${flavour}'`).join(', ')

/** The numbers of kinds, for `kind in (…)` and `kind = …`. */
export const kinds = (...names: readonly Kind[]): string =>
  names.map((name) => KINDS[name].id).join(', ')

/** Events of the run: their ids lie together. */
export const IN_RUN = 'id >= :run << 32 and id < (:run + 1) << 32'
/** The same of table `event` by another name. */
export const inRun = (alias: string): string =>
  `${alias}.id >= :run << 32 and ${alias}.id < (:run + 1) << 32`

/** Position of an event in its run. */
export const seqOf = (id: string): string => `${id} & 4294967295`

/** Name of a level's number. */
export const levelName = (level: string): string =>
  `case ${level} ${LEVEL_NAMES.map((name, i) => `when ${i} then '${name}'`).join(' ')} end`

export const nameOf = (id: string): string => `(select text from name where id = ${id})`

/**
 * What distinguishes tasks besides their name: the idle tasks of all CPUs are called alike. Of events that only one of
 * them can have made this is null.
 */
export const idleCpu = (alias = ''): string => {
  const prefix = alias === '' ? '' : `${alias}.`
  return `case when ${prefix}task in (select id from name where text glob '*-0') then ${prefix}cpu end`
}

/** Unsigned hexadecimal; printf makes 0 of null. */
export const hexSql = (value: string): string =>
  `case when ${value} is not null then printf('0x%llx', ${value}) end`

/** Bytes in the run's pages; 4K where a trace did not say. */
export const PAGE_BYTES = '(select 1 << coalesce(page_shift, 12) from run where id = :run)'

/** Functions that flush what others unmapped lazily: how much that is follows from no argument of the call. */
export const FOREIGN_FLUSHES = FOREIGN_FUNCTIONS.map((fn) => `'${fn}'`).join(', ')
const FOREIGN = `select id from name where text in (${FOREIGN_FLUSHES})`
const TLBI = `kind = ${kinds('tlbi')}`
const FLUSH = `kind = ${kinds('tlb_flush')}`

/**
 * `instruction`: the run's dsb, tlbi, isb and flush functions with their call, and what they are. `orders`: a barrier,
 * `dsb ishst; isb`. `flushes`: a flush begins, a function's or, as 6.12 has it inside its callers, `dsb ishst; tlbi …`
 * alone; `pages` is what it asks for. `tlbis`: a TLBI. Flushes of others' areas and what an erratum has repeated are
 * left out, as `report` does.
 */
export const INSTRUCTIONS = `beside as (
  select id, op, kind, aux, size, va,
    coalesce(case when ${FLUSH} then aux when ${TLBI} then ret end in (${FOREIGN}), 0) as is_foreign,
    ${TLBI} and va is null and fn in (select id from name where text = 'vale1is') as repeats,
    lag(kind) over one as before, lag(aux) over one as before_scope, lag(kind, 2) over one as before_that,
    lead(kind) over one as next
  from event where ${IN_RUN} and kind in (${kinds('dsb', 'tlbi', 'isb', 'tlb_flush')})
  window one as (partition by cpu order by id)
), instruction as (
  select id, op, kind,
    not is_foreign and (${FLUSH} or ${TLBI} and before = ${kinds('dsb')} and before_scope = 0
      and before_that is not ${kinds('tlb_flush')}) as flushes,
    kind = ${kinds('dsb')} and aux = 0 and next = ${kinds('isb')} as orders,
    not is_foreign and not repeats and ${TLBI} as tlbis,
    case when is_foreign then null when ${FLUSH} then size / ${PAGE_BYTES}
      when ${TLBI} and va is not null then size end as pages
  from beside
)`
