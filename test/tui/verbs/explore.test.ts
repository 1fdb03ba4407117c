import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'

const db = (): string => join(folder(), 'explore.db')

test('every schedule is counted, what fails is recorded with marks, and check finds it there', async () => {
  const file = db()
  const { status, out } = await pagetrail([
    'explore',
    'h7-first-plain',
    '--flavour',
    '6.18',
    '--db',
    file,
  ])
  expect(status).toBe(1)
  expect(out).toMatch(/^h7-first-plain\/4k-48\/6\.18: 2 CPUs, longest schedule 14 steps/)
  expect(out).toMatch(/schedules +2,842 +all covered/)
  expect(out).toMatch(
    /lost-update +189 +6\.65 % +least: 1 preemption, unavoidable after step 7 +run 1/,
  )
  expect(out).toMatch(/torn-span +9 +0\.32 % +least: 2 preemptions/)
  const checked = await pagetrail(['check', '1', '--rules', 'lost-update,torn-span', '--db', file])
  expect(checked.out).toContain('error: lost-update (H7)')
  expect(checked.out).not.toContain('torn-span (H2)')
  const torn = await pagetrail(['check', '3', '--rules', 'lost-update,torn-span', '--db', file])
  expect(torn.out).toContain('error: torn-span (H2)')
  expect(torn.out).not.toContain('lost-update (H7)')
  const passes = await pagetrail(['check', '2', '--rules', 'lost-update,torn-span', '--db', file])
  expect(passes.status).toBe(0)
  const info = await pagetrail(['info', '1', '--db', file])
  expect(info.out).toContain('h7-first-plain/4k-48/6.18~lost-update')
})

test('what cannot fail is proved: 0; numbers beyond 2^53 are texts in --json', async () => {
  const args = ['explore', 'three-in-one-span', '--flavour', '6.18', '--json', '--no-record']
  const { status, out } = await pagetrail(args)
  expect(status).toBe(0)
  const lines = jsonLines(out)
  expect(lines[0]).toMatchObject({ type: 'header', verb: 'explore' })
  expect(lines[1]).toMatchObject({
    type: 'search',
    complete: true,
    schedules: '1229079012756662118070073939280',
    states: 43_361,
  })
  expect(lines.filter(({ type }) => type === 'finding')).toEqual([])
  expect(lines.find((line) => line['property'] === 'torn-span')).toMatchObject({
    type: 'proved',
    failing: 0,
  })
  expect(lines.at(-1)).toMatchObject({ type: 'end', complete: true })
})

test('a limit makes the answer incomplete, and says so: 3', async () => {
  const args = [
    'explore',
    'three-in-one-span',
    '--flavour',
    '6.18',
    '--no-record',
    '--mode',
    'states',
  ]
  const { status, out } = await pagetrail([...args, '--max-states', '100'])
  expect(status).toBe(3)
  expect(out).toMatch(/schedules +[\d,]+ +at least; 100 states/)
  expect(out).toContain('not found so far')
  expect(out).not.toContain('proved')
})

test('by chance nothing is proved', async () => {
  const args = [
    'explore',
    'h7-tested-atomic',
    '--flavour',
    '6.18',
    '--no-record',
    '--mode',
    'random',
  ]
  const { status, out } = await pagetrail([...args, '--runs', '500', '--seed', '3'])
  expect(status).toBe(3)
  expect(out).toMatch(/runs +500 +by chance/)
  expect(out).toContain(
    'not found in 500 runs (seed 3); a failure of probability p was missed with (1-p)^500',
  )
})

test('three regimes of locks, side by side', async () => {
  const args = [
    'explore',
    'two-in-one-span',
    '--flavour',
    '6.18',
    '--no-record',
    '--locks',
    'kernel,none,cpa',
  ]
  const { status, out } = await pagetrail([...args, '--format', 'markdown'])
  expect(status).toBe(1)
  expect(out).toContain(
    '| two-in-one-span/4k-48/6.18 | 5,637,906,197,660 | all covered | 0, proved |',
  )
  expect(out).toMatch(
    /6\.18, locks: none \| 23,607,[\d,]+ \| all covered \| lost-update 11,474,509,/,
  )
  expect(out).toContain('| two-in-one-span/4k-48/6.18, locks: cpa | 2 | all covered | 0, proved |')
})

