import Sqlite from 'better-sqlite3'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { capture } from '../../support/demo.ts'
import { database, sampleEvents } from '../../support/stored.ts'

test('writes JSON Lines to standard output', async () => {
  const { status, out } = await pagetrail(['export', '1', '--db', await database()])
  const lines = jsonLines(out)
  expect(status).toBe(0)
  expect(lines).toHaveLength(24)
  expect(lines[6]).toMatchObject({ seq: 5, kind: 'desc_write', new: '0x60000500040783' })
})

test.each(['jsonl', 'chrome', 'csv'])(
  'writes %s to a file, the same as to standard output',
  async (format) => {
    const db = await database()
    const file = join(folder(), 'out')
    const to = await pagetrail(['export', '1', '--format', format, '-o', file, '--db', db])
    expect(to).toMatchObject({ status: 0, err: '' })
    expect(to.out).toMatch(/^wrote 22 events, [\d,]+ bytes, to /)
    const { out } = await pagetrail(['export', '1', '--format', format, '--db', db])
    expect(readFileSync(file, 'utf8')).toBe(out)
  },
)

test('parquet goes to a folder, under its key', async () => {
  const fleet = join(folder(), 'fleet')
  const args = ['export', '1', '--format', 'parquet', '-o', fleet, '--key', 'host17', '--json']
  const { out } = await pagetrail([...args, '--db', await database()])
  const path = join(fleet, 'run=host17', 'part-0000.parquet')
  expect(jsonLines(out)[1]).toMatchObject({ type: 'file', path, events: 22 })
  expect(readFileSync(path, 'latin1').slice(0, 4)).toBe('PAR1')
})

test('says what cannot be done', async () => {
  const db = await database()
  const parquet = await pagetrail(['export', '1', '--format', 'parquet', '--db', db])
  expect(parquet).toMatchObject({ status: 2, out: '' })
  expect(parquet.err).toContain('name it with --output')
  const json = await pagetrail(['export', '1', '--json', '--db', db])
  expect(json).toMatchObject({ status: 2, out: '' })
  const nowhere = await pagetrail(['export', '1', '-o', '/nowhere/at/all', '--db', db])
  expect(nowhere.status).toBe(2)
  expect(nowhere.err).toContain('/nowhere/at/all')
})

test('never writes over its database, and over another file only by force', async () => {
  const db = await database()
  const link = join(folder(), 'link')
  symlinkSync(db, link)
  const before = readFileSync(db)
  for (const name of [db, link]) {
    const own = await pagetrail(['export', '1', '-o', name, '--force', '--db', db])
    expect(own).toMatchObject({ status: 2, err: expect.stringContaining('is the database') })
  }
  expect(readFileSync(db)).toEqual(before)
  const file = join(folder(), 'out')
  writeFileSync(file, 'mine')
  const there = await pagetrail(['export', '1', '-o', file, '--db', db])
  expect(there).toMatchObject({ status: 2, err: expect.stringContaining('--force replaces it') })
  expect(readFileSync(file, 'utf8')).toBe('mine')
  expect(await pagetrail(['export', '1', '-o', file, '--force', '--db', db])).toMatchObject({
    status: 0,
  })
  const fleet = ['export', '1', '--format', 'parquet', '-o', join(folder(), 'f'), '--db', db]
  expect((await pagetrail(fleet)).status).toBe(0)
  expect((await pagetrail(fleet)).status).toBe(2)
})

