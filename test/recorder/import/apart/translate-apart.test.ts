import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { InputError } from '@pagetrail/engine'
import {
  importFile,
  type ImportOptions,
  importStream,
  openRuns,
  type RunFile,
} from '@pagetrail/recorder'
import { demoCapture } from '../imported.ts'

/** The capture of 6.18 again and again, each time later: longer than what is read in the same thread. */
function longTrace(): string {
  const events = new TextDecoder()
    .decode(demoCapture('modules_small-6.18.15'))
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
  const rounds = Array.from({ length: 18 }, (_, round) =>
    events.map((line) =>
      line.replace(/ (\d+)(\.\d{6}: )/, (_all, seconds: string, rest: string) => {
        return ` ${Number(seconds) + round * 100}${rest}`
      }),
    ),
  )
  return `# tracer: nop\n#\n${rounds.flat().join('\n')}\n`
}

const TRACE = longTrace()
let folder: string
let runFile: RunFile
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pagetrail-apart-'))
  runFile = await openRuns(join(folder, 'runs.db'), { mode: 'write' })
})
afterAll(() => {
  runFile.close()
  rmSync(folder, { recursive: true })
})

function file(text: string): string {
  const path = join(folder, 'long.trace')
  writeFileSync(path, text)
  return path
}

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

const load = (text: string, options: Partial<ImportOptions> = {}) =>
  importFile(runFile, file(text), { created: 0, ...options })

/** What all events and names of a run hang on. */
const digests = (run: number): unknown[] =>
  runFile.db.prepare('select first, count, kinds, digest from batch where run = ?').all(run)

test('a long trace has the rows and the facts that it has when it is read in this thread', async () => {
  expect(TRACE.length).toBeGreaterThan(8 << 20)
  const progress: number[] = []
  const apart = await load(TRACE, { onProgress: ({ events }) => void progress.push(events) })
  const here = await importStream(runFile, chunks(TRACE), join(folder, 'long.trace'), {
    created: 0,
  })
  expect({ ...apart, run: 0 }).toEqual({ ...here, run: 0 })
  expect(digests(apart.run)).toEqual(digests(here.run))
  const [one, two] = [apart, here].map(({ run }) => runFile.find(String(run)))
  expect({ ...one, id: 0 }).toEqual({ ...two, id: 0 })
  expect(progress.at(-1)).toBeGreaterThan(apart.entries / 2)
})

test('one that goes back in time is sorted', async () => {
  const [, , ...lines] = TRACE.trimEnd().split('\n')
  const half = lines.length >> 1
  const swapped = [...lines.slice(half), ...lines.slice(0, half)].join('\n')
  const { entries, unpaired, backwards } = await load(`${swapped}\n`)
  expect({ entries, unpaired, backwards }).toEqual({
    entries: lines.length,
    unpaired: 0,
    backwards: 0,
  })
})

test('what cannot be read is an error of the input, with its line, and nothing stays', async () => {
  const before = runFile.runs().length
  const lines = TRACE.split('\n').length
  const failed = load(`${TRACE}insmod-1 [000] d..1. 9.000000: torn\n`, { strict: true })
  await expect(failed).rejects.toBeInstanceOf(InputError)
  await expect(failed).rejects.toThrow(`long.trace:${lines}: expected an event's name`)
  expect(runFile.runs()).toHaveLength(before)
  expect(readdirSync(folder).filter((name) => name.includes('-rows'))).toEqual([])
})

test('the signal stops it, and what was imported stays', async () => {
  const abort = new AbortController()
  const { run, interrupted, entries } = await load(TRACE, {
    signal: abort.signal,
    onProgress: () => abort.abort(),
  })
  expect(interrupted).toBe(true)
  expect(runFile.find(String(run)).state).toBe('interrupted')
  expect(entries).toBeGreaterThan(0)
})
