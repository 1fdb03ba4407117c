import { expect, test } from 'vitest'
import { session } from '../../support/session.ts'

test('the timeline is walked, zoomed, and a selection becomes a filter', async () => {
  const s = await session({ calls: 40 })
  s.keys('z')
  await s.settled()
  expect(s.model().screen).toBe('timeline')
  expect(s.screen()).toContain('800 events of 800')
  // 800 events in 102 parts: what was counted is exact.
  expect(s.replay().timeline?.profile?.exact).toBe(true)
  s.keys('L', 'l')
  const at = s.replay().timeline?.at ?? 0
  expect(at).toBe(Math.ceil((11 * 800) / 102))
  s.keys('+')
  await s.settled()
  expect(s.screen()).toContain('200 events of 800')
  expect(s.replay().timeline?.at).toBe(at)
  s.keys('space', 'L', 'enter')
  await s.settled()
  expect(s.model().screen).toBe('replay')
  const [filter = ''] = s.replay().view.filters
  expect(filter).toMatch(/^seq in \d+-\d+$/)
  const [from = 0, to = 0] = filter.slice(7).split('-').map(Number)
  expect(s.replay().rows.map((e) => e.seq)).toEqual(
    Array.from({ length: to - from + 1 }, (_, i) => from + i),
  )
  await s.end()
})

test('opened a second time, it counts again', async () => {
  const s = await session({ calls: 40 })
  s.keys('z')
  await s.settled()
  const counted = s.screen()
  expect(counted).toContain('━ Timeline ━')
  s.keys('0')
  await s.settled()
  expect(s.screen()).toBe(counted)
  s.keys('q', 'z')
  await s.settled()
  expect(s.screen()).toBe(counted)
  await s.end()
})

test('its costs are those of the events', async () => {
  const s = await session({ calls: 40 })
  s.keys('z')
  await s.settled()
  const buckets = s.replay().timeline?.profile?.buckets ?? []
  const total = (name: 'calls' | 'stores' | 'flushes') =>
    buckets.reduce((sum, b) => sum + b[name], 0)
  // A call of the sample: three stores, one flush.
  expect([total('calls'), total('stores'), total('flushes')]).toEqual([40, 120, 40])
  await s.end()
})

test.each([
  [200, 50],
  [120, 36],
  [80, 24],
] as const)('the timeline at %i×%i', async (columns, rows) => {
  const s = await session({ calls: 400, columns, rows })
  s.keys('z', 'L', 'L')
  await s.settled()
  await expect(s.screen()).toMatchFileSnapshot(`../screens/golden/${columns}x${rows}/timeline.txt`)
  await s.end()
})

test('what nobody knows is said: findings that were not looked for, and what samples do not show', async () => {
  const s = await session({ calls: 1200 })
  s.keys('z')
  await s.settled()
  expect(s.replay().run.events).toBeGreaterThan(20_000)
  expect(s.screen()).toContain('findings     not checked yet')
  expect(s.screen()).toMatch(/tables +none/)
  s.keys('q')
  await s.settled()
  s.keys('c')
  await s.settled()
  s.keys('q', 'z')
  await s.settled()
  expect(s.screen()).not.toContain('not checked yet')
  await s.end()
})

test('where findings are only counted, neither the timeline nor e says that there is none', async () => {
  const s = await session({ calls: 400 })
  s.keys('z')
  await s.settled()
  const { until = null, proof = [] } = s.replay().checked ?? {}
  expect(until).toBe(proof.at(-1))
  expect(s.screen()).toMatch(/findings +!+\?+ /)
  s.keys('q', 'G')
  await s.settled()
  s.keys('e')
  expect(s.model().message?.text).toMatch(/^findings after event [\d,]+ are counted, not listed$/)
  await s.end()
})

test('a click goes to its part', async () => {
  const s = await session({ calls: 40 })
  s.keys('z')
  await s.settled()
  const list = s.place('list')
  if (!list) throw new Error('the timeline is on the screen')
  s.mouse('click', 0, list.x + 14 + 51, list.y + 2)
  expect(s.replay().timeline?.at).toBe(Math.ceil((51 * 800) / 102))
  await s.end()
})
