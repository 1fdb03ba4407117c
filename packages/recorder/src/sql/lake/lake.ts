import { findQuery } from '../queries/queries.ts'
import { COMPARE } from './compare.ts'
import { COSTS } from './costs.ts'
import { DIALECTS, type Engine } from './dialect.ts'
import { eventTable } from './lake-text.ts'
import type { LakeQuery } from './lake-query.ts'
import { STRUCTURE } from './structure.ts'

const LAKE_QUERIES: ReadonlyMap<string, LakeQuery> = new Map(
  [COMPARE, ...COSTS, ...STRUCTURE].map((query) => [query.name, query]),
)

/**
 * A ready query as one statement for an engine that reads the folder `exportParquet` writes runs to: its rows for every
 * run of the folder, with the run's key as the first column. InputError naming what is near.
 */
export function lakeQuery(name: string, engine: Engine, folder: string): string {
  const query = LAKE_QUERIES.get(findQuery(name).name)
  if (query === undefined) throw new Error(`ready query ${name} has no form for a folder of runs`)
  const d = DIALECTS[engine]
  const tables = [eventTable(d, folder), ...query.with(d)]
  return `with ${tables.join(', ')}${query.select(d)}${d.tail}`
}
