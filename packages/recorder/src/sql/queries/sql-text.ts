import { type Kind, KINDS } from '../../event/kinds.ts'

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

export const nameOf = (id: string): string => `(select text from name where id = ${id})`

/**
 * What tells tasks apart besides their name: the idle tasks of all CPUs are called alike. Of events that only one of
 * them can have made this is null.
 */
export const idleCpu = (alias = ''): string => {
  const prefix = alias === '' ? '' : `${alias}.`
  return `case when ${prefix}task in (select id from name where text glob '*-0') then ${prefix}cpu end`
}

/** Unsigned hexadecimal; printf makes 0 of null. */
export const hexOf = (value: string): string =>
  `case when ${value} is not null then printf('0x%llx', ${value}) end`

/** Bytes in the run's pages; 4K where a trace did not tell. */
export const PAGE_BYTES = '(select 1 << coalesce(page_shift, 12) from run where id = :run)'
