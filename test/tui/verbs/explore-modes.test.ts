import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'

const db = (): string => join(folder(), 'explore.db')

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

const isBroken = (line: Readonly<Record<string, unknown>>): boolean =>
  JSON.stringify(line['breaks']) !== '[]'

describe('--all records a schedule of each class', () => {
  const ALL = ['explore', 'h7-first-atomic', '--flavour', '6.18', '--all']

  test('and check finds in each what the search says that it breaks', async () => {
    const file = db()
    const { status, out } = await pagetrail([...ALL, '--json', '--db', file])
    expect(status).toBe(1)
    const classes = jsonLines(out).filter(({ type }) => type === 'class')
    expect(classes).toHaveLength(15)
    expect(new Set(classes.map(({ schedule }) => schedule)).size).toBe(15)
    expect(classes.filter(isBroken)).toHaveLength(1)
    for (const { run, breaks } of classes.filter((line, i) => isBroken(line) || i % 4 === 0)) {
      const args = ['check', String(run), '--rules', 'lost-update,torn-span', '--db', file]
      const checked = await pagetrail(args)
      const found = checked.out.includes('error: torn-span (H2)') ? ['torn-span'] : []
      expect(breaks).toEqual(found)
      expect(checked.status).toBe(found.length)
    }
    const info = await pagetrail(['info', String(classes[6]?.['run']), '--db', file])
    expect(info.out).toContain('h7-first-atomic/4k-48/6.18~class-7')
  })

  test('as many as --most says, of how many there are', async () => {
    const clean = ['explore', 'h7-tested-atomic', '--flavour', '6.18', '--all', '--db', db()]
    const { status, out } = await pagetrail([...clean, '--most', '2'])
    expect(status).toBe(3)
    expect(out).toMatch(
      /recorded +2 +runs 1 to 2, .*~class-1 to ~class-2, found first of \d+ classes; --most N records more/,
    )
    const ended = jsonLines((await pagetrail([...clean, '--most', '2', '--json'])).out).at(-1)
    expect(ended).toMatchObject({ type: 'end', complete: false })
    const whole = await pagetrail(clean)
    expect(whole.status).toBe(0)
    expect(whole.out).not.toContain('--most')
  })

  test.each([
    [['--first'], '--all does not go with --first'],
    [['--no-record'], '--all does not go with --no-record'],
    [['--resume'], '--all does not go with --resume'],
    [['--mode', 'states'], 'only dpor searches by classes of schedules'],
  ])('not with %j', async (more, message) => {
    const { status, err } = await pagetrail([...ALL, ...more, '--db', db()])
    expect(status).toBe(2)
    expect(err).toContain(message)
  })
})

describe('mode bounded', () => {
  const BOUNDED = ['explore', 'h7-first-plain', '--flavour', '6.18', '--mode', 'bounded']

  test('answers for each bound, in text and in JSON', async () => {
    const { status, out } = await pagetrail([...BOUNDED, '--no-record'])
    expect(status).toBe(1)
    expect(out).toMatch(/schedules +54 +all covered with at most 2 preemptions/)
    expect(out).toMatch(/≤ 0 preemptions +2 +all covered: nothing fails/)
    expect(out).toMatch(/≤ 1 preemption +14 +all covered: lost-update 2/)
    expect(out).toMatch(/≤ 2 preemptions +54 +all covered: lost-update 6, torn-span 2/)
    const none = await pagetrail([...BOUNDED, '--no-record', '--json', '--preemptions', '0'])
    // Within a bound is not all: nothing found there is not complete.
    expect(none.status).toBe(3)
    expect(jsonLines(none.out)[1]).toMatchObject({
      bounds: [{ preemptions: 0, complete: true, schedules: 2, failing: {} }],
    })
  })

  test('goes on with --resume in the bound in which it was stopped', async () => {
    const file = db()
    const stopped = await pagetrail([...BOUNDED, '--max-states', '150', '--db', file])
    expect(stopped.out).toContain('at least; 150 states in the search of at most 2 preemptions')
    expect(stopped.out).toMatch(/lost-update +\d+ /)
    const resumed = await pagetrail([...BOUNDED, '--resume', '--json', '--db', file])
    const whole = await pagetrail([...BOUNDED, '--no-record', '--json'])
    expect(numbers(resumed)).toEqual(numbers(whole))
    expect(existsSync(`${file}.searches`)).toBe(false)
  })
})

test('a schedule says what it is for: record takes it there, on its flavour, and nowhere else', async () => {
  const file = ['--db', db()]
  const search = ['explore', 'h7-first-plain', '--flavour', '7.3', '--json']
  const explored = await pagetrail([...search, ...file])
  const lines = jsonLines(explored.out)
  const prefix = String(lines[1]?.['schedule_prefix'])
  const steps = String(lines.find(({ property }) => property === 'lost-update')?.['schedule'])
  expect((await pagetrail(['info', '1', ...file])).out).toContain(prefix)
  const schedule = ['--schedule', `${prefix}${steps}`]
  const made = await pagetrail(['record', 'h7-first-plain', ...schedule, '--json', ...file])
  expect(made.status).toBe(0)
  expect(jsonLines(made.out)[1]).toMatchObject({ label: 'h7-first-plain/4k-48/7.3' })
  const checked = await pagetrail(['check', '-1', '--rules', 'lost-update', ...file])
  expect(checked.out).toContain('error: lost-update (H7)')
  const elsewhere = await pagetrail(['record', 'h7-lock', ...schedule, ...file])
  expect(elsewhere.status).toBe(2)
  expect(elsewhere.err).toContain('what differs: what its CPUs do')
  const older = await pagetrail([
    'record',
    'h7-first-plain',
    '--flavour',
    '6.18',
    ...schedule,
    ...file,
  ])
  expect(older.err).toContain('it was made for flavour 7.3, and this is 6.18')
  const longer = ['record', 'h7-first-plain', '--schedule', `${prefix}${steps}.0*9`]
  expect((await pagetrail([...longer, ...file])).err).toContain('CPU 0 cannot run here')
})