const exploreNever = (name: string, expression: string) =>
  pagetrail(['explore', name, '--flavour', '6.18', '--no-record', '--never', expression])

const withFills = (n: number) => [
  'explore',
  'h7-fill-both-atomic',
  '--flavour',
  '7.3',
  '--fills',
  `${n}`,
]

test('what is recorded has as many fills as what was searched, and is searched again as it was', async () => {
  const file = db()
  expect((await pagetrail([...withFills(0), '--db', file])).status).toBe(0)
  const { status, out } = await pagetrail([...withFills(2), '--db', file])
  expect(status).toBe(1)
  expect(out).toMatch(/^ {2}schedules +220,416 /m)
  const again = await pagetrail(['explore', '1', '--no-record', '--db', file])
  expect(again.out).toMatch(/^ {2}schedules +220,416 /m)
})

test('what --never forbids is found, or proved not to happen', async () => {
  const clean = await exploreNever('owners-plain', 'kind == desc_write && cpu == 7')
  expect(clean.out).toMatch(/never +0 +proved/)
  const stores = await exploreNever('owners-plain', 'kind == desc_write && cpu == 1')
  expect(stores.status).toBe(1)
  expect(stores.out).toMatch(/never +6 +100 %/)
  const lock = await exploreNever('h7-lock', 'kind == lock')
  expect(lock.status).toBe(2)
  expect(lock.err).toContain('--never looks at desc_write, desc_read, access; it does not see lock')
})

test("a module's property is asked at each end", async () => {
  const file = join(folder(), 'mine.ts')
  const body = [
    "import { setMemoryValid, toVa } from '@pagetrail/engine'",
    "export const base = '6.18'",
    'export const calls = {',
    '  set_memory_valid: (cpu, { addr, numpages }) => setMemoryValid(cpu, toVa(addr), Number(numpages), false),',
    '}',
    'export const property = (machine) =>',
    "  [...machine.leaves()].some(({ desc }) => (desc & 1n) === 0n) ? 'a page is off' : null",
  ]
  writeFileSync(file, body.join('\n'))
  const args = ['explore', 'disjoint-ranges', '--module', file, '--no-record']
  const { status, out, err } = await pagetrail(args)
  expect(err).toBe('')
  expect(status).toBe(1)
  expect(out).toMatch(/property +9,075,135,300 +100 %/)
})

test.each([
  [
    ['explore', 'clean-ro', '--flavour', '6.18'],
    'there is nothing to search: the scenario has `calls`',
  ],
  [['explore', 'h7-lock', '--rules', 'torn'], 'no property torn'],
  [
    ['explore', 'h7-lock', '--locks', 'all'],
    'there are no locks all; they are one of kernel, none, cpa',
  ],
  [['explore', 'h7-lok'], 'no scenario h7-lok'],
  [['record', 'h7-lock', '--schedule', '0!', '--exact'], 'no interrupt of CPU 0 can arrive here'],
])('%j is refused', async (args, message) => {
  const { status, err } = await pagetrail([...args, '--db', db()])
  expect(status).toBe(2)
  expect(err).toContain(message)
})

const MODES = ['states', 'bounded', 'dpor', 'pct', 'random'] as const

