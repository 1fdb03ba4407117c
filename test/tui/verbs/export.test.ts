import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

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
