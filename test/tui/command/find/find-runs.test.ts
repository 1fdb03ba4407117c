import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { findRuns, inOneFile } from '../../../../packages/tui/src/command/find/find-runs.ts'
import { Output } from '../../../../packages/tui/src/command/output.ts'
import { Session } from '../../../../packages/tui/src/command/session.ts'
import { bare } from '../../../../packages/tui/src/text/paint.ts'
import { folder, jsonLines, memoryIo, pagetrail } from '../../../support/cli.ts'
import { capture } from '../../../support/demo.ts'
import { fixture } from '../../../support/runs.ts'

const BOOTS = [fixture('bpf-6.18-boot1.trace.gz'), fixture('bpf-6.18-boot2.trace.gz')] as const
/** A database that does not exist, found by the environment: it is not named. */
const nowhere = () => ({ env: { PAGETRAIL_DB: join(folder(), 'none.db') } })

/** A database with the first of two boots, as the run `name`. */
async function databaseWith(name: string): Promise<string> {
  const db = join(folder(), 'runs.db')
  expect((await pagetrail(['import', BOOTS[0], '--label', name, '--db', db])).status).toBe(0)
  return db
}

test('two captures are compared as they lie, and nothing stays', async () => {
  const world = nowhere()
  const { out, err } = await pagetrail(['diff', ...BOOTS], world)
  expect(out).toContain('72 pairs of calls compared')
  expect(err).toBe('')
  expect(existsSync(world.env.PAGETRAIL_DB)).toBe(false)
})

describe('every verb that looks at a run takes a file', () => {
  test.each([
    [['check', BOOTS[0]], '1,550 events'],
    [['report', ...BOOTS], 'bpf-6.18-boot2'],
    [['state', BOOTS[0]], 'MEM/NORMAL'],
    [['replay', BOOTS[0], '--to', '3'], 'set_memory_ro'],
    [['why', BOOTS[0], '0xffff8000805a5000'], 'set_memory_ro'],
    [['conform', BOOTS[0]], '72 calls: 72 predicted, 0 different'],
  ])('%j', async ([verb, ...args], text) => {
    const { out, err, status } = await pagetrail([verb!, ...args], nowhere())
    expect(out).toContain(text)
    expect([err, status === 2]).toEqual([expect.not.stringContaining('pagetrail:'), false])
  })
})

test('what is kept of a file never takes the place of a run that was named so', async () => {
  const db = await databaseWith('golden')
  const exported = join(folder(), 'golden.jsonl')
  expect((await pagetrail(['export', 'golden', '-o', exported, '--db', db])).status).toBe(0)
  for (let i = 0; i < 2; i++) {
    const { out } = await pagetrail(['diff', exported, 'golden', '--db', db])
    // The export's label is golden too.
    expect(out).toMatch(/^- 2 golden .*\n\+ 1 golden /)
  }
})

test('the folder that a file was imported into goes with the command', async () => {
  const own = folder()
  vi.stubEnv('TMPDIR', own)
  onTestFinished(() => void vi.unstubAllEnvs())
  const world = { env: { PAGETRAIL_DB: join(own, 'none.db') } }
  expect((await pagetrail(['report', BOOTS[0]], world)).out).toContain('bpf-6.18-boot1')
  expect((await pagetrail(['check', import.meta.filename], world)).status).toBe(2)
  expect(readdirSync(own)).toEqual([])
})

test('for a screen, runs of two databases are copied into one', async () => {
  const db = await databaseWith('mine')
  const { io } = memoryIo()
  const options = { db, named: false, color: 'auto' as const, json: false, pager: true }
  const session = new Session(io, 'tui', options, new Output(io.stdout), bare)
  onTestFinished(() => session.end())
  const found = await findRuns(session, ['mine', BOOTS[1]])
  const { runFile, runs } = await inOneFile(session, found)
  expect(runs.map(({ label, calls }) => [label, calls])).toEqual([
    ['mine', 72],
    ['bpf-6.18-boot2', 72],
  ])
  expect([...runFile.source(runs[0]!).events()]).toEqual([
    ...found[0]!.runFile.source(found[0]!.run).events(),
  ])
})

test('--db keeps what was read; PAGETRAIL_DB does not', async () => {
  const db = join(folder(), 'kept.db')
  await pagetrail(['diff', ...BOOTS, '--db', db])
  const runs = async () => jsonLines((await pagetrail(['runs', '--json', '--db', db])).out)
  const labels = (await runs()).filter(({ type }) => type === 'run').map(({ label }) => label)
  expect(labels).toEqual(['bpf-6.18-boot1', 'bpf-6.18-boot2'])
  await pagetrail(['check', capture('6.18.15')], { env: { PAGETRAIL_DB: db } })
  expect((await runs()).filter(({ type }) => type === 'run')).toHaveLength(2)
})

