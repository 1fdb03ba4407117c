import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import { importInput, jsonlChunks, openRuns } from '@pagetrail/recorder'
import { expect, onTestFinished, test } from 'vitest'

import { importTogether } from '../../../../packages/tui/src/command/imports/import-together.ts'
import { Output } from '../../../../packages/tui/src/command/output.ts'
import { Session } from '../../../../packages/tui/src/command/session.ts'
import { bare } from '../../../../packages/tui/src/text/paint.ts'
import { folder, memoryIo } from '../../../support/cli.ts'
import { fixture } from '../../../support/runs.ts'

const BOOTS = [fixture('bpf-6.18-boot1.trace.gz'), fixture('bpf-6.18-boot2.trace.gz')] as const

/** What a command finds of these files when it has them imported at once; null: not so. */
async function together(names: readonly string[], interrupt = false) {
  const { io } = memoryIo({ interrupt })
  const options = { db: 'none.db', named: false, color: 'auto' as const, json: false, pager: true }
  const session = new Session(io, 'diff', options, new Output(io.stdout), bare)
  const runFile = await openRuns(join(folder(), 'runs.db'), { mode: 'write' })
  onTestFinished(async () => {
    runFile.close()
    await session.end()
  })
  const found = await importTogether(session, async () => runFile, names, 1000)
  return found?.map((one) => ({ run: one.run, events: [...one.runFile.source(one.run).events()] }))
}

async function asJsonLines(name: string): Promise<string> {
  const runFile = await openRuns(join(folder(), 'runs.db'), { mode: 'write' })
  await importInput(runFile, name, 'auto', { created: 0 })
  const to = join(folder(), 'exported.jsonl')
  writeFileSync(to, [...jsonlChunks(runFile.source(runFile.find(1)))].join(''))
  runFile.close()
  return to
}

test('captures are imported at once as each is alone, in the order of the names', async () => {
  const exported = await asJsonLines(BOOTS[0])
  for (const names of [
    BOOTS,
    [fixture('two-6.18-boot1.trace.gz'), exported, ...BOOTS.toReversed()],
  ]) {
    const both = await together(names)
    expect(both?.map(({ run }) => run.id)).toEqual(names.map((_, i) => i + 1))
    for (const [i, name] of names.entries()) {
      const runFile = await openRuns(join(folder(), 'runs.db'), { mode: 'write' })
      await importInput(runFile, name, 'auto', { created: Date.UTC(2026, 10, 22, 12), asked: name })
      const run = runFile.find(1)
      expect(both?.[i]?.run).toEqual({ ...run, id: i + 1 })
      expect(both?.[i]?.events).toEqual([...runFile.source(run).events()])
      runFile.close()
    }
  }
})

const isHead = (line: string): boolean => line.startsWith('#')

/** The lines of a capture behind its header, in another order: they are read a second time. */
function disordered(path: string): string {
  const lines = gunzipSync(readFileSync(path)).toString('latin1').trimEnd().split('\n')
  const to = join(folder(), 'disordered.trace')
  const events = lines.filter((line) => !isHead(line)).toReversed()
  writeFileSync(to, `${[...lines.filter(isHead), ...events].join('\n')}\n`)
  return to
}

test('a file that has to be read twice, a small one and one that is none are left to be imported alone', async () => {
  const small = join(folder(), 'small.trace')
  const other = join(folder(), 'other.txt')
  writeFileSync(small, '# tracer: nop\n')
  writeFileSync(other, 'no trace at all\n'.repeat(1000))
  for (const name of [disordered(BOOTS[0]), small, other, join(folder(), 'none')]) {
    expect(await together([name, BOOTS[1]])).toBeUndefined()
    expect(await together([BOOTS[1], name])).toBeUndefined()
  }
  expect(await together([BOOTS[0]])).toBeUndefined()
})

test('an interrupt ends them all', async () => {
  await expect(together(BOOTS, true)).rejects.toThrow(/aborted/)
})
