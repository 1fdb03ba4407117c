import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { expect, onTestFinished, test, vi } from 'vitest'

import { importEach } from '../../../../packages/tui/src/command/imports/import-each.ts'
import { Output } from '../../../../packages/tui/src/command/output.ts'
import { Session } from '../../../../packages/tui/src/command/session.ts'
import { bare } from '../../../../packages/tui/src/text/paint.ts'
import { folder, memoryIo } from '../../../support/cli.ts'
import { capture } from '../../../support/demo.ts'
import { fixture } from '../../../support/runs.ts'

const BOOT = fixture('bpf-6.18-boot1.trace.gz')

function session(interrupt = false): Session {
  const { io } = memoryIo({ interrupt })
  const options = { db: 'none.db', named: false, color: 'auto' as const, json: false, pager: true }
  const made = new Session(io, 'diff', options, new Output(io.stdout), bare)
  onTestFinished(() => made.end())
  return made
}

function written(name: string, text: string): string {
  const path = join(folder(), name)
  writeFileSync(path, text)
  return path
}

const RUNS = ['one', 'two']
  .flatMap((label) => [
    `{"pagetrail":2,"run":{"label":"${label}"}}`,
    '{"kind":"lazy_mmu_enter","seq":0,"cpu":0,"op":null,"depth":1}',
    '{"end":{"events":1,"calls":0}}',
  ])
  .join('\n')

test('runs are numbered in the order of the names, whichever is read first', async () => {
  const several = written('several.jsonl', RUNS)
  const found = await importEach(session(), [capture('6.17.13'), several, BOOT])
  expect(found.map((sources) => sources.map(({ run }) => [run.id, run.label]))).toEqual([
    [[1, 'modules_small-6.17.13']],
    [
      [2, 'one'],
      [3, 'two'],
    ],
    [[4, 'bpf-6.18-boot1']],
  ])
  expect(found.map((sources) => [...sources[0]!.events()].length)).toEqual(
    found.map((sources) => sources[0]!.run.events),
  )
})

test('what is wrong with the first file that is wrong is said, and nothing stays', async () => {
  const own = folder()
  const torn = written('torn.trace', gunzipSync(readFileSync(BOOT)).toString('latin1').slice(0, 9))
  const empty = written('empty.jsonl', '')
  vi.stubEnv('TMPDIR', own)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const asking = session()
  await expect(importEach(asking, [BOOT, torn, empty])).rejects.toThrow(/torn\.trace/)
  asking.end()
  expect(readdirSync(own)).toEqual([])
})

test('an interrupt leaves no part of a file to be taken for the whole', async () => {
  await expect(importEach(session(true), [capture('6.17.13'), BOOT])).rejects.toThrow(/aborted/)
})
