import { InputError } from '@pagetrail/engine'
import { didYouMean } from '../../event/nearest.ts'

import { COMPARE } from './compare.ts'
import { COST_QUERIES } from './cost-queries.ts'
import { STRUCTURE_QUERIES } from './structure-queries.ts'
import { LEAF_MASKS } from './leaf-masks.ts'
import type { Query } from './query.ts'

/** All of them, in the order in which they are listed. */
export const QUERIES: readonly Query[] = [
  COMPARE,
  LEAF_MASKS,
  ...COST_QUERIES,
  ...STRUCTURE_QUERIES,
]

/** The query of this name; InputError naming what is near. */
export function findQuery(name: string): Query {
  const query = QUERIES.find((q) => q.name === name)
  if (query) return query
  const names = QUERIES.map((q) => q.name)
  throw new InputError(
    `there is no query ${name}${didYouMean(name, names)}; there are ${names.join(', ')}`,
  )
}

/** The statement with the run's number in place of its parameter, for where none can be bound. */
export const queryText = (query: Query, run: number): string =>
  query.sql.replaceAll(':run', String(run))

/** What a prompt for SQL begins with, before any question. */
export const STARTING_QUERIES = {
  runs: { name: 'runs', title: 'the runs', sql: 'select * from run' },
  stores: {
    name: 'stores',
    title: 'stores of this run',
    sql: 'select * from desc_write where run = :run limit 100',
  },
} as const satisfies Readonly<Record<string, Query>>