test.each(MODES)(
  'mode %s: what it finds is as small as can be, and check finds it',
  async (mode) => {
    const args = ['explore', 'h7-first-plain', '--flavour', '7.3', '--mode', mode, '--runs', '2000']
    const file = db()
    const { status, out } = await pagetrail([...args, '--db', file])
    expect(status).toBe(1)
    expect(out).toMatch(
      /lost-update +\d+ .*least: 1 preemption, unavoidable after step 7 +run 1 ~lost/,
    )
    expect(out).toMatch(
      /torn-span +\d+ .*least: 2 preemptions, unavoidable after step 7 +run 3 ~torn/,
    )
    const rules = ['--rules', 'lost-update,torn-span', '--db', file]
    expect((await pagetrail(['check', '1', ...rules])).out).toContain('error: lost-update (H7)')
    expect((await pagetrail(['check', '3', ...rules])).out).toContain('error: torn-span (H2)')
    for (const passing of ['2', '4']) {
      expect((await pagetrail(['check', passing, ...rules])).status).toBe(0)
    }
  },
)

interface Out {
  readonly out: string
}

const isOver = (line: Readonly<Record<string, unknown>>): boolean =>
  line['type'] === 'search' && line['running'] !== true

/** All that a search came to but what it took. */
const numbers = ({ out }: Out) => {
  const { bytes: _bytes, ms: _ms, ...rest } = jsonLines(out).find(isOver) ?? {}
  return rest
}

const found = ({ out }: Out) =>
  jsonLines(out)
    .filter((line) => line['type'] !== 'header')
    .map(({ ms: _ms, run: _run, ...rest }) => rest)

const untimed = (out: string) => out.replaceAll(/\d+ ms/g, '')

describe('a search that was stopped', () => {
  const SEARCH = ['explore', 'two-in-one-span', '--flavour', '6.18', '--mode', 'states']

  test('goes on with --resume to the numbers of one that was not', async () => {
    const file = db()
    const stopped = await pagetrail([...SEARCH, '--max-states', '300', '--db', file])
    expect(stopped.status).toBe(3)
    expect(stopped.err).toMatch(/can go on with --resume \(.*\.searches, \d+ kB\)/)
    const again = [...SEARCH, '--resume', '--db', file]
    expect((await pagetrail([...again, '--max-states', '700'])).status).toBe(3)
    const resumed = await pagetrail([...again, '--json'])
    expect(resumed.status).toBe(0)
    const whole = await pagetrail([...SEARCH, '--no-record', '--json'])
    expect(numbers(resumed)).toEqual(numbers(whole))
    expect(numbers(whole)).toMatchObject({ schedules: 5_637_906_197_660 })
    expect(existsSync(`${file}.searches`)).toBe(false)
    const none = await pagetrail(again)
    expect(none.status).toBe(2)
    expect(none.err).toContain('no search with these options was stopped')
  })

  test('goes on only as the same, and from a file that is whole', async () => {
    const file = db()
    await pagetrail([...SEARCH, '--max-states', '500', '--db', file])
    const other = [...SEARCH, '--steps', 'every', '--resume', '--db', file]
    const refused = await pagetrail(other)
    expect(refused.status).toBe(2)
    expect(refused.err).toContain('there are two-in-one-span/4k-48/6.18')
    const path = `${file}.searches`
    const bytes = readFileSync(path)
    bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1
    writeFileSync(path, bytes)
    const damaged = await pagetrail([...SEARCH, '--resume', '--db', file])
    expect(damaged.status).toBe(2)
    expect(damaged.err).toContain('.searches is damaged')
  })

  test.each(['dpor', 'pct', 'random'] as const)('by %s too', async (mode) => {
    const file = db()
    const args = ['explore', 'h7-rewrite-plain', '--flavour', '7.3', '--mode', mode, '--json']
    await pagetrail([...args, '--runs', '300', '--first', '--db', file])
    const resumed = await pagetrail([...args, '--runs', '900', '--resume', '--db', file])
    const whole = await pagetrail([...args, '--runs', '900', '--no-record'])
    expect(found(resumed)).toEqual(found(whole))
  })
})