test('runs and files side by side', async () => {
  const env = { PAGETRAIL_DB: await databaseWith('mine') }
  const { out } = await pagetrail(['diff', 'mine', BOOTS[1]], { env })
  expect(out).toContain('- 1 mine (ftrace, 6.18, 1,550 events, 72 calls)')
  expect(out).toContain('72 pairs of calls compared')
  const page = await pagetrail(['diff', '-1', BOOTS[1], '--format', 'markdown'], { env })
  expect(page.out).toContain(`PAGETRAIL_DB=${env.PAGETRAIL_DB} pagetrail diff mine ${BOOTS[1]}`)
})

test('-1 is the latest that was there before', async () => {
  const db = await databaseWith('mine')
  const { out } = await pagetrail(['diff', '-1', BOOTS[1], '--db', db])
  expect(out).toMatch(/^- 1 mine .*\n\+ 2 bpf-6.18-boot2 /)
})

test('the same question has the same answer: its file is kept once, and is not what -1 means', async () => {
  const db = await databaseWith('mine')
  const golden = join(folder(), 'golden.jsonl')
  await pagetrail(['record', 'clean-off', '--flavour', '6.18', '--db', db])
  await pagetrail(['export', '-1', '-o', golden, '--db', db])
  await pagetrail(['record', 'clean-off', '--flavour', '7.3', '--db', db])
  const ask = () => pagetrail(['diff', '--gate', 'path', golden, '-1', '--db', db])
  const first = await ask()
  expect(first.status).toBe(1)
  expect(await ask()).toEqual(first)
  const ids = async () =>
    jsonLines((await pagetrail(['runs', '--json', '--db', db])).out).flatMap(
      (line) => line['id'] ?? [],
    )
  expect(await ids()).toEqual([1, 2, 3, 4])
  // What was asked about is a run like any other where it is named, and not when it comes back by import.
  expect((await pagetrail(['show', '4', '0', '--db', db])).status).toBe(0)
  await pagetrail(['export', '4', '-o', `${golden}.again`, '--db', db])
  await pagetrail(['import', `${golden}.again`, '--label', 'again', '--db', db])
  expect((await pagetrail(['info', '-1', '--db', db])).out).toMatch(/^run +6 again/)
})

test('files that were asked about are no -1 and no -2', async () => {
  const db = join(folder(), 'kept.db')
  await pagetrail(['diff', ...BOOTS, '--db', db])
  expect((await pagetrail(['diff', '--db', db])).err).toContain('holds no run; a diff needs two')
  const { status, err } = await pagetrail(['check', '-1', '--db', db])
  expect([status, err]).toEqual([
    2,
    `pagetrail: there is no run -1: ${db} holds 0, -1 is the latest; runs of files that a command named are found by id or label\n`,
  ])
})

test('a run of that name wins over the file', async () => {
  const path = join(folder(), 'two.trace.gz')
  copyFileSync(fixture('two-6.18-boot1.trace.gz'), path)
  const env = { PAGETRAIL_DB: await databaseWith(path) }
  for (const verb of ['check', 'conform']) {
    const { out } = await pagetrail([verb, path], { env })
    expect(out).toMatch(/1,550 events|72 calls/)
  }
})

test('a page says how to make it again from files', async () => {
  const { out } = await pagetrail(['diff', ...BOOTS, '--format', 'markdown'], nowhere())
  expect(out).toContain(`\npagetrail diff ${BOOTS[0]} ${BOOTS[1]}\n`)
  expect(out).not.toContain('--db')
})

test('a file with several runs is not one run; report takes all of them', async () => {
  const db = join(folder(), 'two.db')
  await pagetrail(['import', ...BOOTS, '--db', db])
  const path = join(folder(), 'both.jsonl')
  const [one, two] = await Promise.all(
    ['1', '2'].map(async (run) => (await pagetrail(['export', run, '--db', db])).out),
  )
  writeFileSync(path, `${one}${two}`)
  const refused = await pagetrail(['check', path], nowhere())
  expect(refused).toMatchObject({ status: 2 })
  expect(refused.err).toContain(`${path} holds 2 runs; import it, and name one of them`)
  const { out } = await pagetrail(['report', path], nowhere())
  expect(out).toContain('bpf-6.18-boot2')
})

test('what is neither: 2, by name', async () => {
  const world = nowhere()
  const { status, err } = await pagetrail(['diff', 'no/such.trace', BOOTS[0]], world)
  expect(status).toBe(2)
  expect(err).toContain('no/such.trace is neither a file nor a run')
  const unreadable = await pagetrail(['check', import.meta.filename], world)
  expect(unreadable.status).toBe(2)
  expect(unreadable.err).toContain(import.meta.filename)
})

test('a database that cannot be read does not stand in the way of files', async () => {
  const db = join(folder(), 'broken.db')
  writeFileSync(
    db,
    'this is not a database, and long enough to be taken for one of those'.repeat(40),
  )
  const { err, out } = await pagetrail(['check', BOOTS[0]], { env: { PAGETRAIL_DB: db } })
  expect(err).toContain('files are read as such: ')
  expect(out).toContain('1,550 events')
})
