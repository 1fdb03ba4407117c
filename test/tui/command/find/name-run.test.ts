import { openRuns, type RunFile } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { nameOf } from '../../../../packages/tui/src/command/find/name-run.ts'
import { SAMPLE_RUN } from '../../../support/sample-run.ts'

/** Runs of these labels, and how a printed command names each. */
async function namesOf(...labels: readonly string[]): Promise<string[]> {
  const runFile: RunFile = await openRuns(':memory:', { mode: 'write' })
  const { id: _, ...meta } = SAMPLE_RUN
  for (const label of labels) runFile.startRun({ ...meta, label }).finish('complete')
  return runFile.runs().map((run) => nameOf(runFile, run))
}

test('a run is named by its label where that means it, else by its id', async () => {
  expect(await namesOf('a/4k-48/6.18', 'twice', 'twice')).toEqual(['a/4k-48/6.18', '2', 'twice'])
})

test('what is read as something else, or cannot be typed, is no name', async () => {
  const odd = ['-1', '7', '--json', 'x\ny', 'package.json']
  const names = await namesOf(...odd, "it's fine")
  expect(names).toEqual(['1', '2', '3', '4', '5', "it's fine"])
})
