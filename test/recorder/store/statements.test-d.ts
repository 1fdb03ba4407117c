import Sqlite from 'better-sqlite3'
import { expectTypeOf, test } from 'vitest'

import type { ColumnsOf } from '../../../packages/recorder/src/event/event-columns.ts'
import { BIND, build } from '../../../packages/recorder/src/store/schema.ts'
import { prepare, selectAll } from '../../../packages/recorder/src/store/statements.ts'

declare const db: Sqlite.Database

test('rows are typed by the select list', () => {
  const calls = build.selectFrom('call').select(['op', 'fn', 'last']).where('run', '=', BIND)
  expectTypeOf(selectAll(db, calls)).toEqualTypeOf<
    { op: bigint; fn: bigint | null; last: bigint | null }[]
  >()
  expectTypeOf(prepare(db, calls).get(1)).toEqualTypeOf<
    { op: bigint; fn: bigint | null; last: bigint | null } | undefined
  >()
  // @ts-expect-error a column that the table does not have
  build.selectFrom('call').select('of')
  expectTypeOf(selectAll(db, calls)[0]!).not.toHaveProperty('cpu')
})

test('the columns of events that are always set, and those of 64 bits', () => {
  expectTypeOf<ColumnsOf<'always'>>().toEqualTypeOf<'cpu' | 'nest' | 'kind'>()
  expectTypeOf<ColumnsOf<'word'>>().toEqualTypeOf<'va' | 'size' | 'old' | 'new' | 'aux'>()
})
