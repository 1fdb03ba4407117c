import { diffLines, diffRuns, memorySource } from '@pagetrail/recorder'
import { expect, test } from 'vitest'
import { eventsOf, SAMPLE_RUN } from '../../../support/sample-run.ts'

/** A call that warns. */
const runOf = (id: number, once: boolean) =>
  memorySource(
    { ...SAMPLE_RUN, id },
    eventsOf([
      { kind: 'op_begin', fn: 'f', va: null, end: null, args: null },
      { kind: 'warn', fn: 'f', once, fired: true },
      { kind: 'op_end', fn: 'f', ret: 0 },
    ]),
  )

test('rows that differ do not read alike: the fields that differ follow words that are the same', () => {
  const lines = [...diffLines(diffRuns(runOf(1, true), runOf(2, false)))]
  expect(lines).toContain('  ~ 1 ! WARN f once=true')
  expect(lines).toContain('    1 ! WARN f once=false')
})
