import { join } from 'node:path'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { capture, recordDemo } from '../../support/demo.ts'
import { database } from '../../support/stored.ts'

test('two flavours on three pages: same effects by another path, fewer barriers: 1', async () => {
  const db = await recordDemo('6.17,6.18')
  const { status, out, err } = await pagetrail(['diff', '--db', db])
  expect({ status, err }).toEqual({ status: 1, err: '' })
  expect(out).toContain('\nsame effects by another path\n')
  expect(out).toContain('first divergence  in call 0 | 0\n')
  expect(out).toContain('  + 6 » lazy MMU enter depth 1\n')
  expect(out).toContain('outcome  same\n')
  expect(out).toContain('final mapping: equal, every address\n')
  expect(out).toMatch(/^ {2}barriers \(dsb ishst, isb\) +3 +2 +-1$/m)
})

test('a run with itself: identical, 0', async () => {
  const db = await recordDemo('7.3')
  const { status, out } = await pagetrail(['diff', '1', '1', '-q', '--db', db])
  expect(status).toBe(0)
  expect(out).toBe(
    'three-pages-then-half-a-block/4k-48/7.3 | three-pages-then-half-a-block/4k-48/7.3: identical\n',
  )
})

test('captures of two kernels: calls are paired, what neither shows is unknown', async () => {
  const db = join(folder(), 'test.db')
  await pagetrail(['import', capture('6.17.13'), capture('6.18.15'), '--db', db])
  const { status, out } = await pagetrail(['diff', '--db', db])
  expect(status).toBe(1)
  expect(out).toMatch(/^same effects by another path.*\n93 pairs of calls compared$/m)
  expect(out).toContain('unknown: lock, allocation, free, warning')
})

test('--noise is a run or a file too', async () => {
  const db = join(folder(), 'test.db')
  await pagetrail(['import', capture('6.17.13'), capture('6.18.15'), '--db', db])
  const args = ['diff', '1', '2', '--noise', capture('6.18.15')]
  const { out } = await pagetrail(args, { env: { PAGETRAIL_DB: db } })
  // The second recording is the right run: all that differs is noise.
  expect(out).toMatch(/^identical$/m)
  const page = await pagetrail([...args, '--lanes', 'one', '--format', 'markdown'], {
    env: { PAGETRAIL_DB: db },
  })
  expect(page.out).toMatch(/ --lanes one --noise \S+6\.18\.15\.trace\.gz$/m)
  expect(out).toMatch(/^noise: 94 pairs and 2 calls without counterpart differ as the left run/m)
})

test('--calls-list has every pair, in groups', async () => {
  const db = join(folder(), 'test.db')
  await pagetrail(['import', capture('6.17.13'), capture('6.18.15'), '--db', db])
  const { out } = await pagetrail(['diff', '--calls-list', '--db', db])
  expect(out).toMatch(/^ +\d+ × set_direct_map_invalid_noflush \+1p: same effects/m)
  expect(out).toMatch(/^ +calls \d+\|\d+, /m)
  expect(out).toMatch(/^ +1 × set_direct_map_\w+ \+1p: only on the right \(number\)$/m)
  const lines = jsonLines((await pagetrail(['diff', '--calls-list', '--json', '--db', db])).out)
  const pairs = lines.filter(({ type }) => type === 'pairs')
  // One of them of another size.
  expect(pairs.reduce((sum, { count }) => sum + Number(count), 0)).toBe(94)
  const plain = jsonLines((await pagetrail(['diff', '--json', '--db', db])).out)
  expect(plain.filter(({ type }) => type === 'pairs')).toEqual([])
})

test('--by asks one question, and the status is its answer', async () => {
  const db = await recordDemo('6.17,6.18')
  const status = async (...args: string[]) =>
    (await pagetrail(['diff', ...args, '--db', db])).status
  expect(await status('--by', 'outcome')).toBe(0)
  expect(await status('--by', 'effect')).toBe(0)
  expect(await status('--by', 'path')).toBe(1)
  expect(await status('--by', 'cost')).toBe(1)
})

test('--calls, --filter, --ignore and --map narrow what is compared', async () => {
  const db = await recordDemo('6.17,6.18')
  const one = await pagetrail(['diff', '--calls', '1', '--db', db])
  expect(one.out).toContain('1 pair of calls compared')
  const writes = ['--by', 'path', '--filter', 'kind == desc_write']
  expect((await pagetrail(['diff', ...writes, '--db', db])).status).toBe(0)
  const bad = await pagetrail(['diff', '--ignore', 'levl', '--db', db])
  expect(bad.status).toBe(2)
  expect(bad.err).toContain('level')
})

test('--json and --format markdown', async () => {
  const db = await recordDemo('6.17,6.18')
  const lines = jsonLines((await pagetrail(['diff', '--json', '--db', db])).out)
  expect(lines[0]).toMatchObject({ type: 'header', verb: 'diff' })
  expect(lines).toContainEqual(
    expect.objectContaining({ type: 'verdict', verdict: 'same effects by another path' }),
  )
  expect(lines.at(-1)).toMatchObject({ type: 'end', complete: true })
  const page = await pagetrail(['diff', '--format', 'markdown', '--db', db])
  expect(page.out).toContain('same effects by another path')
  expect(page.out).toContain(`pagetrail --db ${db} `)
})

test.each([
  [['1'], 'diff takes two runs, or none for the last two'],
  [[], 'holds 1 run; a diff needs two'],
  [['1', '1', '--calls', '5-3'], 'It must be a number of a call'],
  [['1', '1', '--map', 'a'], 'It must be pairs such as mine=theirs'],
  [['1', '9'], 'has no run 9'],
])('refuses %j', async (args, message) => {
  const { status, err } = await pagetrail(['diff', ...args, '--db', await database()])
  expect(status).toBe(2)
  expect(err).toContain(message)
})
