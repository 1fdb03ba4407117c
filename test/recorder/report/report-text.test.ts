import { reportJsonLines, reportRun, reportLines } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { engineRuns, pagesScenario } from '../../support/runs.ts'
import { AREA, hex } from '../../support/sample-run.ts'

const calls = ['set_memory_ro', 'set_memory_rw'].map((fn) => ({ fn, addr: hex(AREA), numpages: 3 }))

test('runs side by side', async () => {
  const runs = await engineRuns(pagesScenario(3, calls, 0), '6.12', '6.17', '6.18', '7.3')
  const reports = runs.map((run) => reportRun(run, { calls: 1 }))
  const text = `${[...reportLines(reports)].join('\n')}\n`
  await expect(text).toMatchFileSnapshot('golden/three-pages.txt')
})

test('a JSON line for each run, function, call and point of coverage', async () => {
  const runs = await engineRuns(pagesScenario(3, calls, 0), '6.12', '7.3')
  const lines = [...reportJsonLines(runs.map((run) => reportRun(run, { calls: 9 })))].map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  )
  expect(lines[0]).toMatchObject({ type: 'header', verb: 'report', runs: [1, 2] })
  const of = (type: string) => lines.filter((line) => line['type'] === type)
  expect(of('run')).toMatchObject([
    { run: 1, total: { barriers: 6 } },
    { run: 2, total: { barriers: 2 } },
  ])
  expect(of('call')).toHaveLength(4)
  expect(of('call')[0]).toMatchObject({ va: hex(AREA), ret: 0, costs: { tlbi: 3 } })
  expect(lines.at(-1)).toEqual({ type: 'end', rows: lines.length - 2, complete: true })
})
