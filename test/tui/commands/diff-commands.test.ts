import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openRuns } from '@pagetrail/recorder'
import { folder } from '../../support/cli.ts'
import { writeLongCalls } from '../../support/long-calls.ts'
import { sampleEvents, SAMPLE, writeSample } from '../../support/sample-trace.ts'
import { sessionOn } from '../../support/session.ts'

async function longCalls(rows = 36) {
  const { db, odd } = await writeLongCalls()
  return { s: await sessionOn(db, null, 120, rows), odd }
}

test('the one odd page of 10,000 is six keys away', async () => {
  const { s, odd } = await longCalls()
  s.keys('j', 'enter')
  await s.settled()
  s.keys('O')
  await s.settled()
  expect(s.cursor()).toBe(odd - 1)
  s.keys('O')
  await s.settled()
  // From there on all are alike again.
  expect(s.cursor()).toBe(odd + 3)
  s.keys('O')
  await s.settled()
  expect(s.model().message?.text).toBe('all callbacks after this event are alike')
  s.keys('Q')
  await s.settled()
  expect(s.cursor()).toBe(odd - 1)
  await s.end()
})

test('repeats are folded: two long calls are few rows, and the odd page stands out', async () => {
  const { s, odd } = await longCalls()
  s.keys('m', 'j', 'd')
  await s.settled()
  s.keys('G')
  await s.settled()
  expect(s.model().diff?.done).toBe(true)
  expect(s.model().diff?.known).toBeLessThan(60)
  s.keys('g')
  await s.settled()
  s.keys('e')
  await s.settled()
  expect(s.screen()).toMatch(new RegExp(`▶~ +${odd.toLocaleString('en-US')} .*pte write`))
  await s.end()
})

/** Two runs of thirty calls that differ in the barriers, and in what one store does. */
async function comparison(columns = 120, rows = 36) {
  const db = join(folder(), 'two.db')
  await writeSample(db, 30, { label: 'old', flavour: '6.12' }, true)
  const runFile = await openRuns(db, { mode: 'write' })
  const writer = runFile.startRun({ ...SAMPLE, label: 'new' })
  for (const e of sampleEvents(30)) {
    writer.append(e.kind === 'desc_write' && e.seq === 208 ? { ...e, new: e.old } : e)
  }
  writer.finish('complete')
  runFile.close()
  const s = await sessionOn(db, null, columns, rows)
  s.keys('m', 'j', 'd')
  await s.settled()
  return s
}

test('e goes to the store whose effect differs, n goes on with effects', async () => {
  const s = await comparison()
  s.keys('e')
  await s.settled()
  expect(s.screen()).toMatch(/▶~ +208 .*pte write/)
  // The next call begins with what this one left: its effect is another one too.
  s.keys('n')
  await s.settled()
  expect(s.screen()).toMatch(/▶ +220 call 11 /)
  s.keys('n')
  await s.settled()
  expect(s.model().message?.text).toBe('no difference in effect after this row')
  await s.end()
})

test('the list of calls: verdicts, sorted by them, filtered, ⏎ goes to the pair', async () => {
  const s = await comparison()
  s.keys('c')
  expect(s.screen()).toMatch(/[!≠] +10 +10 {2}set_memory_ro +12K/)
  s.keys('S')
  expect(s.screen().split('\n')[4]).toMatch(/▶ [!≠] +10 +10 /)
  s.keys('/')
  s.type('set_memory_rw')
  s.keys('enter')
  expect(s.screen()).toContain('of 15 ')
  s.keys('enter')
  await s.settled()
  expect(s.model().diff?.tab).toBe('path')
  expect(s.screen()).toMatch(/▶ +220 call 11 set_memory_rw/)
  s.keys('c', 'x', 'w')
  expect(s.screen()).toMatch(/\d+ × set_memory_rw \+3p: same effects by another path/)
  await s.end()
})

