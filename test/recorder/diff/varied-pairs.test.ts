import { expect, test } from 'vitest'

import { misjudgedPair, VARIED_PAIRS } from '../../support/varied/pairs.ts'
import { WORLDS } from '../../support/varied/worlds.ts'

/** As varied-cases.test.ts: each pair meets a world in 23, another each time, both ways round. */
const EVERY = 23

test.each(VARIED_PAIRS.map((pair, i) => [pair.name, pair, i] as const))('%s', (_, pair, i) => {
  const wrong: string[] = []
  for (let at = i % EVERY; at < WORLDS.length; at += EVERY) {
    const world = WORLDS[at]!
    for (const isSwapped of [false, true]) {
      const found = misjudgedPair(pair, world, isSwapped)
      if (found !== null)
        wrong.push(`${found} in ${world.style}, ${world.flavour}, ${world.vaBits}`)
    }
  }
  expect(wrong).toEqual([])
})
