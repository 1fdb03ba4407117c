import { expect, test } from 'vitest'

import { misjudged, VARIED_CASES, WORLDS } from '../../support/varied/worlds.ts'

/**
 * What a run does is judged alike on whichever geometry, CPUs, tasks and version, and however flushes are shown, beside
 * other calls and alone. Here each case meets a world in eleven, another each time; `node bench/vary.ts` has all.
 */
const EVERY = 11

test('cases have names of their own', () => {
  expect(new Set(VARIED_CASES.map(({ name }) => name)).size).toBe(VARIED_CASES.length)
})

test.each(VARIED_CASES.map((each, i) => [each.name, each, i] as const))('%s', (_, each, i) => {
  const wrong: string[] = []
  let tried = 0
  for (let at = i % EVERY; at < WORLDS.length; at += EVERY) {
    const world = WORLDS[at]!
    if (each.only?.(world) === false) continue
    tried++
    const found = misjudged(each, world, tried % 2 === 0)
    wrong.push(
      ...found.map((what) => `${what} in ${world.style}, ${world.flavour}, ${world.vaBits}`),
    )
  }
  expect(wrong).toEqual([])
  expect(tried).toBeGreaterThan(0)
})
