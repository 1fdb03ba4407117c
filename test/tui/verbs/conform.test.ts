import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folder, jsonLines, pagetrail } from '../../support/cli.ts'

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

test('a file that is not there: 2', async () => {
  const { status, err } = await pagetrail(['conform', 'nowhere.jsonl'])
  expect(status).toBe(2)
  expect(err).toContain('nowhere.jsonl')
})
