import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

test('decodes every field of an event', async () => {
  const { status, out } = await pagetrail(['show', '1', '5', '--db', await database()])
  expect(status).toBe(0)
  expect(out).toMatch(/^kind +desc_write {2}A store to a page-table entry/m)
  expect(out).toMatch(/^va +0xffff8000c0000000$/m)
  expect(out).toMatch(/^old +0x68000500040703 {2}page 0x500040000 rw- normal /m)
  expect(out).toMatch(/^new +0x60000500040783 {2}page 0x500040000 r-- normal /m)
})

test('takes a range and the end', async () => {
  const db = await database()
  const seqs = async (spec: string) =>
    jsonLines((await pagetrail(['show', '1', spec, '--json', '--db', db])).out)
      .filter((l) => l['type'] === 'event')
      .map((l) => l['seq'])
  expect(await seqs('19-21')).toEqual([19, 20, 21])
  expect(await seqs('20-99')).toEqual([20, 21])
  expect(await seqs('20-end')).toEqual([20, 21])
  expect(await seqs('end')).toEqual([21])
})

test.each([
  ['22', 'run 1 ends with event 21; there is no 22'],
  ['5-3', '"5-3" ends before it begins'],
  ['five', 'name it as 127, 1000-5000, or end'],
])('refuses %s', async (spec, message) => {
  const { status, err } = await pagetrail(['show', '1', spec, '--db', await database()])
  expect(status).toBe(2)
  expect(err).toContain(message)
})
