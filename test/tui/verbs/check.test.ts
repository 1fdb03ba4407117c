import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'
import { capture, recordDemo } from '../../support/demo.ts'

test('a run with nothing broken: 0; findings: 1, with the events that prove them', async () => {
  const db = await recordDemo('6.17')
  const found = await pagetrail(['check', '1', '--db', db])
  expect(found.status).toBe(1)
  expect(found.out).toContain('error: partial-block (H1), 1 finding\n')
  const clean = await pagetrail(['check', '1', '--rules', 'flush-missing,H5', '--db', db])
  expect(clean.status).toBe(0)
  expect(clean.out).toContain('nothing is broken')
})

test('a rule that lacks its evidence is undecided: 3', async () => {
  const db = join(folder(), 'test.db')
  await pagetrail(['import', capture('6.18.15'), '--db', db])
  const { status, out } = await pagetrail(['check', '--rules', 'alloc-in-lazy', '--db', db])
  expect(status).toBe(3)
  expect(out).toContain('undecided: alloc-in-lazy (H14) needs table allocations (table_alloc)')
})

test('--json and --format sarif', async () => {
  const db = await recordDemo('6.17')
  const json = jsonLines((await pagetrail(['check', '--json', '--db', db])).out)
  expect(json[0]).toMatchObject({ type: 'header', verb: 'check' })
  expect(json.find((line) => line['rule'] === 'partial-block')).toMatchObject({
    type: 'finding',
    va: '0xffff8000c0200000',
  })
  expect(json.at(-1)).toMatchObject({ type: 'end', clean: false, complete: true })
  const sarif = await pagetrail(['check', '--format', 'sarif', '--db', db])
  expect(JSON.parse(sarif.out)).toMatchObject({ version: '2.1.0', runs: [{ results: {} }] })
})

test('--list names every rule; an unknown one is refused', async () => {
  const { out } = await pagetrail(['check', '--list'])
  expect(out).toMatch(/^H1 {2}partial-block +A range that is changed/m)
  const { status, err } = await pagetrail(['check', '--rules', 'H99', '--db', await database()])
  expect(status).toBe(2)
  expect(err).toContain('no rule or hazard H99')
})

test('for a CI: a baseline, what fails, what may be undecided', async () => {
  const db = await recordDemo('6.17')
  const known = join(folder(), 'known.jsonl')
  await writeFile(known, (await pagetrail(['check', '--json', '--db', db])).out)
  const again = await pagetrail(['check', '--baseline', known, '--format', 'junit', '--db', db])
  expect(again.status).toBe(0)
  expect(again.out).toContain('failures="0"')
  expect(again.err).toBe('')
  for (const format of ['text', 'html', 'json', 'sarif']) {
    const { err } = await pagetrail(['check', '--baseline', known, '--format', format, '--db', db])
    expect(err).toMatch(/^pagetrail: \d+ of the findings are in the baseline and do not fail$/m)
  }
  await writeFile(known, 'rubbish\n')
  const refused = await pagetrail(['check', '--baseline', known, '--db', db])
  expect(refused.status).toBe(2)
  expect(refused.err).toContain('known.jsonl:1: not a line of a report')
  const stock = join(folder(), 'stock.db')
  await pagetrail(['import', capture('6.18.15'), '--db', stock])
  const args = ['check', '--rules', 'alloc-in-lazy', '--allow-undecided', '--db', stock]
  expect((await pagetrail(args)).status).toBe(0)
})
