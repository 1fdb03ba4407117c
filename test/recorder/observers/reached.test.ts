import { expect, test } from 'vitest'

import { INTERLEAVED, unreached } from '../../support/reached.ts'

/** One schedule of each scenario and flavour; `node bench/reached.ts` tries more. */
const FLAVOURS = ['6.17', '7.3'] as const

const found: number[] = []
test.each(INTERLEAVED)(
  '%s: some choice of fills reaches what the fold calls harmful',
  { timeout: 60_000 },
  (name) => {
    for (const flavour of FLAVOURS) {
      const { harms, missed } = unreached(name, flavour, 0)
      expect(missed, flavour).toEqual([])
      found.push(harms)
    }
  },
)

test('there was something to reach', () => {
  expect(found.filter((harms) => harms > 0).length).toBeGreaterThan(20)
})
