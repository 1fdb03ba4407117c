import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { type RowRun, RowRuns } from '../../../../packages/recorder/src/diff/align/row-script.ts'

const STATUSES = ['same', 'renamed', 'changed', 'left', 'right'] as const

test('runs are what was added, joined where a status goes on, each where those before it end', () => {
  const part = fc.tuple(fc.constantFrom(...STATUSES), fc.integer({ min: 0, max: 1_000_000 }))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 100 }), (parts) => {
      const runs = new RowRuns()
      const wanted: RowRun[] = []
      let [left, right] = [0, 0]
      for (const [status, length] of parts) {
        runs.add(status, length)
        if (length === 0) continue
        const last = wanted.at(-1)
        if (last?.status === status)
          wanted[wanted.length - 1] = { ...last, length: last.length + length }
        else wanted.push({ status, left, right, length })
        if (status !== 'right') left += length
        if (status !== 'left') right += length
      }
      expect([...runs]).toEqual(wanted)
      expect(runs).toHaveLength(wanted.length)
    }),
  )
})
