import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { SCENARIO } from '../../support/demo.ts'

function place() {
  const root = folder()
  return { db: join(root, 'test.db'), file: (name: string) => join(root, name) }
}

test('records a scenario in the two flavours before and after, start state first', async () => {
  const { db } = place()
  const { status, out, err } = await pagetrail(['record', SCENARIO, '--db', db])
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out).toBe(
    'run 1 three-pages-then-half-a-block/4k-48/6.17: 48 events; set_memory_ro = 0, set_memory_nx = -EINVAL\n' +
      'run 2 three-pages-then-half-a-block/4k-48/6.18: 57 events; set_memory_ro = 0, set_memory_nx = -EINVAL\n',
  )
  const replay = await pagetrail(['replay', '2', '--to', '5', '--json', '--db', db])
  expect(jsonLines(replay.out).map((line) => line['kind'])).toEqual([
    undefined,
    'init',
    'init',
    'init',
    'area',
    'area',
    'op_begin',
    undefined,
  ])
})

test('--flavour and --geometry multiply, and are checked before anything is written', async () => {
  const { db, file } = place()
  const small = {
    name: 'empty',
    calls: [{ fn: 'set_memory_ro', addr: '0xffff800080000000', numpages: 1 }],
  }
  writeFileSync(file('empty.json'), JSON.stringify(small))
  const args = ['record', file('empty.json'), '--db', db]
  const both = ['--flavour', '6.12, 7.3', '--geometry', '4k-48,64k-52', '--json']
  const { out } = await pagetrail([...args, ...both])
  expect(jsonLines(out).map((line) => line['label'])).toEqual([
    undefined,
    'empty/4k-48/6.12',
    'empty/64k-52/6.12',
    'empty/4k-48/7.3',
    'empty/64k-52/7.3',
    undefined,
  ])
  const wrong = await pagetrail([...args, '--flavour', '6.71'])
  expect(wrong.status).toBe(2)
  expect(wrong.err).toContain('there is no flavour 6.71, did you mean 6.1')
})

test('--only keeps what matches', async () => {
  const { db } = place()
  await pagetrail([
    'record',
    SCENARIO,
    '--flavour',
    '6.18',
    '--only',
    'kind == desc_write',
    '--db',
    db,
  ])
  const { out } = await pagetrail(['info', '1', '--json', '--db', db])
  expect(jsonLines(out).filter((line) => line['type'] === 'kind')).toEqual([
    { type: 'kind', kind: 'desc_write', events: 5 },
  ])
})

test('--schedule interleaves the CPUs of a scenario, and is refused where there is one', async () => {
  const { db } = place()
  const args = ['record', 'split-race-lost', '--flavour', '6.18', '--db', db, '--schedule']
  const { status, out } = await pagetrail([...args, '0.1.0.1'])
  expect(status).toBe(0)
  expect(out).toContain('h7_change = 0, h7_change = 0')
  const info = await pagetrail(['info', '1', '--json', '--db', db])
  const { facts } = Object(jsonLines(info.out)[1])
  expect(facts.schedule).toMatch(/^0\.1\.0\.1\./)
  const stray = await pagetrail([...args, '0.2'])
  expect(stray.err).toContain('schedule[1]: 2 should be a CPU from 0 to 1')
  const plain = await pagetrail(['record', SCENARIO, '--schedule', '0', '--db', db])
  expect(plain.status).toBe(2)
  expect(plain.err).toContain('schedule: is for several CPUs')
})

test('a schedule that does not fit with --exact leaves no run: what it made by then is no run of the scenario', async () => {
  const { db } = place()
  const rounds = '(0.1)*3.0*90'
  const args = ['record', 'two-owners', '--flavour', '7.3', '--schedule', rounds, '--exact']
  const { status, err } = await pagetrail([...args, '--db', db])
  expect([status, err]).toEqual([2, expect.stringMatching(/CPU 0 cannot run here/)])
  const { out } = await pagetrail(['runs', '--json', '--db', db])
  expect(jsonLines(out).filter((line) => line['type'] === 'run')).toEqual([])
})

