import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import Sqlite from 'better-sqlite3'
import { InputError, type QueryOptions, runQuery } from '@pagetrail/recorder'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { database, store } from '../../support/stored.ts'

// Each query starts a process, and some are meant to run into their limit.
vi.setConfig({ testTimeout: 30_000 })

const home = mkdtempSync(join(tmpdir(), 'pagetrail-sql-'))
const path = join(home, 'test.db')
const other = join(home, 'other.db')
beforeAll(() => store(path, [{}]))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const query = (text: string, options: QueryOptions = {}) =>
  runQuery(path, text, { ms: 20_000, ...options })

test('rows come with their names, integers exact', async () => {
  const result = await query(
    "select seq, va, new from desc_write where level = 'pte' order by seq limit 2",
  )
  expect(result).toEqual({
    columns: ['seq', 'va', 'new'],
    rows: [
      [5n, '0xffff8000c0000000', '0x60000500040783'],
      [9n, '0xffff8000c0001000', '0x60000500041783'],
    ],
    rowCount: 2,
    limit: null,
    notice: null,
  })
  const exact = await query('select 9007199254740993')
  expect(exact.rows).toEqual([[9_007_199_254_740_993n]])
})

test('a pragma that reports is run, also one that could set what it reports', async () => {
  expect((await query('pragma journal_mode')).rows).toEqual([['wal']])
  expect((await query('pragma user_version;')).rows).toEqual([[4n]])
})

test("views that are not this version's are not believed", async () => {
  const file = join(home, 'views.db')
  await store(file, [{}])
  const db = new Sqlite(file)
  db.exec(`drop view desc_write; create view desc_write as select 1 as seq, 'x' as level`)
  db.close()
  const { rows } = await runQuery(file, 'select seq, level from desc_write order by seq limit 1')
  expect(rows).toEqual([[5n, 'pte']])
})

describe('page_table', () => {
  test('shows the leaves after an event', async () => {
    const at = (seq: number) =>
      query(`select va, access, pa from page_table(1, ${seq}) order by va`)
    expect((await at(0)).rows[0]).toEqual(['0xffff8000c0000000', 'rw-', '0x500040000'])
    const after = await at(5)
    expect(after.rows.map(([, access]) => access)).toEqual(['r--', 'rw-', 'rw-'])
    const last = await query("select count(*) from page_table(1) where access = 'r--'")
    expect(last.rows).toEqual([[3n]])
  })

  test('refuses runs and events that are not there', async () => {
    await expect(query('select * from page_table(9)')).rejects.toThrow('there is no run 9')
    await expect(query('select * from page_table(1, 999)')).rejects.toThrow(
      'run 1 has no event 999',
    )
  })
})

describe('limits', () => {
  const endless = 'with recursive n(x) as (select 1 union all select x + 1 from n)'

  test('rows', async () => {
    const result = await query(`${endless} select x from n`, { rows: 700 })
    expect(result.rowCount).toBe(700)
    expect(result.rows.at(-1)).toEqual([700n])
    expect(result).toMatchObject({
      limit: 'rows',
      notice: expect.stringContaining('first 700 rows'),
    })
  })

  test('exactly as many rows as allowed is no limit', async () => {
    expect(await query('values (1), (2)', { rows: 2 })).toMatchObject({ rowCount: 2, limit: null })
  })

  test.each([
    ['an endless recursion', `${endless} select count(*) from n`],
    ['a billion rows', 'select sum(a.seq * b.seq) from t a, t b, t c'],
  ])('time: %s', async (_, text) => {
    const t = `with recursive t(seq) as (select 1 union all select seq + 1 from t limit 30000)`
    const result = await query(text.startsWith('with') ? text : `${t} ${text}`, { ms: 1500 })
    expect(result).toMatchObject({
      limit: 'time',
      notice: expect.stringContaining('stopped after 1.5 s'),
    })
  })

  test('what was found before the time was up is kept', async () => {
    const slow = `${endless} select x from n where x < 3 or x > 1000000000`
    const result = await query(slow, { ms: 5000 })
    expect(result).toMatchObject({ limit: 'time' })
    expect(result.rows[0]).toEqual([1n])
  })

  test('memory', async () => {
    const sort = `${endless} select x, randomblob(1000000) as b from n order by b`
    // On a slow machine it is long before the memory is full.
    const result = await query(sort, { ms: 600_000 })
    expect(result).toMatchObject({ limit: 'memory', rowCount: 0 })
    expect(result.notice).toContain('MB of memory')
  })

  test('values', async () => {
    const result = await query("select zeroblob(50000000), printf('%.*c', 9000000, 'x'), 'short'")
    expect(result.rows[0]!.map((v) => (v as string | Uint8Array).length)).toEqual([65536, 65536, 5])
    expect(result.notice).toBe('2 values were cut at 64 KB')
  })

  test('a signal stops it at once', async () => {
    const controller = new AbortController()
    // Its own time is not over when the test's is.
    const running = query(`${endless} select count(*) from n`, {
      signal: controller.signal,
      ms: 3_600_000,
    })
    setTimeout(() => controller.abort(), 300)
    expect(await running).toMatchObject({ limit: 'cancelled' })
    expect(await query('select 1', { signal: controller.signal })).toMatchObject({
      limit: 'cancelled',
    })
  })
})

