import {
  DummyDriver,
  type Generated,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

import type { ColumnsOf, EventColumn } from '../event/event-columns.ts'
import type { RunOrigin, StoredState } from '../event/run.ts'

/** `event.id` is run · 2^32 + seq. */
export const RUN_SHIFT = 0x1_0000_0000

/** The tables as kysely knows them; rows come back from better-sqlite3 with every integer a bigint. */
export interface Schema {
  run: RunTable
  name: { id: Generated<bigint>; text: string }
  name_use: { run: bigint; name: bigint; first: bigint }
  event: EventTable
  call: CallTable
  batch: { run: bigint; first: bigint; count: bigint; kinds: bigint; digest: Uint8Array }
  snapshot: SnapshotTable
  mark: { run: bigint; seq: bigint; text: string }
}

interface SnapshotTable {
  run: bigint
  projection: string
  version: bigint
  seq: bigint
  body: Uint8Array
  digest: Uint8Array
}

interface RunTable {
  id: Generated<bigint>
  label: string
  source: RunOrigin
  state: StoredState
  flavour: string | null
  kernel: string | null
  scenario: string | null
  page_shift: bigint | null
  va_bits: bigint | null
  levels: bigint | null
  facts: string
  t0: bigint | null
  created: bigint
  events: bigint
  calls: bigint
  lost: bigint
  seal: Uint8Array | null
}

type EventTable = {
  [C in EventColumn]: C extends ColumnsOf<'rowid' | 'always'>
    ? bigint
    : C extends ColumnsOf<'text' | 'rare text'>
      ? string | null
      : bigint | null
}

interface CallTable {
  run: bigint
  op: bigint
  fn: bigint | null
  va: bigint | null
  size: bigint | null
  ret: bigint | null
  task: bigint | null
  cpu: bigint
  first: bigint
  last: bigint | null
}

/** Writes SQL, runs none: statements are compiled here once and prepared by better-sqlite3. */
export const build = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})

/** A value that the statement's user will bind; kysely writes `?` for it. */
export const BIND = 0n
/** The same for text. */
export const BIND_TEXT = ''
