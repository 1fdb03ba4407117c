import { buildMachine, implementScenario, parseScenario, playScenario } from '@pagetrail/engine'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import seedPatch from '../examples/seed-patch.ts'
import { folder, jsonLines, pagetrail } from './support/cli.ts'
import { hookLog } from './support/hook-log.ts'
import { kernelCases } from './support/kernel/kernel-cases.ts'

const example = (name: string) => join(import.meta.dirname, '..', 'examples', name)

/** Records a scenario with an example in place of seed-v1's own calls. */
const record = (db: string, scenario: string, module?: string) =>
  pagetrail([
    'record',
    scenario,
    ...(module === undefined ? ['--flavour', 'seed-v1'] : ['--module', example(module)]),
    '--db',
    db,
  ])

const SCENARIOS = ['clean-ro', 'clean-text', 'clean-page-tables', 'partial-block', 'half-changed']

test.each([...SCENARIOS, 'whole-block', 'contpte-whole'])(
  'the ported patch does what seed-v1 does: %s',
  async (scenario) => {
    const db = join(folder(), 'test.db')
    await record(db, scenario)
    expect(await record(db, scenario, 'seed-patch.ts')).toMatchObject({ status: 0, err: '' })
    const { status, out } = await pagetrail(['diff', '--by', 'path', '-q', '--db', db])
    expect(out).toContain(': path: same')
    expect(status).toBe(0)
  },
)

test('the ported patch reports what seed-v1 does, on every case that the kernel ran', () => {
  const cases = kernelCases()
    .map((text) => parseScenario(JSON.parse(text)))
    .filter(({ flavour }) => flavour.name === 'seed-v1')
  expect(cases.length).toBeGreaterThan(100)
  for (const scenario of cases) {
    const lines = [scenario, implementScenario(scenario, seedPatch)].map((variant) => {
      const log = hookLog()
      playScenario(buildMachine(variant, log.hooks), variant)
      return log.lines
    })
    expect(lines[1], scenario.id).toEqual(lines[0])
  }
})

test('the forgotten flush is found, and the port has none to find', async () => {
  const db = join(folder(), 'test.db')
  await record(db, 'half-changed', 'forgotten-flush.ts')
  await record(db, 'half-changed', 'seed-patch.ts')
  const check = (run: string) => pagetrail(['check', run, '--rules', 'flush-missing', '--db', db])
  const found = await check('1')
  expect(found.status).toBe(1)
  expect(found.out).toContain('set_memory_valid returned while TLBs may still lead')
  expect((await check('2')).status).toBe(0)
})

test('who looks first leaves nothing half-changed', async () => {
  const db = join(folder(), 'test.db')
  await record(db, 'half-changed', 'check-first.ts')
  const { out } = await pagetrail(['check', '--rules', 'half-changed', '--json', '--db', db])
  expect(jsonLines(out)[1]).toMatchObject({ type: 'rule', rule: 'half-changed', status: 'clean' })
  const replay = await pagetrail(['replay', '1', '--db', db])
  expect(replay.out).toContain('look_pmd_entry = -EINVAL')
  await record(db, 'clean-ro', 'check-first.ts')
  await record(db, 'clean-ro')
  expect((await pagetrail(['diff', '--by', 'effect', '--db', db])).status).toBe(0)
})
