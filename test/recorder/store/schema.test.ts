import { openRuns } from '@pagetrail/recorder'
import type { Selectable } from 'kysely'
import { expect, expectTypeOf, test } from 'vitest'

import { COLUMN_NAMES } from '../../../packages/recorder/src/event/event-columns.ts'
import type { Schema } from '../../../packages/recorder/src/store/schema.ts'
import { database } from '../../support/stored.ts'

/** The tables of a file, as `pragma table_info` is to give them: type, and whether it may be null. */
const TABLES = {
  run: {
    id: 'integer',
    label: 'text',
    source: 'text',
    state: 'text',
    flavour: 'text?',
    kernel: 'text?',
    scenario: 'text?',
    page_shift: 'integer?',
    va_bits: 'integer?',
    levels: 'integer?',
    facts: 'text',
    t0: 'integer?',
    created: 'integer',
    events: 'integer',
    calls: 'integer',
    lost: 'integer',
    seal: 'blob?',
  },
  name: { id: 'integer', text: 'text' },
  name_use: { run: 'integer', name: 'integer', first: 'integer' },
  event: {
    id: 'integer',
    ts: 'integer?',
    cpu: 'integer',
    task: 'integer?',
    op: 'integer?',
    nest: 'integer',
    kind: 'integer',
    level: 'integer?',
    fn: 'integer?',
    va: 'integer?',
    size: 'integer?',
    old: 'integer?',
    new: 'integer?',
    aux: 'integer?',
    ret: 'integer?',
    extra: 'text?',
    more: 'text?',
  },
  call: {
    run: 'integer',
    op: 'integer',
    fn: 'integer?',
    va: 'integer?',
    size: 'integer?',
    ret: 'integer?',
    task: 'integer?',
    cpu: 'integer',
    first: 'integer',
    last: 'integer?',
  },
  batch: { run: 'integer', first: 'integer', count: 'integer', kinds: 'integer', digest: 'blob' },
  snapshot: {
    run: 'integer',
    projection: 'text',
    version: 'integer',
    seq: 'integer',
    body: 'blob',
    digest: 'blob',
  },
  mark: { run: 'integer', seq: 'integer', text: 'text' },
} as const

interface Types {
  integer: bigint
  'integer?': bigint | null
  text: string
  'text?': string | null
  blob: Uint8Array
  'blob?': Uint8Array | null
}

type Rows = {
  -readonly [T in keyof typeof TABLES]: {
    -readonly [C in keyof (typeof TABLES)[T]]: (typeof TABLES)[T][C] extends keyof Types
      ? Types[(typeof TABLES)[T][C]]
      : never
  }
}

/** A text column that holds one of a few words is declared as these. */
type Wide<T> = T extends string ? string : T
type Declared = {
  [T in keyof Schema]: {
    [C in keyof Selectable<Schema[T]>]: Wide<Selectable<Schema[T]>[C]>
  }
}

test('kysely is told what a file has: every table and column, in order, with type and null', async () => {
  expectTypeOf<Declared>().toEqualTypeOf<Rows>()
  const runFile = await openRuns(await database(), { mode: 'read' })
  const { db } = runFile
  const infoOf = (table: string) =>
    db
      .prepare<[string], { name: string; type: string; notnull: bigint; pk: bigint }>(
        'select name, lower(type) as type, "notnull", pk from pragma_table_info(?)',
      )
      .all(table)
  const columnsOf = (table: string) =>
    infoOf(table).map(({ name, type, notnull, pk }) => [name, notnull || pk ? type : `${type}?`])
  const names = db
    .prepare<[], string>(
      `select name from sqlite_schema where type = 'table' and name not like 'kysely%' and name not like 'sqlite%'`,
    )
    .pluck()
    .all()
  expect(names.toSorted()).toEqual(Object.keys(TABLES).toSorted())
  for (const [table, columns] of Object.entries(TABLES)) {
    expect(columnsOf(table), table).toEqual(Object.entries(columns))
  }
  expect(COLUMN_NAMES).toEqual(Object.keys(TABLES.event))
  runFile.close()
})
