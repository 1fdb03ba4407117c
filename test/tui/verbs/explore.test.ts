import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
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

test('what --never forbids is found, or proved not to happen', async () => {
  const clean = await exploreNever('owners-plain', 'kind == desc_write && cpu == 7')
  expect(clean.out).toMatch(/never +0 +proved/)
  const stores = await exploreNever('owners-plain', 'kind == desc_write && cpu == 1')
  expect(stores.status).toBe(1)
  expect(stores.out).toMatch(/never +6 +100 %/)
  const lock = await exploreNever('h7-lock', 'kind == lock')
  expect(lock.status).toBe(2)
  expect(lock.err).toContain(
    '--never looks at desc_write, desc_read, access; it cannot speak of lock',
  )
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
