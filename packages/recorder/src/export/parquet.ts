import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import type { TraceEvent } from '../event/kinds.ts'
import type { EventSource, Run } from '../event/run.ts'
import { openPending, type PendingFile } from './atomic-file.ts'
import {
  putWideCells,
  RUN_COLUMNS,
  TABLE_COLUMNS,
  type WideColumn,
  type WideType,
  type WideValue,
} from './columns.ts'
import { jsonlHeader } from './jsonl.ts'
import { rowGroups } from './row-groups.ts'
import { SUMMARY_COLUMNS, summaryOf } from './summary.ts'

/**
 * Integers carry the converted type alone, from which every reader derives the logical one: hyparquet-writer 0.17
 * encodes the width of a logical INTEGER as i32 where the format wants i8, and strict readers refuse the footer.
 */
const PHYSICAL: Readonly<Record<WideType, Omit<SchemaElement, 'name'>>> = {
  u64: { type: 'INT64', converted_type: 'UINT_64' },
  i64: { type: 'INT64', converted_type: 'INT_64' },
  i32: { type: 'INT32' },
  bool: { type: 'BOOLEAN' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
}

const COLUMNS: readonly WideColumn[] = [...TABLE_COLUMNS, ...RUN_COLUMNS]

const schemaOf = (name: string, columns: readonly WideColumn[]): SchemaElement[] => [
  { name, num_children: columns.length },
  ...columns.map(({ name: column, type }): SchemaElement => {
    return { name: column, repetition_type: 'OPTIONAL', ...PHYSICAL[type] }
  }),
]

export interface ParquetOptions {
  /** Value of the partition `run=`; the run's id by default. Distinct for every run in one folder. */
  readonly key?: string
  readonly signal?: AbortSignal
  /** Called after each row group with the number of events written so far. */
  readonly progress?: (events: number) => void
}

export interface ParquetReport {
  readonly path: string
  /** Rows: of a run its events. */
  readonly events: number
  readonly bytes: number
}

/**
 * Writes a run as `folder/run=<key>/part-0000.parquet`, the layout in which DuckDB, Spark, Trino and ClickHouse read a
 * folder of runs as one table with the column `run`. The columns are those of the wide table and what the run's row
 * says, which is also in the footer under `pagetrail`. Rows stand by kind and function, those of one in the order of
 * the run. The file appears whole or not at all.
 */
export function exportParquet(
  source: EventSource,
  folder: string,
  options: ParquetOptions = {},
): Promise<ParquetReport> {
  const { run } = source
  const path = parquetPath(run.id, folder, options.key)
  return writeFile(path, run, 'event', COLUMNS, eventGroups(source), options)
}

/**
 * Writes one row about a run, as {@link summaryOf} has it, as `folder/summary/run=<key>/part-0000.parquet`: beside the
 * runs themselves, where a pattern for those does not find it.
 */
export function exportSummary(
  source: EventSource,
  folder: string,
  options: ParquetOptions = {},
): Promise<ParquetReport> {
  const { run } = source
  const path = summaryPath(run.id, folder, options.key)
  const cells = summaryOf(source)
  const group = SUMMARY_COLUMNS.map(({ name }, i) => ({ name, data: [cells[i]!] }))
  return writeFile(path, run, 'summary', SUMMARY_COLUMNS, [group], options)
}

/** The file of a run in a folder of them. */
export const parquetPath = (run: number, folder: string, key: string = String(run)): string =>
  join(folder, `run=${encodeURIComponent(key)}`, 'part-0000.parquet')

/** The file of the row about a run in a folder of runs. */
export const summaryPath = (run: number, folder: string, key?: string): string =>
  parquetPath(run, join(folder, 'summary'), key)

async function writeFile(
  path: string,
  run: Run,
  name: string,
  columns: readonly WideColumn[],
  groups: Iterable<ColumnSource[]>,
  options: ParquetOptions,
): Promise<ParquetReport> {
  mkdirSync(dirname(path), { recursive: true })
  const file = openPending(path)
  try {
    const written = await writeGroups(run, file, schemaOf(name, columns), groups, options)
    file.commit()
    return { path, ...written }
  } catch (error) {
    file.discard()
    throw error
  }
}

async function writeGroups(
  run: Run,
  file: PendingFile,
  schema: SchemaElement[],
  groups: Iterable<ColumnSource[]>,
  { signal, progress }: ParquetOptions,
): Promise<{ events: number; bytes: number }> {
  const bytes = new ByteWriter(1 << 20)
  const drain = () => {
    file.write(bytes.getBytes())
    bytes.index = 0
  }
  const writer = new ParquetWriter({
    writer: bytes,
    schema,
    statisticsTruncateLength: LONGEST_NAME,
    codec: 'ZSTD',
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    kvMetadata: [{ key: 'pagetrail', value: JSON.stringify(jsonlHeader(run)) }],
    createdBy: 'pagetrail',
  })
  let events = 0
  for (const columnData of groups) {
    const rowGroupSize = columnData[0]!.data.length
    await writer.write({ columnData, rowGroupSize })
    drain()
    events += rowGroupSize
    progress?.(events)
    await setImmediate()
    signal?.throwIfAborted()
  }
  await writer.finish()
  drain()
  return { events, bytes: bytes.offset }
}

/** Bytes of the least and greatest text that are kept: names of functions begin alike. */
const LONGEST_NAME = 64

/** Columns by whose least and greatest value a reader can pass over a row group. */
const PRUNED: ReadonlySet<string> = new Set(
  ['label', 'flavour', 'kernel', 'scenario', 'seq', 'ts', 'op', 'va', 'kind', 'fn'].concat(
    RUN_COLUMNS.map(({ name }) => name),
  ),
)

/** Columns that rise, or nearly so, while kind and function stay the same: small steps from row to row. */
const DELTA = { encoding: 'DELTA_BINARY_PACKED' } as const
const RISING = new Set(['seq', 'ts', 'op'])

function* eventGroups(source: EventSource): Generator<ColumnSource[]> {
  for (const group of rowGroups(source.events())) yield columnsOf(source.run, group)
}

/** Events as columns; most of most rows is null. */
function columnsOf(run: Run, events: readonly TraceEvent[]): ColumnSource[] {
  const data = COLUMNS.map(() => Array.from<WideValue>({ length: events.length }).fill(null))
  for (const [row, event] of events.entries()) {
    putWideCells(run, event, (column, value) => {
      data[column]![row] = value
    })
  }
  for (const [i, { of }] of RUN_COLUMNS.entries()) data[TABLE_COLUMNS.length + i]!.fill(of(run))
  return COLUMNS.map(({ name }, i): ColumnSource => {
    const column = {
      name,
      data: data[i]!,
      statistics: PRUNED.has(name),
      // Groups of several kinds hold names from far apart: this says which are not among them.
      bloomFilter: name === 'fn',
    }
    return RISING.has(name) ? Object.assign(column, DELTA) : column
  })
}