test('calls are filtered by the arguments and events of either side, and by the sign of a verdict', async () => {
  const s = await comparison()
  const only = async (text: string) => {
    s.keys('/')
    s.type(text)
    s.keys('enter')
    await s.settled()
    return s.screen()
  }
  s.keys('c')
  expect(await only('seq == 208')).toContain('1 of 1 ')
  expect(s.screen()).toMatch(/[!≠] +10 +10 {2}set_memory_ro/)
  expect(await only('fn == set_memory_rw && numpages > 1')).toContain('1 of 15 ')
  expect(await only('≠')).toMatch(/1 of 2 /)
  s.keys('/')
  s.type(' == 1')
  s.keys('enter')
  expect(s.model().message?.bad).toBe(true)
  await s.end()
})

test('G is the end, : goes to events and shares, f finds words, = keeps the row', async () => {
  const s = await comparison()
  s.keys('G')
  await s.settled()
  const { known = 0, cursor } = s.model().diff ?? {}
  expect(s.model().diff?.done).toBe(true)
  expect(cursor).toBe(known - 1)
  s.type(':208')
  s.keys('enter')
  await s.settled()
  expect(s.screen()).toMatch(/▶. +208 /)
  s.keys('=')
  await s.settled()
  expect(s.model().diff?.folded).toBe(false)
  expect(s.screen()).toMatch(/▶. +208 /)
  s.type(':50%')
  s.keys('enter')
  await s.settled()
  expect(s.screen()).toMatch(/▶. +300 /)
  s.type(':12.5ms')
  s.keys('enter')
  expect(s.model().message?.text).toMatch(/^two runs have two clocks/)
  s.keys('f')
  s.type('tlb_flush')
  s.keys('enter')
  await s.settled()
  expect(s.screen()).toMatch(/▶. +\d+ .*≈ flush_tlb/)
  await s.end()
})

test('the path is searched while words are typed; every row with them counts, Esc goes back', async () => {
  const s = await comparison()
  const { cursor } = s.model().diff ?? {}
  s.keys('f')
  s.type('barrier')
  await s.settled()
  expect(s.screen()).toMatch(/1 of [\d,]+\+? matches/)
  expect(s.screen()).toMatch(/▶.*dsb ishst; isb/)
  s.keys('esc')
  await s.settled()
  expect(s.model().diff?.cursor).toBe(cursor)
  expect(s.screen()).not.toContain('matches')
  s.keys('f')
  s.type('barrier')
  await s.settled()
  s.keys('enter')
  const rows: (number | undefined)[] = []
  for (let i = 0; i < 3; i++) {
    await s.settled()
    rows.push(s.model().diff?.cursor)
    expect(s.screen()).toMatch(new RegExp(`${i + 1} of [\\d,]+\\+? matches`))
    s.keys('n')
  }
  await s.settled()
  expect(new Set(rows).size).toBe(3)
  s.keys('x')
  expect(s.model().diff?.aim).toBe('path')
  await s.end()
})

test('the answers in words and the list of calls are searched too', async () => {
  const s = await comparison()
  s.keys('c', 'f')
  s.type('set_memory')
  expect(s.screen()).toMatch(/find set_memory 1 of \d+ matches/)
  s.keys('enter', 'n')
  expect(s.screen()).toMatch(/find set_memory 2 of \d+ matches/)
  s.keys('tab', 'f')
  s.type('calls')
  expect(s.screen()).toMatch(/find calls 1 of \d+ match/)
  await s.end()
})

test('a filter keeps the rows of some events', async () => {
  const s = await comparison()
  s.keys('/')
  s.type('kind == desc_write')
  s.keys('enter')
  await s.settled()
  expect(s.screen()).toContain('Path, only kind == desc_write')
  expect(s.screen()).not.toContain('dsb ishst')
  s.keys('x')
  await s.settled()
  expect(s.screen()).toContain('dsb ishst')
  await s.end()
})

test.each([
  [200, 50],
  [120, 36],
  [80, 24],
] as const)('the calls and their strip at %i×%i', async (columns, rows) => {
  const s = await comparison(columns, rows)
  s.keys('c')
  await expect(s.screen()).toMatchFileSnapshot(`../screens/golden/${columns}x${rows}/calls.txt`)
  await s.end()
})
