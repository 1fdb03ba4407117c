import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

test('says what a run is and counts its calls and kinds', async () => {
  const { status, out } = await pagetrail(['info', '-1', '--db', await database()])
  expect(status).toBe(0)
  expect(out).toMatch(/^run +1 sample$/m)
  expect(out).toMatch(/^kernel +none, simulated$/m)
  expect(out).toMatch(/^features +\{"rodata_full":1\}$/m)
  expect(out).toMatch(/^set_memory_ro +1$/m)
  expect(out).toMatch(/^desc_write +3$/m)
})

test('--json has the counts, and says when the run is not whole', async () => {
  const db = await database([{ meta: { lost: 5 }, state: 'interrupted' }])
  const { status, out } = await pagetrail(['info', '1', '--json', '--db', db])
  const lines = jsonLines(out)
  expect(status).toBe(0)
  expect(lines).toContainEqual({ type: 'kind', kind: 'cb_enter', events: 3 })
  expect(lines.at(-1)).toMatchObject({
    complete: false,
    why: 'run 1 sample is not whole: its recording was interrupted, 5 events were lost',
  })
})

test('of a producer’s own run: what it shows, and no claim on what ran it', async () => {
  const root = folder()
  const [db, file] = [join(root, 'test.db'), join(root, 'toy.jsonl')]
  const header = { pagetrail: 2, run: { label: 'toy', shows: ['op_begin', 'op_end', 'barrier'] } }
  const event = { seq: 0, cpu: 0, op: null, kind: 'barrier', src: 'toy.c:3', x_line: 3 }
  const end = { end: { events: 1, calls: 0 } }
  writeFileSync(file, [header, event, end].map((line) => JSON.stringify(line)).join('\n'))
  expect(await pagetrail(['import', file, '--db', db])).toMatchObject({ status: 0 })
  const { out } = await pagetrail(['info', '-1', '--db', db])
  expect(out).toMatch(/^kernel +\?$/m)
  expect(out).toMatch(/^shows +op_begin, op_end, barrier$/m)
  const replayed = await pagetrail(['replay', '-1', '--filter', 'x_line > 2', '--db', db])
  expect(replayed.out).toBe('0 0  ═ dsb ishst; isb  toy.c:3 x_line=3\n')
  const none = await pagetrail(['replay', '-1', '--filter', 'src ~ "other*"', '--db', db])
  expect(none.out).toBe('')
})

test('--json says of every event that it is one, also of a dsb', async () => {
  const root = folder()
  const [db, file] = [join(root, 'test.db'), join(root, 'toy.jsonl')]
  writeFileSync(file, JSON.stringify({ seq: 0, cpu: 0, op: null, kind: 'dsb', type: 'ish' }))
  expect(await pagetrail(['import', file, '--db', db])).toMatchObject({ status: 0 })
  for (const verb of [
    ['replay', '-1'],
    ['show', '-1', '0'],
  ]) {
    const lines = jsonLines((await pagetrail([...verb, '--json', '--db', db])).out)
    expect(lines[1]).toMatchObject({ type: 'event', kind: 'dsb', scope: 'ish' })
  }
})