const unstyled = (text: string) => text.replaceAll(/\x1b\[[0-9;]*[mK]|\r/g, '')

/** Signs that a terminal acts on, that end lines elsewhere, or that a spreadsheet runs. */
const NASTY = '=1+1 \u001b[31m \u009b \u2028\u2029 \u202e \u0085 "q", \n\r é 漢字 \u{e0041}'

test('a run is read back as it was, whatever its names hold', async () => {
  const events = sampleEvents()
  for (const event of events) {
    if (event.kind !== 'init') Object.assign(event, { task: `${NASTY}-1` })
    if (event.kind === 'op_begin') Object.assign(event, { args: { [NASTY]: NASTY } })
  }
  const db = await database([{ meta: { label: NASTY, facts: { [NASTY]: NASTY } }, events }])
  const file = join(folder(), 'out')
  expect((await pagetrail(['export', '1', '-o', file, '--db', db])).status).toBe(0)
  expect(readFileSync(file, 'utf8')).toMatch(/^[\x20-\x7eé漢字\n]*$/)
  expect((await pagetrail(['import', file, '--db', db])).status).toBe(0)
  const again = join(folder(), 'again')
  await pagetrail(['export', '2', '-o', again, '--db', db])
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(file, 'utf8'))
})

test('nothing that a terminal acts on reaches one, on neither stream', async () => {
  const db = await database([{ meta: { label: NASTY } }])
  const harmless = /^[\n\x20-\x7e\u00a1-\u0377\u2010-\u2027\u2190-\uffee]*$/u
  const file = join(folder(), `\u009b31m\u202e.jsonl`)
  writeFileSync(
    file,
    `{"pagetrail":1,"run":{"label":"a"}}\n{"seq":0,"kind":"${NASTY.slice(5, 9)}"}`,
  )
  for (const argv of [
    ['runs'],
    ['runs', '--json'],
    ['info', '1'],
    ['info', 'nosuch'],
    ['rm', '\u001b[31m'],
    ['sql', 'select label from run'],
    ['sql', '--format', 'json', 'select label from run'],
    ['sql', '--format', 'csv', 'select label from run'],
    ['sql', 'select * from "\u009b"'],
    ['export', '1', '--format', 'csv'],
    ['export', '1'],
    ['export', '1', '--format', 'chrome'],
    ['import', file],
    ['import', '\u009bnone'],
    ['\u001b[31m'],
    ['check', '1', '--\u009b'],
    ['record', '--module', '\u009b.ts', 'clean-ro'],
    ['conform', '\u009b'],
  ]) {
    const { out, err } = await pagetrail([...argv, '--db', db], { tty: true })
    // Styles of our own are the only ones: the label's is not among them.
    expect(out + err).not.toContain('\u001b[31m \\x9b')
    expect([argv, unstyled(out), unstyled(err)]).toEqual([
      argv,
      expect.stringMatching(harmless),
      expect.stringMatching(harmless),
    ])
  }
})

test('--safe-csv marks texts that a spreadsheet would run', async () => {
  const db = await database([{ meta: { label: '=cmd()' } }])
  const csv = (...more: string[]) => pagetrail([...more, '--db', db])
  const query = `select label, -5 as n, '@x' as t, ' =y' as blank, '\uff1dz' as wide from run`
  expect((await csv('sql', '--format', 'csv', query)).out).toBe(
    'label,n,t,blank,wide\n=cmd(),-5,@x, =y,\uff1dz\n',
  )
  const safe = await csv('sql', '--format', 'csv', '--safe-csv', query)
  expect(safe.out).toBe("label,n,t,blank,wide\n'=cmd(),-5,'@x,' =y,'\uff1dz\n")
  expect((await csv('export', '1', '--format', 'csv', '--safe-csv')).out).toContain("\n'=cmd(),")
})

test('two runs beside each other: chrome alone, runs and files alike', async () => {
  const file = capture('6.18.15')
  const both = join(folder(), 'both.json')
  const args = ['export', capture('6.17.13'), file, '--format', 'chrome', '-o', both]
  const ran = await pagetrail(args, { env: { PAGETRAIL_DB: join(folder(), 'none.db') } })
  expect(ran).toMatchObject({ status: 0, err: '' })
  expect(ran.out).toMatch(/^wrote [\d,]+ events, [\d,]+ bytes, to /)
  const { otherData } = JSON.parse(readFileSync(both, 'utf8'))
  expect(otherData).toMatchObject({ left: { flavour: '6.17' }, right: { flavour: '6.18' } })
  const refused = await pagetrail(['export', '1', '1', '--db', await database()])
  expect(refused).toMatchObject({ status: 2 })
  expect(refused.err).toContain(
    'jsonl holds one run; two go beside each other with --format chrome',
  )
})

