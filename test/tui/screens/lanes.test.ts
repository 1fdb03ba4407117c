import { expect, test } from 'vitest'
import { twoOwners } from '../../support/two-owners.ts'

test.each([
  [200, 50],
  [120, 36],
  [80, 24],
] as const)('two CPUs stand in lanes at %i×%i, who lost its update is said', async (w, h) => {
  const s = await twoOwners(w, h)
  expect(s.screen()).toContain('! lost-update: CPU 1 overwrites')
  s.type(':48')
  s.keys('enter')
  await s.settled()
  await expect(s.screen()).toMatchFileSnapshot(`golden/${w}x${h}/lanes.txt`)
  await s.end()
})

test('one key shows one CPU only, another one tree', async () => {
  const s = await twoOwners(120, 36)
  s.type(':45')
  s.keys('enter', 'o')
  await s.settled()
  expect(new Set(s.replay().rows.map((e) => e.cpu))).toEqual(new Set([1]))
  expect(s.screen()).not.toMatch(/seq +CPU 0/)
  s.keys('o')
  await s.settled()
  s.keys('v')
  expect(s.screen()).toMatch(/seq +cpu event/)
  await s.end()
})