test('--module makes the calls that it exports', async () => {
  const { db, file } = place()
  writeFileSync(
    file('mine.mjs'),
    'export const calls = { set_memory_ro: (cpu, args) => -Number(args.numpages) }',
  )
  const args = ['record', SCENARIO, '--flavour', '6.18', '--module', file('mine.mjs'), '--db', db]
  const { status, out } = await pagetrail(args)
  expect(status).toBe(0)
  expect(out).toContain('run 1 three-pages-then-half-a-block/4k-48/mine.mjs: ')
  expect(out).toContain('set_memory_ro = -3, set_memory_nx = -EINVAL')
})

test('a module may lie anywhere, and has its base and a name', async () => {
  const { db, file } = place()
  writeFileSync(
    file('mine.ts'),
    `import { defineImplementation, EINVAL, type Cpu } from '@pagetrail/engine'
     const set_memory_ro = (cpu: Cpu) => (cpu.flavour.name === '6.12' ? EINVAL : 0)
     export default defineImplementation({ name: 'mine', base: '6.12', calls: { set_memory_ro } })`,
  )
  const { err, out } = await pagetrail([
    'record',
    SCENARIO,
    '--module',
    file('mine.ts'),
    '--db',
    db,
  ])
  expect(err).toBe('')
  expect(out).toContain('run 1 three-pages-then-half-a-block/4k-48/mine: ')
  expect(out).toContain('set_memory_ro = -EINVAL, ')
  const info = await pagetrail(['info', '1', '--json', '--db', db])
  expect(jsonLines(info.out)[1]).toMatchObject({
    source: 'module',
    flavour: '6.12',
    facts: { module: 'mine.ts', module_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  })
})

test.each([
  [
    'export const calls = { set_memory_or: () => 0 }',
    'mine.mjs: calls.set_memory_or: is not a call',
  ],
  ['export const x = 1', 'exports no `calls`'],
  ['export const calls = { set_memory_ro: 7 }', 'calls.set_memory_ro is not a function'],
  ['export const calls = {', 'does not load'],
  [
    'export const calls = { set_memory_ro: () => {} }',
    'mine.mjs: calls.set_memory_ro returned undefined',
  ],
  [
    'export const calls = { set_memory_ro: () => nothing }',
    'threw ReferenceError: nothing is not defined',
  ],
])('refuses the module %s', async (text, message) => {
  const { db, file } = place()
  writeFileSync(file('mine.mjs'), text)
  const { status, err } = await pagetrail([
    'record',
    SCENARIO,
    '--module',
    file('mine.mjs'),
    '--db',
    db,
  ])
  expect(status).toBe(2)
  expect(err).toContain(message)
})

test('several scenarios in one file, a line each; a mistake names its line and field', async () => {
  const { db, file } = place()
  const demo: object = JSON.parse(readFileSync(SCENARIO, 'utf8'))
  const lines = ['a', 'b'].map((name) => JSON.stringify({ ...demo, name, flavour: '7.3' }))
  writeFileSync(file('two.jsonl'), `${lines.join('\n')}\n`)
  const { out } = await pagetrail(['record', file('two.jsonl'), '--db', db])
  expect(out.match(/run \d \S+/g)).toEqual(['run 1 a/4k-48/7.3:', 'run 2 b/4k-48/7.3:'])
  const bad = { ...demo, calls: [{ fn: 'set_memory_ro', addr: 'here', numpages: 1 }] }
  writeFileSync(file('bad.jsonl'), `${lines[0]}\n${JSON.stringify(bad)}\n`)
  const wrong = await pagetrail(['record', file('bad.jsonl'), '--db', db])
  expect(wrong.status).toBe(2)
  expect(wrong.err).toMatch(/bad\.jsonl:2: calls\[0\]\.addr: /)
})

test('Ctrl-C between two runs keeps those that were made', async () => {
  const { db } = place()
  const { status, err } = await pagetrail(['record', SCENARIO, '--db', db], { interrupt: true })
  expect(status).toBe(130)
  expect(err).toContain('0 of 2 runs were recorded and are kept')
})

test('a scenario that cannot be read leaves no database behind', async () => {
  const { db, file } = place()
  const { status, err } = await pagetrail(['record', file('none.json'), '--db', db])
  expect(status).toBe(2)
  expect(err).toContain('none.json cannot be read')
  expect((await pagetrail(['runs', '--db', db])).err).toContain('does not exist')
})