test('--all writes every run; what is there is lost only by force', async () => {
  const db = await database([{}, { meta: { label: 'two' } }])
  const fleet = join(folder(), 'fleet')
  const args = ['export', '--all', '--format', 'parquet', '-o', fleet, '--db', db]
  const { status, out } = await pagetrail(args)
  expect({ status, out }).toEqual({
    status: 0,
    out: expect.stringMatching(/^wrote 44 events of 2 runs, [\d,]+ bytes, to .*fleet\n$/),
  })
  expect(readdirSync(fleet).toSorted()).toEqual(['run=1', 'run=2'])
  expect(await pagetrail(args)).toMatchObject({
    status: 2,
    err: expect.stringContaining('--force replaces it'),
  })
  const { out: json } = await pagetrail([...args, '--key', 'host17', '--json'])
  expect(jsonLines(json).map((line) => line['path'])).toContain(
    join(fleet, 'run=host17-2', 'part-0000.parquet'),
  )
})

test('--summary writes a line a run', async () => {
  const db = await database([{}, { meta: { label: '=two' } }])
  const csv = ['export', '--all', '--summary', '--format', 'csv', '--db', db]
  const rows = (await pagetrail(csv)).out.trimEnd().split('\n')
  expect(rows.map((row) => row.split(',').slice(0, 2))).toEqual([
    ['run', 'label'],
    ['1', expect.any(String)],
    ['2', '=two'],
  ])
  expect((await pagetrail([...csv, '--safe-csv'])).out).toContain("\n2,'=two,")
  const one = await pagetrail(['export', '2', '--summary', '--db', db])
  expect(jsonLines(one.out)).toMatchObject([{ run: '2', label: '=two', events: 22 }])
  const fleet = join(folder(), 'fleet')
  const parquet = ['export', '--all', '--summary', '--format', 'parquet', '-o', fleet, '--db', db]
  expect((await pagetrail(parquet)).out).toMatch(/^wrote a row about each of 2 runs, /)
  expect(readdirSync(join(fleet, 'summary')).toSorted()).toEqual(['run=1', 'run=2'])
  const file = join(folder(), 'runs.csv')
  expect((await pagetrail([...csv, '-o', file])).out).toMatch(/^wrote 2 rows, /)
  expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toEqual(rows)
})

test.each([
  [['--all'], '--all needs --format parquet, or --summary'],
  [['--all', '1'], 'not both'],
  [[], 'name a run, or --all'],
  [['--summary'], 'name a run, or --all'],
  [['1', '--summary', '--format', 'chrome'], 'not as chrome'],
  [['1', '1', '--summary'], 'a run by itself'],
  [['1', '--summary', '--format', 'parquet'], 'name it with --output'],
  [['1', '--summary', '--json'], 'needs --output'],
])('export %j is refused with the reason', async (args, reason) => {
  const refused = await pagetrail(['export', ...args, '--db', await database()])
  expect(refused).toMatchObject({ status: 2, out: '', err: expect.stringContaining(reason) })
})

test('a damaged run is left out of --all, named, and the answer is not whole', async () => {
  const db = await database([{}, {}])
  const raw = new Sqlite(db)
  raw.exec("update run set label = 'changed' where id = 2")
  raw.close()
  const { status, out, err } = await pagetrail(['export', '--all', '--summary', '--db', db])
  expect({ status, rows: jsonLines(out).map(({ run }) => run) }).toEqual({ status: 3, rows: ['1'] })
  expect(err).toContain('run 2 is damaged and is left out')
})
