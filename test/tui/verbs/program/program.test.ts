import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { folder, pagetrail, type RunOptions } from '../../../support/cli.ts'

let db: string
beforeEach(() => {
  db = join(folder(), 'runs.db')
})
const run = (args: readonly string[], options?: RunOptions) =>
  pagetrail(['--db', db, ...args], options)

test('-V is --version', async () => {
  expect(await pagetrail(['-V'])).toEqual(await pagetrail(['--version']))
  expect((await run(['-V'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('help of a verb that is none: 2, and the nearest', async () => {
  const { status, out, err } = await run(['help', 'difff'])
  expect({ status, out }).toEqual({ status: 2, out: '' })
  expect(err).toBe(
    'pagetrail: there is no verb difff, did you mean diff?; pagetrail --help lists them\n',
  )
  expect((await run(['help', 'diff'])).out).toContain('Usage: pagetrail diff')
})

test('the help of every verb fits the terminal, its tables too', async () => {
  const verbs = [...(await pagetrail(['--help'])).out.matchAll(/^  ([a-z-]+) {2,}\S/gm)].map(
    ([, verb]) => verb ?? '',
  )
  expect(verbs).toContain('export')
  const helps = await Promise.all(verbs.map((verb) => pagetrail(['help', verb])))
  // An example is a command, which nobody wants broken in two.
  const lines = helps.flatMap(({ out }) =>
    out.split('\n').filter((l) => !l.startsWith('  pagetrail')),
  )
  expect(lines.filter((line) => line.length > 100)).toEqual([])
  expect(lines.some((line) => /^ {10}\S.*\btable$/.test(line))).toBe(true)
})

describe('--color', () => {
  const ESCAPE = '\x1b['
  beforeEach(async () => void (await run(['record', 'clean-ro', '--flavour', '6.18'])))
  const colours = async (args: readonly string[], options: RunOptions) =>
    (await run([...args, 'replay', '1', '--to', '5'], options)).out.includes(ESCAPE)

  test.each<[readonly string[], RunOptions, boolean]>([
    [[], {}, false],
    [[], { tty: true }, true],
    [[], { tty: true, env: { NO_COLOR: '1' } }, false],
    [[], { tty: true, env: { TERM: 'dumb' } }, false],
    [[], { env: { FORCE_COLOR: '1' } }, true],
    [[], { env: { FORCE_COLOR: '0' } }, false],
    [[], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, false],
    [['--color', 'always'], {}, true],
    [['--color', 'always'], { env: { NO_COLOR: '1', TERM: 'dumb' } }, true],
    [['--color', 'never'], { tty: true, env: { FORCE_COLOR: '1' } }, false],
    [['--color', 'always', '--json'], { tty: true }, false],
  ])('%j in %j: %j', async (args, options, expected) => {
    expect(await colours(args, options)).toBe(expected)
  })

  test('another word is refused: 2', async () => {
    const { status, err } = await run(['--color', 'sometimes', 'runs'])
    expect(status).toBe(2)
    expect(err).toContain('Allowed choices are auto, always, never')
  })
})

describe('slips', () => {
  beforeEach(async () => void (await run(['record', 'clean-ro', '--flavour', '6.18'])))

  test.each<[readonly string[], number, string]>([
    [
      ['check', '--rules', 'flush-mising'],
      2,
      'no rule or hazard flush-mising, did you mean flush-missing?',
    ],
    [
      ['record', 'clean-ro', '--flavour', '6.118'],
      2,
      'there is no flavour 6.118, did you mean 6.18?',
    ],
    [['sql', 'select fnn from event'], 2, 'there is no column fnn, did you mean fn?'],
    [['sql', '--run', '1', 'select 1'], 2, '--run stands for :run, which this query does not have'],
    [
      ['replay', '1', '--filter', 'fn == set_memroy_ro'],
      0,
      'no event matches: it has no set_memroy_ro, did you mean set_memory_ro?',
    ],
    [
      ['record', 'split-1g', '--geometry', '64k-52'],
      2,
      'split-1g does not fit 64k-52: it begins with a block of a pud, and only 4K pages have those',
    ],
    [['record', 'clean-ro', '--label', '7'], 2, '"7" cannot be a label'],
  ])('%j: %i', async (args, status, message) => {
    const ran = await run(args)
    expect(ran.status).toBe(status)
    expect(ran.err).toContain(message)
    expect((await run(['runs', '--json'])).out.match(/"type":"run"/g)).toHaveLength(1)
  })
})

test('record --label names one run, and begins the names of several', async () => {
  await run(['record', 'clean-ro', '--label', 'mine', '--flavour', '6.18'])
  await run(['record', 'clean-ro', '--label', 'both'])
  const { out } = await run(['runs'])
  for (const label of ['mine', 'both/4k-48/6.17', 'both/4k-48/6.18']) {
    expect(out).toMatch(new RegExp(` ${label} +engine `))
  }
})

test('what was imported before is said to be so; another trace is not', async () => {
  const file = join(folder(), 'run.jsonl')
  await run(['record', 'clean-ro'])
  await run(['export', '1', '-o', file])
  expect((await run(['import', file])).out).toMatch(
    /the same events as run 1 clean-ro.*: imported before/,
  )
  await run(['record', 'clean-rx'])
  const other = join(folder(), 'other.jsonl')
  await run(['export', '2', '-o', other])
  const elsewhere = await pagetrail(['--db', join(folder(), 'new.db'), 'import', other])
  expect(elsewhere.out).not.toContain('imported before')
})