describe('a recorded run', () => {
  test('is explored as the scenario that it was made from, whatever was changed', async () => {
    const file = db()
    const record = ['record', 'two-owners', '--flavour', '7.3', '--db', file]
    await pagetrail(record)
    const scenario = await pagetrail(['explore', 'two-owners', '--flavour', '7.3', '--no-record'])
    const run = await pagetrail(['explore', '1', '--no-record', '--db', file])
    expect(untimed(run.out)).toBe(untimed(scenario.out))
    const none = ['explore', 'two-in-one-span', '--flavour', '6.18', '--locks', 'none']
    await pagetrail([...none, '--db', file])
    // A reader that is still open would leave what was recorded in the -wal, which a copy of the file has not.
    await pagetrail(['explore', '2', '--rules', 'torn-span', '--db', file])
    expect(existsSync(`${file}-wal`)).toBe(false)
    const lost = await pagetrail(['explore', '2', '--no-record', '--db', file])
    expect(lost.out).toMatch(/lost-update +11,474,509,631,319,151,701,762,800/)
  })

  test('of one CPU, or of a kernel, is refused with the reason', async () => {
    const file = db()
    await pagetrail(['record', 'clean-ro', '--flavour', '7.3', '--db', file])
    const one = await pagetrail(['explore', '1', '--db', file])
    expect(one.status).toBe(2)
    expect(one.err).toContain('it has one CPU, so there is nothing to search')
    const lost = await pagetrail(['explore', 'no/such/7.3', '--db', file])
    expect(lost.status).toBe(2)
    expect(lost.err).toContain('no/such/7.3 is neither a file nor a run of')
  })
})

/** A CPU that takes one lock in the other. */
const take = (first: string, second: string) => ({
  calls: [first, second]
    .map((name) => ({ fn: 'lock', name }))
    .concat([second, first].map((name) => ({ fn: 'unlock', name }))),
})

describe('what no single run shows', () => {
  test('the different ends, with a schedule for each', async () => {
    const args = ['explore', 'owners-plain', '--flavour', '7.3', '--no-record']
    const { out } = await pagetrail(args)
    expect(out).toMatch(/outcomes +3 +what calls return, what the tables hold/)
    expect(out).toContain('pte 0xffff8000c0000000 0xc0000500040783 (0.1.1.0)')
    const json = jsonLines((await pagetrail([...args, '--json'])).out)
    expect(json.filter(({ type }) => type === 'outcome')).toHaveLength(3)
    const atomic = await pagetrail(['explore', 'owners-atomic', '--flavour', '7.3', '--no-record'])
    expect(atomic.out).not.toContain('outcomes')
  })

  test('two locks that are taken in both orders', async () => {
    const [a, b] = ['init_mm.page_table_lock', 'swapper_pgdir_lock'] as const
    const file = join(folder(), 'inverted.json')
    const json = { flavour: '7.3', init: [], cpus: [take(a, b), take(b, a)] }
    writeFileSync(file, JSON.stringify(json))
    const { status, out } = await pagetrail(['explore', file, '--no-record'])
    expect(status).toBe(1)
    expect(out).toContain(`lock-order`)
    expect(out).toMatch(/deadlock +\d+ /)
    const only = ['explore', file, '--no-record', '--rules']
    expect((await pagetrail([...only, 'lock-order'])).status).toBe(1)
    expect((await pagetrail([...only, 'lost-update'])).status).toBe(0)
  })
})

test('the numbers of an earlier search: a difference is a finding', async () => {
  const file = join(folder(), 'earlier.jsonl')
  const args = ['explore', 'h7-first-plain', '--flavour', '7.3', '--no-record']
  const earlier = await pagetrail([...args, '--json'])
  writeFileSync(file, earlier.out)
  expect((await pagetrail([...args, '--expect', file])).status).toBe(0)
  writeFileSync(file, earlier.out.replaceAll('189', '190'))
  const { status, out } = await pagetrail([...args, '--expect', file])
  expect(status).toBe(1)
  expect(out).toContain('not as expected      lost-update: 189, expected 190')
  const other = ['explore', 'h7-lock', '--flavour', '7.3', '--no-record', '--expect', file]
  expect((await pagetrail(other)).err).toContain('holds no search of h7-lock/4k-48/7.3')
})
