import { gzipSync } from 'node:zlib'

import { expect, test } from 'vitest'

import { importInput, InputError, openRuns } from '@pagetrail/recorder'

const HEADER = '{"pagetrail":1,"run":{"label":"q"}}\n'

const event = (more: string) =>
  `{"seq":0,"cpu":0,"op":0,"kind":"op_begin","fn":"f","va":"0x1000","end":"0x2000",${more}}\n`

async function imported(...chunks: readonly (string | Uint8Array)[]) {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  async function* bytes() {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  const input = { name: 'in', chunks: bytes() }
  const began = process.cpuUsage()
  const { report } = await importInput(runFile, input, 'auto', { created: 0 })
  return { runFile, report, cpu: process.cpuUsage(began).user }
}

test('a line of JSON Lines has a bound, packed or not', async () => {
  const endless = Array.from({ length: 40 }, () => 'a'.repeat(1 << 20))
  const start = '{"pagetrail":1,"run":{"label":"'
  const long = 'in:1: expected lines of text, found one of more than 32 megabytes'
  await expect(imported(start, ...endless)).rejects.toThrow(long)
  await expect(imported(gzipSync(start + endless.join('')))).rejects.toThrow(long)
})

test.each([
  ['arrays', '['.repeat(6000), ']'.repeat(6000)],
  ['objects', '{"a":'.repeat(200), '1' + '}'.repeat(200)],
  ['more than JSON.parse bears', '['.repeat(300_000), ']'.repeat(300_000)],
])('JSON nested too deep is refused with its line: %s', async (_, open, close) => {
  for (const text of [
    HEADER + event(`"args":{"a":${open}${close}}`),
    HEADER + event(`"args":{},"x_own":${open}${close}`),
    `${HEADER.replace('"q"', `"q","facts":{"a":${open}${close}}`)}`.replace('{"p', '\n{"p'),
  ]) {
    await expect(imported(text)).rejects.toThrow(InputError)
    await expect(imported(text)).rejects.toThrow(/^in:2: /)
  }
})

test('signs that end lines elsewhere are signs within a name here', async () => {
  const label = 'a\u2028b\u2029c\rd\u0085e'
  const { runFile } = await imported(JSON.stringify({ pagetrail: 1, run: { label } }))
  expect(runFile.find(1).label).toBe(label)
})

const entries = (tasks: number): string =>
  Array.from(
    { length: tasks },
    (_, i) =>
      `  t${i}-${i + 1} [001] d.... 27.844320: set_memory_ro: (set_memory_ro+0x0/0x40) addr=0xffff80007a284000 numpages=1\n`,
  ).join('')

test('tasks with open calls take time that goes with their number', async () => {
  const few = await imported(`# tracer: nop\n#\n${entries(30_000)}`)
  const many = await imported(`# tracer: nop\n#\n${entries(120_000)}`)
  expect(many.report).toMatchObject({ entries: 120_000 })
  // 4 when it is linear; it was 100 and more.
  expect(many.cpu / few.cpu).toBeLessThan(20)
})
