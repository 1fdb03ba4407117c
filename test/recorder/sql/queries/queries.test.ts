import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { importFile } from '../../../../packages/recorder/src/import/import.ts'
import { reportRun } from '../../../../packages/recorder/src/report/report-runs.ts'
import {
  findQuery,
  QUERIES,
  queryText,
} from '../../../../packages/recorder/src/sql/queries/queries.ts'
import { openRuns, type RunFile } from '../../../../packages/recorder/src/store/run-file.ts'

const at = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))
const fixture = (name: string): string => at(`test/fixtures/traces/${name}.trace.gz`)

/**
 * Counted of these captures by event name, by a program that is not this one. Columns: events, set_memory*,
 * set_direct*, ranges, pte_cb, pud+pmd_cb, stores_chg, stores_same, dsb_ishst@leaf, lazy_queue, dsb_ishst@range,
 * flush_perm, flush_perm_pages, tlbi_perm, flush_vmalloc, split_locked, split_pmd, split_pud.
 */
const COUNTED = {
  '6.12': [2313, 29, 68, 122, 152, 0, 122, 30, 118, 0, 0, 54, 84, 84, 21, 0, 0, 0],
  '6.17': [2068, 26, 68, 114, 142, 0, 122, 20, 0, 80, 80, 46, 74, null, 19, 0, 0, 0],
  '6.18': [2792, 26, 70, 116, 145, 232, 124, 21, 0, 81, 81, 46, 75, null, 18, 0, 0, 0],
  '6.18-bbm': [3408, 26, 70, 116, 145, 232, 124, 21, 0, 81, 81, 46, 75, null, 18, 122, 2, 0],
  '6.18-max': [2784, 26, 70, 116, 145, 232, 124, 21, 0, 81, 81, 46, 75, null, 18, 0, 0, 0],
  '7.3': [2760, 26, 68, 114, 142, 228, 122, 20, 0, 80, 80, 46, 74, null, 19, 0, 0, 0],
} as const

const FILES: Readonly<Record<string, string>> = {
  '6.12': fixture('modules_small-6.12'),
  '6.17': at('packages/tui/demo/modules_small-6.17.13.trace.gz'),
  '6.18': at('packages/tui/demo/modules_small-6.18.15.trace.gz'),
  '6.18-bbm': fixture('modules_small-6.18-bbm'),
  '6.18-max': fixture('modules_small-6.18-max'),
  '7.3': fixture('modules_small-7.3'),
  lean: fixture('modules_small-6.18-lean-kaslr'),
  'boot-overrun': fixture('boot-overrun-7.3'),
}

let folder: string
let runFile: RunFile

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pagetrail-queries-'))
  runFile = await openRuns(join(folder, 'test.db'), { mode: 'write' })
  for (const [label, path] of Object.entries(FILES))
    await importFile(runFile, path, { created: 0, label })
})

afterAll(() => {
  runFile.close()
  rmSync(folder, { recursive: true })
})

type Row = Record<string, bigint | number | string | null>

const ask = (name: string, label: string): Row[] =>
  runFile.db.prepare<[], Row>(queryText(findQuery(name), runFile.find(label).id)).all()

const setMemoryRo = (label: string): Row | undefined =>
  ask('barriers-per-call', label).find((row) => row['fn'] === 'set_memory_ro')

test.each(Object.entries(COUNTED))('compare counts %s as was counted', (label, counted) => {
  const [row] = ask('compare', label)
  expect(Object.values(row!).map((n) => (n === null ? null : Number(n)))).toEqual([...counted])
})

test('writes that were inferred are no events of the trace', () => {
  expect(ask('compare', 'lean')[0]).toMatchObject({
    events: 1708n,
    pte_cb: 145n,
    stores_chg: 124n,
    stores_same: 21n,
  })
})

test.each(Object.keys(FILES))('every leaf write of %s is (old & ~clear) | set', (label) => {
  expect(ask('leaf-masks', label)).toEqual([])
})

