import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

const QUERY = 'select level, va from desc_write order by va'

test('prints a table, CSV or JSON Lines', async () => {
  const db = await database()
  const table = await pagetrail(['sql', QUERY, '--db', db])
  expect(table).toEqual({
    status: 0,
    out: `level  va
─────  ──────────────────
pte    0xffff8000c0000000
pte    0xffff8000c0001000
pte    0xffff8000c0002000
`,
    err: '',
  })
  const csv = await pagetrail(['sql', QUERY, '--format', 'csv', '--db', db])
  expect(csv.out.split('\n').slice(0, 2)).toEqual(['level,va', 'pte,0xffff8000c0000000'])
  const json = await pagetrail(['sql', QUERY, '--json', '--db', db])
  expect(jsonLines(json.out)[1]).toEqual({
    type: 'row',
    row: { level: 'pte', va: '0xffff8000c0000000' },
  })
})

test('reads the query from standard input where there is no terminal', async () => {
  const { status, out } = await pagetrail(['sql', '--db', await database()], {
    stdin: 'select 7 as n',
  })
  expect({ status, out }).toEqual({ status: 0, out: 'n\n─\n7\n' })
})

test('a ready query runs on the run that is named', async () => {
  const db = await database([{}, { events: [] }])
  const first = await pagetrail(['sql', '--query', 'compare', '--run', '1', '--json', '--db', db])
  expect(jsonLines(first.out)[1]).toMatchObject({ row: { pte_cb: 3, stores_chg: 3 } })
  const last = await pagetrail([
    'sql',
    'select count(*) as n from event where id >> 32 = :run',
    '--db',
    db,
  ])
  expect(last.out).toBe('n\n─\n0\n')
  const { out } = await pagetrail(['sql', '--list'])
  expect(out).toMatch(/^redundant-writes {2,}Stores that did not change the entry/m)
})

test('a limit that is met is told: 3', async () => {
  const { status, out, err } = await pagetrail([
    'sql',
    QUERY,
    '--rows',
    '2',
    '--db',
    await database(),
  ])
  expect(status).toBe(3)
  expect(out.trimEnd().split('\n')).toHaveLength(4)
  expect(err).toBe('pagetrail: only the first 2 rows are shown; there are more (--rows)\n')
})

test.each([
  [['delete from event'], 'DELETE is refused'],
  [['select nothing from desc_write'], 'nothing'],
  [['select 1', '--query', 'compare'], 'not both'],
  [['--query', 'compere'], 'did you mean compare?'],
  [[' '], 'no query'],
])('refuses %j', async (args, message) => {
  const { status, err } = await pagetrail(['sql', ...args, '--db', await database()])
  expect(status).toBe(2)
  expect(err).toContain(message)
})

test('--for prints a ready query for another engine, and asks nothing', async () => {
  const sql = ['sql', '--query', 'calls']
  const duck = await pagetrail([...sql, '--for', 'duckdb', '--lake', "it's fleet"])
  expect(duck).toMatchObject({ status: 0, err: '' })
  expect(duck.out).toMatch(/read_parquet\('it''s fleet\/run=\*\/\*\.parquet'[^]*;\n$/)
  const house = await pagetrail([...sql, '--for', 'clickhouse', '--json'])
  expect(jsonLines(house.out)[1]).toMatchObject({
    type: 'query',
    engine: 'clickhouse',
    sql: expect.stringContaining("file('./run=*/*.parquet', Parquet)"),
  })
})

test.each([
  [['--lake', 'x'], '--lake needs --for'],
  [['--for', 'duckdb'], 'name one with --query'],
  [['select 1', '--for', 'duckdb'], 'name one with --query'],
  [['--query', 'calls', '--for', 'duckdb', '--run', '1'], 'leave --run out'],
  [['--query', 'cals', '--for', 'duckdb'], 'did you mean calls?'],
])('sql %j is refused with the reason', async (args, reason) => {
  const refused = await pagetrail(['sql', ...args])
  expect(refused).toMatchObject({ status: 2, out: '', err: expect.stringContaining(reason) })
})
