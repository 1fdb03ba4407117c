import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

test('decodes every field of an event', async () => {
  const { status, out } = await pagetrail(['show', '1', '5', '--db', await database()])
  expect(status).toBe(0)
  expect(out).toMatch(/^kind +desc_write {2}A store to a page-table entry/m)
  expect(out).toMatch(/^va +0xffff8000c0000000$/m)
  expect(out).toMatch(/^old +0x68000500040703 {2}page 0x500040000 rw- normal /m)
  expect(out).toMatch(/^new +0x60000500040783 {2}page 0x500040000 r-- normal /m)
})

/** A page at 0xc000000123000: with LPA2, bits 51:50 of the address are bits 9:8 of the descriptor. */
const HIGH_PAGE = {
  name: 'high-page',
  geometry: { page_shift: 12, va_bits: 52 },
  init: [{ va: '0xffff8000c0000000', level: 'pte', desc: '0xe8000000123703', count: 1 }],
  calls: [{ fn: 'set_memory_valid', addr: '0xffff8000c0000000', numpages: 1, enable: 0 }],
}

test('one descriptor is the same page to every verb, whatever the geometry', async () => {
  const dir = folder()
  const file = join(dir, 'high-page.json')
  writeFileSync(file, JSON.stringify(HIGH_PAGE))
  const on = async (...args: string[]) => (await pagetrail([...args, '--db', join(dir, 'db')])).out
  await on('record', file, '--flavour', '6.18')
  const words = '0xc000000123000 rw- normal AF DBM PXN UXN DIRTY'
  expect(await on('show', '-1', '0')).toContain(`page ${words}`)
  expect(await on('why', '-1', 'ffff8000c0000000')).toContain(`page ${words}`)
  expect(await on('why', '-1', 'ffff8000c0000000')).toContain(`invalid ${words}`)
  expect(await on('sql', 'select decode(new, level, run) as words from init')).toContain(words)
  expect(await on('sql', 'select pa from page_table(1)')).toContain('0xc000000123000')
  expect(await on('replay', '-1')).toContain('◆ pte write 0xffff8000c0000000 -VALID')
  expect(await on('state', '-1')).not.toContain('SHD')
  const [, leaf] = jsonLines(await on('state', '-1', '--json'))
  expect(leaf).toMatchObject({ pa: '0xc000000123000', attributes: '0xe8000000000402' })
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