test('leaf-masks shows a write that is not', () => {
  const { id } = runFile.find('6.18')
  const range = [id * 2 ** 32, (id + 1) * 2 ** 32] as const
  runFile.db.exec('savepoint damage')
  const broken = runFile.db.prepare(
    'update event set new = new + 4096 where id = (select max(id) from event where id >= ? and id < ? and kind = 8)',
  )
  expect(broken.run(...range).changes).toBe(1)
  expect(ask('leaf-masks', '6.18')).toHaveLength(1)
  runFile.db.exec('rollback to damage; release damage')
})

/** What the report counts for each function, as the columns of the ready queries; what it cannot know as 0. */
function reported(
  label: string,
  names: readonly ('barriers' | 'flushes' | 'flushedPages' | 'tlbi')[],
) {
  const { functions } = reportRun(runFile.source(runFile.find(label)))
  return new Map(
    functions.map(({ fn, costs }) => [fn, names.map((name) => BigInt(costs[name] ?? 0))]),
  )
}

const asked = (query: string, label: string, columns: readonly string[]) =>
  new Map(ask(query, label).map((row) => [row['fn'], columns.map((column) => row[column])]))

test.each(['6.12', '6.17', '6.18', '6.18-bbm', '7.3'])(
  'flushes and barriers of %s are counted as the report counts them, of instructions or functions',
  (label) => {
    expect(asked('flushes-per-changed-page', label, ['flushes', 'pages_flushed'])).toEqual(
      reported(label, ['flushes', 'flushedPages']),
    )
    const columns = ['barriers', 'flushes', 'tlbis']
    expect(asked('barriers-per-call', label, columns)).toEqual(
      reported(label, ['barriers', 'flushes', 'tlbi']),
    )
  },
)

describe('the library', () => {
  test.each(QUERIES.map((query) => [query.name, query] as const))(
    '%s answers for every run',
    (_, query) => {
      const statement = runFile.db.prepare(query.sql)
      for (const run of runFile.runs()) expect(() => statement.all({ run: run.id })).not.toThrow()
      expect(query.title).not.toBe('')
    },
  )

  test('barriers for each call: per page in 6.12, per range in 6.18', () => {
    expect(setMemoryRo('6.18')).toMatchObject({
      calls: 10n,
      writes: 40n,
      barriers: 30n,
      queued: 30n,
    })
    expect(setMemoryRo('6.12')).toMatchObject({ calls: 13n, queued: 0n })
  })

  test('set_memory_nx never changes a bit: its stores are redundant, its walks and flushes for nothing', () => {
    expect(ask('redundant-writes', '6.18')).toMatchObject([
      { fn: 'set_memory_nx', writes: 21n, redundant: 21n },
    ])
    expect(ask('idle-walks', '6.18')).toMatchObject([
      { call: 'set_memory_nx', walks: 10n, idle: 10n },
    ])
    expect(
      ask('flushed-never-changed', '6.18').filter((row) => row['by'] === 'change_memory_common'),
    ).toHaveLength(10)
  })

  test('callbacks that do nothing', () => {
    expect(ask('callbacks', '6.18')).toMatchObject([
      { fn: 'pageattr_pte_entry', entered: 145n, wrote: 145n, changed: 124n },
      { entered: 116n, wrote: 0n },
      { entered: 116n, wrote: 0n },
    ])
  })

  test('lazy sections, longest first', () => {
    const rows = ask('longest-lazy', '6.18')
    expect(rows).toHaveLength(20)
    expect(rows[0]).toMatchObject({ fn: 'update_range_prot', writes: 9n, queued: 1n })
  })

  test('gaps of an incomplete trace', () => {
    expect(ask('gaps', 'boot-overrun').map((row) => [row['reason'], row['lost']])).toEqual([
      ['buffer overrun', 276n],
      ['entry of update_range_prot not seen', null],
      ['entry of set_memory_valid not seen', null],
    ])
  })
})

test('an unknown name is told with what is near', () => {
  expect(() => findQuery('leaf-mask')).toThrow('did you mean leaf-masks')
})