test('rows can be taken as they come, without keeping them', async () => {
  let sum = 0n
  const result = await query(
    'with recursive n(x) as (select 1 union all select x + 1 from n limit 5000) select x from n',
    {
      rows: Number.POSITIVE_INFINITY,
      onRows: (columns, rows) => {
        expect(columns).toEqual(['x'])
        for (const [x] of rows) sum += x as bigint
      },
    },
  )
  expect(sum).toBe(12_502_500n)
  expect(result).toMatchObject({ rowCount: 5000, rows: [], limit: null })
})

describe('attacks', () => {
  const attacks: readonly (readonly [string, string, RegExp])[] = [
    ['attach', 'attach database "OTHER" as o', /ATTACH is refused/],
    ['attach behind a comment', '/* select */ -- x\n ; attach "OTHER" as o', /ATTACH is refused/],
    ['attach after a query', 'select 1; attach "OTHER" as o', /one statement/],
    ['insert', 'insert into run(label) values (1)', /INSERT is refused/],
    ['update', 'update event set new = 0', /UPDATE is refused/],
    ['delete in a CTE', 'with x as (select 1) delete from event', /would write/],
    ['insert in a CTE', "with x as (select 1) insert into name(text) select 'a'", /would write/],
    ['drop', 'drop table event', /DROP is refused/],
    ['temporary table', 'create temp table t as select 1', /CREATE is refused/],
    ['full-text table', 'create virtual table t using fts5(a)', /CREATE is refused/],
    ['vacuum into', 'vacuum into "OTHER"', /VACUUM is refused/],
    ['begin', 'begin exclusive', /BEGIN is refused/],
    ['pragma that writes', 'pragma user_version = 9', /refused with a value/],
    ['pragma that writes, called', 'pragma user_version(9)', /refused with a value/],
    ['pragma with schema', 'pragma main.journal_mode = delete', /refused with a value/],
    [
      'pragma that is not listed',
      'pragma writable_schema = on',
      /PRAGMA writable_schema is refused/,
    ],
    ['pragma optimize', 'pragma optimize', /PRAGMA optimize is refused/],
    ['pragma query_only', 'pragma query_only = 0', /PRAGMA query_only is refused/],
    ['load_extension', "select load_extension('OTHER')", /no code is loaded/],
    ['readfile', "select readfile('/etc/passwd')", /no function readfile/],
    ['writefile', "select writefile('OTHER', 'x')", /no function writefile/],
    ['fsdir', "select * from fsdir('/')", /no table fsdir/],
    ['edit', "select edit('x', 'sh')", /no function edit/],
    ['nothing', '  -- nothing\n', /there is no statement/],
    ['no SQL', 'hello', /HELLO is refused/],
    ['another parameter', 'select :other', /the one parameter .* is :run/],
    ['a numbered parameter', 'select ?1', /the one parameter .* is :run/],
    ['a value beyond what SQLite holds', 'select zeroblob(2000000000)', /too big/],
  ]

  test.each(attacks)('%s', async (_, text, message) => {
    const refused = query(text.replaceAll('OTHER', other))
    await expect(refused).rejects.toThrow(InputError)
    await expect(refused).rejects.toThrow(message)
    expect(existsSync(other)).toBe(false)
  })

  test('none of them, nor a query, changes the file', async () => {
    const fresh = await database()
    const digest = () => createHash('sha256').update(readFileSync(fresh)).digest('hex')
    const before = digest()
    const files = readdirSync(dirname(fresh))
    await runQuery(fresh, 'select * from pragma_journal_mode')
    await runQuery(fresh, 'select * from event order by random()')
    await expect(runQuery(fresh, 'with x as (select 1) delete from event')).rejects.toThrow(
      InputError,
    )
    expect(digest()).toBe(before)
    expect(readdirSync(dirname(fresh)).filter((name) => !/-(wal|shm)$/.test(name))).toEqual(files)
  })
})

test('a file that is not there is told as everywhere', async () => {
  await expect(runQuery(join(dirname(path), 'none.db'), 'select 1')).rejects.toThrow(
    /none\.db does not exist/,
  )
})
