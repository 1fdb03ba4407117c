import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'
import { capture, recordDemo } from '../../support/demo.ts'
import { database } from '../../support/stored.ts'

/** No area there, so -EINVAL: no event but the call's own. */
const CASE = {
  id: 'zero/4k-48/7.3',
  flavour: '7.3',
  geometry: { page_shift: 12, va_bits: 48, levels: 4 },
  calls: [{ fn: 'set_memory_ro', addr: '0xffff800080000000', numpages: 0 }],
  events: [
    {
      seq: 0,
      cpu: 0,
      op: 0,
      kind: 'op_begin',
      fn: 'set_memory_ro',
      va: '0xffff800080000000',
      end: '0xffff800080000000',
      args: { addr: '0xffff800080000000', numpages: 0 },
    },
    { seq: 1, cpu: 0, op: 0, kind: 'op_end', fn: 'set_memory_ro', ret: -22 },
  ],
  results: [-22],
  final: [],
}
const wrong = { ...CASE, id: 'wrong', results: [0] }
const unknown = { ...CASE, id: 'unknown', flavour: '5.4' }

function fileOf(...cases: readonly object[]): string {
  const path = join(folder(), 'cases.jsonl')
  writeFileSync(path, cases.map((c) => `${JSON.stringify(c)}\n`).join(''))
  return path
}

test('all equal: 0', async () => {
  const { status, out } = await pagetrail(['conform', fileOf(CASE, CASE)])
  expect({ status, out }).toEqual({
    status: 0,
    out: '2 cases: 2 equal, 0 unequal, 0 could not be run\n',
  })
})

test('unequal: 1, with where it differs; cannot be run: 3', async () => {
  const path = fileOf(CASE, wrong)
  const unequal = await pagetrail(['conform', path])
  expect(unequal.status).toBe(1)
  expect(unequal.out).toBe(
    `${path}:2 wrong: results[0] differs\n  - 0\n  + -22\n\n` +
      '2 cases: 1 equal, 1 unequal, 0 could not be run\n',
  )
  const cannot = await pagetrail(['conform', fileOf(unknown), '--json'])
  expect(cannot.status).toBe(3)
  expect(jsonLines(cannot.out)).toMatchObject([
    { type: 'header', verb: 'conform' },
    { type: 'case', line: 1, id: 'unknown', verdict: 'cannot-run' },
    { type: 'end', complete: false, cannot_run: 1 },
  ])
})

test('reads standard input, packed', async () => {
  const stdin = gzipSync(`${JSON.stringify(CASE)}\n`)
  expect(await pagetrail(['conform', '-'], { stdin })).toMatchObject({ status: 0 })
})

test('what is neither a file nor a run: 2', async () => {
  const db = await database()
  const { status, err } = await pagetrail(['conform', 'nowhere.jsonl', '--db', db])
  expect(status).toBe(2)
  expect(err).toContain('nowhere.jsonl is neither a file nor a run')
})

const fixture = (name: string) => join(import.meta.dirname, '../../fixtures/traces', name)

test('a trace of a real kernel: each call predicted', async () => {
  const files = [fixture('modules_small-6.18-bbm.trace.gz'), capture('6.17.13')]
  const { status, out } = await pagetrail(['conform', ...files])
  expect({ status, out }).toEqual({
    status: 0,
    out:
      'modules_small-6.18-bbm (6.18): 96 calls: 96 predicted, 5 of them with an inferred start, 0 different\n' +
      'modules_small-6.17.13 (6.17): 94 calls: 94 predicted, 0 different\n',
  })
})

test('a run imported from one; a run of the engine has nothing to be held against', async () => {
  const db = join(folder(), 'test.db')
  await pagetrail(['import', fixture('secretmem_small-6.17.trace.gz'), '--db', db])
  const run = await pagetrail(['conform', '-1', '--json', '--db', db])
  expect(run.status).toBe(0)
  expect(jsonLines(run.out)).toMatchObject([
    { type: 'header' },
    { type: 'run', run: 'secretmem_small-6.17', calls: 32, predicted: 32, inferred: 0 },
    { type: 'end', complete: true, calls: 32, predicted: 32, different: 0, missing_input: 0 },
  ])
  const { out } = await pagetrail(['export', '-1', '--db', db])
  const exported = join(folder(), 'run.jsonl.gz')
  writeFileSync(exported, gzipSync(out))
  expect(await pagetrail(['conform', exported, '1', '--db', db])).toMatchObject({
    status: 0,
    out: 'secretmem_small-6.17 (6.17): 32 calls: 32 predicted, 0 different\n'.repeat(2),
  })
  const engine = await pagetrail(['conform', '-1', '--db', await recordDemo('6.18')])
  expect(engine.status).toBe(2)
  expect(engine.err).toContain('is not of a real kernel')
})

test('the wrong kernel: 1, with the step that differs', async () => {
  const args = ['conform', capture('6.18.15'), '--kernel', '6.17.13', '--show', '1']
  const { status, out } = await pagetrail(args)
  expect(status).toBe(1)
  expect(out).toMatch(
    /^modules_small-6\.18\.15 call 0 set_memory_ro, from event 2: step 1 differs$/m,
  )
  expect(out).toMatch(/^ {2}- lazy enter\n {2}\+ walk apply_to_page_range /m)
  expect(out).toContain('96 calls: 0 predicted, 96 different\n')
})

test('calls that may be missing: 3', async () => {
  const { status, out, err } = await pagetrail(['conform', fixture('boot-overrun-7.3.trace.gz')])
  expect(status).toBe(3)
  expect(out).toBe('boot-overrun-7.3 (7.3): no calls, nothing to predict\n')
  expect(err).toContain('276 events were lost')
})
