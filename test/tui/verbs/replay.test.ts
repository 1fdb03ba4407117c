import { expect, test } from 'vitest'
import { jsonLines, pagetrail } from '../../support/cli.ts'
import { database, sampleEvents } from '../../support/stored.ts'

test('prints the call tree, indented', async () => {
  const { status, out } = await pagetrail(['replay', '1', '--to', '9', '--db', await database()])
  expect(status).toBe(0)
  expect(out).toBe(` 0 0  + initial pte 0xffff8000c0000000 0x68000500040703 3 entries
 1 0  ▾ set_memory_ro 0xffff8000c0000000 +3p
 2 0    » lazy MMU enter depth 1
 3 0    ▾ walk_kernel_page_table_range_lockless 0xffff8000c0000000 +3p
 4 0      ▾ pte pageattr_pte_entry 0xffff8000c0000000 +1p
 5 0        ◆ pte write 0xffff8000c0000000 +RDONLY -DBM
 6 0        ○ barrier queued
 7 0      └ pte pageattr_pte_entry = 0
 8 0      ▾ pte pageattr_pte_entry 0xffff8000c0001000 +1p
 9 0        ◆ pte write 0xffff8000c0001000 +RDONLY -DBM
`)
})

test('--filter keeps what matches, with the numbers it has in the run', async () => {
  const db = await database()
  const { out } = await pagetrail([
    'replay',
    '1',
    '--filter',
    'kind == desc_write',
    '--json',
    '--db',
    db,
  ])
  const lines = jsonLines(out)
  expect(lines.map((l) => l['seq'])).toEqual([undefined, 5, 9, 13, undefined])
  expect(lines[1]).toMatchObject({
    type: 'event',
    kind: 'desc_write',
    old: '0x68000500040703',
    new: '0x60000500040783',
  })
})

test('a filter with an unknown field names the nearest one', async () => {
  const { status, err } = await pagetrail([
    'replay',
    '1',
    '--filter',
    'levl == pmd',
    '--db',
    await database(),
  ])
  expect(status).toBe(2)
  expect(err).toContain('level')
})

test('says on standard error what is missing', async () => {
  const events = sampleEvents().slice(0, 8)
  const db = await database([{ events, state: 'interrupted' }])
  const { status, err } = await pagetrail(['replay', '1', '--db', db])
  expect(status).toBe(0)
  expect(err).toBe('pagetrail: run 1 sample is not whole: its recording was interrupted\n')
})
