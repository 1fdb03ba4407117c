import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import type { EventSource } from '../event/run.ts'
import { openPending, type PendingFile } from './atomic-file.ts'
import { putWideCells, WIDE_COLUMNS, type WideType, type WideValue } from './columns.ts'
import { jsonlHeader } from './jsonl.ts'

/** Events per row group: the most that is held in memory, and the unit in which engines read in parallel. */
const PARQUET_GROUP_EVENTS = 65_536

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
}

const SCHEMA: SchemaElement[] = [
  { name: 'event', num_children: WIDE_COLUMNS.length },
  ...WIDE_COLUMNS.map(({ name, type }): SchemaElement => {
    return { name, repetition_type: 'OPTIONAL', ...PHYSICAL[type] }
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
  readonly events: number
  readonly bytes: number
}

/**
 * Writes a run as `folder/run=<key>/part-0000.parquet`, the layout in which DuckDB, Spark, Trino and ClickHouse read a
 * folder of runs as one table with the column `run`. The columns are those of the wide table; the run's own facts are
 * in the footer under `pagetrail`. The file appears whole or not at all.
 */
export async function exportParquet(
  source: EventSource,
  folder: string,
  options: ParquetOptions = {},
): Promise<ParquetReport> {
  const path = parquetPath(source.run.id, folder, options.key)
  mkdirSync(dirname(path), { recursive: true })
  const file = openPending(path)
  try {
    const written = await writeGroups(source, file, options)
    file.commit()
    return { path, ...written }
  } catch (error) {
    file.discard()
    throw error
  }
}

/** The file of a run in a folder of them. */
export const parquetPath = (run: number, folder: string, key: string = String(run)): string =>
  join(folder, `run=${encodeURIComponent(key)}`, 'part-0000.parquet')

async function writeGroups(
  source: EventSource,
  file: PendingFile,
  { signal, progress }: ParquetOptions,
): Promise<{ events: number; bytes: number }> {
  const bytes = new ByteWriter(1 << 20)
  const drain = () => {
    file.write(bytes.getBytes())
    bytes.index = 0
  }
  const writer = new ParquetWriter({
    writer: bytes,
    schema: SCHEMA,
    codec: 'ZSTD',
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    kvMetadata: [{ key: 'pagetrail', value: JSON.stringify(jsonlHeader(source.run)) }],
    createdBy: 'pagetrail',
  })
  let events = 0
  for (const group of rowGroups(source)) {
    const rowGroupSize = group[0]!.data.length
    await writer.write({ columnData: group, rowGroupSize })
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

interface GroupColumn {
  readonly name: string
  readonly data: WideValue[]
  readonly statistics: boolean
}

/** Columns by whose least and greatest value a reader can pass over a row group. */
const PRUNED = new Set(['label', 'flavour', 'kernel', 'scenario', 'seq', 'ts', 'op', 'va', 'kind'])

function* rowGroups(source: EventSource): Generator<GroupColumn[]> {
  let room = FIRST_ROOM
  let group = emptyGroup(room)
  let length = 0
  const put = (column: number, value: WideValue) => {
    group[column]!.data[length] = value
  }
  for (const event of source.events()) {
    if (length === room) {
      room *= 2
      for (const { data } of group) data.push(...nulls(room - length))
    }
    putWideCells(source.run, event, put)
    if (++length < PARQUET_GROUP_EVENTS) continue
    yield group
    group = emptyGroup(room)
    length = 0
  }
  for (const { data } of group) data.length = length
  if (length > 0) yield group
}

/** Rows of a group that there is room for at first, doubled up to a whole group: most runs are short. */
const FIRST_ROOM = 1024

const nulls = (length: number): null[] => Array.from<null>({ length }).fill(null)

/** Most columns of most rows are null. */
const emptyGroup = (room: number): GroupColumn[] =>
  WIDE_COLUMNS.map(({ name }) => ({ name, data: nulls(room), statistics: PRUNED.has(name) }))
