import { bigintOf, fromVa, hexOf, InputError, LEVEL_NAMES, type LevelName } from '@pagetrail/engine'
import type Sqlite from 'better-sqlite3'

import { descriptorParts } from '../descriptor/text.ts'
import { runGeometry } from '../descriptor/run-geometry.ts'
import { stateAt } from '../tables/state-at.ts'
import type { RunFile } from '../store/run-file.ts'
import type { SqlValue } from './query-protocol.ts'

/** The columns of page_table(run, seq), with what they hold; docs/sql.md lists them. */
export const PAGE_TABLE_COLUMNS = {
  level: 'name of the entry’s level',
  va: 'base of what it translates, `0x…`',
  size: 'bytes that it translates',
  desc: 'the descriptor, `0x…`',
  form: '`page`, `block`, `present-invalid`, `invalid` or `reserved`',
  access: 'EL1 permissions, `rw-`',
  memory: 'memory type, `normal`',
  pa: 'output address, `0x…`',
} as const

/**
 * Registers `page_table(run, seq)`: every leaf of the run's page tables after event seq (the last by default), one row
 * an entry. The state is folded on `trace`, another connection, since this one is in the middle of the query.
 */
export function registerPageTable(db: Sqlite.Database, runFile: RunFile): void {
  db.table('page_table', {
    columns: Object.keys(PAGE_TABLE_COLUMNS),
    parameters: ['run', 'seq'],
    safeIntegers: true,
    *rows(run, seq) {
      yield* leaves(runFile, run, seq)
    },
  })
}

function* leaves(runFile: RunFile, runId: unknown, seq: unknown): Generator<SqlValue[]> {
  const run = runFile.runs().find(({ id }) => BigInt(id) === runId)
  if (!run)
    throw new InputError(
      `page_table(): there is no run ${String(runId)}; see: select id, label from run`,
    )
  if (seq !== undefined && seq !== null && typeof seq !== 'bigint') {
    throw new InputError(`page_table(): seq has to be a whole number, got ${String(seq)}`)
  }
  const state = stateAt(runFile, run, seq === undefined || seq === null ? undefined : Number(seq))
  const geometry = runGeometry(run)
  const entries: number[] = []
  state.eachLeaf((level, address, lo, hi) => entries.push(level, address, lo, hi))
  for (let at = 0; at < entries.length; at += 4) {
    const [level, address, lo, hi] = entries.slice(at, at + 4) as [number, number, number, number]
    const name: LevelName = LEVEL_NAMES[level] ?? 'pte'
    const desc = bigintOf(lo, hi)
    const { form, access, memory, pa } = descriptorParts(desc, name, geometry)
    const size = BigInt(state.entrySize(level))
    yield [name, hexOf(fromVa(address)), size, hexOf(desc), form, access, memory, hexOf(pa)]
  }
}
