import { parseFilter } from '@pagetrail/recorder'
import { expect, test } from 'vitest'
import packageJson from '../../packages/tui/package.json' with { type: 'json' }
import { VERBS } from '../../packages/tui/src/verbs/program/verb-table.ts'
import { pagetrail } from '../support/cli.ts'

test('--help lists every verb under its heading, on standard output', async () => {
  const { status, out, err } = await pagetrail(['--help'])
  expect({ status, err }).toEqual({ status: 0, err: '' })
  for (const verb of VERBS) expect(out).toContain(`  ${verb.name} `)
  for (const heading of new Set(VERBS.map((v) => v.group))) expect(out).toContain(heading)
  expect(out).toContain('130 interrupted')
})

test.each(VERBS)('$name --help has examples', async (verb) => {
  const { status, out } = await pagetrail([verb.name, '--help'])
  expect(status).toBe(0)
  expect(out).toMatch(/Examples:\n {2}pagetrail\b/)
  for (const [line] of verb.examples) expect(out).toContain(`pagetrail ${line}`)
})

const EXPRESSIONS = VERBS.flatMap(({ name, examples }) =>
  examples.flatMap(([line]) => {
    const text = /--(?:filter|only) '([^']+)'/.exec(line)?.[1]
    return text === undefined ? [] : [{ name, text }]
  }),
)

test('filters in examples are filters', () => {
  expect(EXPRESSIONS).not.toEqual([])
  for (const { name, text } of EXPRESSIONS) expect(() => parseFilter(text), name).not.toThrow()
})

test('help VERB is VERB --help', async () => {
  expect(await pagetrail(['help', 'diff'])).toEqual(await pagetrail(['diff', '--help']))
})

test('--version is that of the package', async () => {
  expect(await pagetrail(['--version'])).toEqual({
    status: 0,
    out: `${packageJson.version}\n`,
    err: '',
  })
})

test('an unknown verb or option is refused, with the nearest one', async () => {
  const verb = await pagetrail(['capture-skript'])
  expect(verb.status).toBe(2)
  expect(verb.err).toContain('(Did you mean capture-script?)')
  const option = await pagetrail(['capture-script', '--kernel', '6.18', '--jsn'])
  expect(option.status).toBe(2)
  expect(option.err).toContain('(Did you mean --json?)')
})

test.each([
  [['7']],
  [['-1']],
  [['-2', '-1']],
  [['--db', 'x.db', '1', '2']],
  [['partial-block/4k-48/6.18']],
  [[]],
])('%j opens the terminal UI, which needs a terminal', async (argv) => {
  const { status, err } = await pagetrail(argv)
  expect(status).toBe(2)
  expect(err).toContain('the terminal UI needs a terminal')
})

test.each([[['7', 'shw']], [['modules']], [['./runs.db']], [['-x']]])(
  '%j is no run, and refused',
  async (argv) => {
    const { status, err } = await pagetrail(argv)
    expect(status).toBe(2)
    expect(err).not.toContain('terminal UI')
  },
)
