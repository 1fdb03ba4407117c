import { expect, test } from 'vitest'
import { threeCpus } from '../../support/three-cpus.ts'
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

test.each([
  [200, 50],
  [120, 36],
  [80, 24],
] as const)(
  'three CPUs have a lane each at %i×%i, and what one stored is seen by another',
  async (w, h) => {
    const s = await threeCpus(w, h)
    expect(s.screen()).toMatch(/seq +CPU 0 +│ CPU 1 +│ CPU 2/)
    s.type(':10')
    s.keys('enter')
    await s.settled()
    await expect(s.screen()).toMatchFileSnapshot(`golden/${w}x${h}/three-cpus.txt`)
    expect(s.screen()).toMatch(/✗ #7 is lost/)
    expect(s.screen()).toMatch(/◀─+│─+ #9 /)
    await s.end()
  },
)
