import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openRuns } from '@pagetrail/recorder'
import { SAMPLE, sampleEvents, writeSample } from '../../support/sample-trace.ts'
import { sessionOn } from '../../support/session.ts'

async function comparison(columns = 120, rows = 36) {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'two.db')
  await writeSample(db, 10, { label: 'old', flavour: '6.12' }, true)
  await writeSample(db, 10, { label: 'new', flavour: '6.18' })
  const s = await sessionOn(db, null, columns, rows)
  s.keys('m', 'j', 'd')
  await s.settled()
  return s
}

test('marks one run, compares it with another, says the verdict', async () => {
  const s = await comparison()
  expect(s.screen()).toContain('old #1 ⇄ new #2')
  expect(s.screen()).toContain('same effects by another path')
  expect(s.screen()).toMatch(/outcome = +effect = +path ≠/)
  await s.end()
})

test('n and N go from difference to difference, Enter opens the run there', async () => {
  const s = await comparison()
  s.keys('n')
  await s.settled()
  const first = s.model().diff?.cursor ?? 0
  expect(s.screen()).toMatch(/▶- .*dsb ishst; isb set_pte/)
  s.keys('n')
  await s.settled()
  expect(s.model().diff?.cursor).toBeGreaterThan(first)
  s.keys('N')
  await s.settled()
  expect(s.model().diff?.cursor).toBe(first)
  s.keys('enter')
  await s.settled()
  expect(s.model().screen).toBe('replay')
  expect(s.cursor()).toBe(5)
  s.keys('q')
  expect(s.model().screen).toBe('diff')
  await s.end()
})

test('keys that come faster than the answers each go on by one difference', async () => {
  const s = await comparison()
  const visited: number[] = []
  for (const key of ['n', 'n', 'n']) {
    s.keys(key)
    await s.settled()
    visited.push(s.model().diff?.cursor ?? -1)
  }
  s.keys('g')
  s.keys('n', 'n', 'n')
  await s.settled()
  expect(s.model().diff?.cursor).toBe(visited[2])
  s.keys('N', 'N')
  await s.settled()
  expect(s.model().diff?.cursor).toBe(visited[0])
  await s.end()
})

test('the four questions are tabs, equal parts unfold', async () => {
  const s = await comparison()
  expect(s.screen()).toContain('⋯')
  s.keys('=')
  await s.settled()
  expect(s.screen()).not.toContain('⋯')
  s.keys('tab')
  expect(s.screen()).toMatch(/barriers queued +0 +30/)
  s.keys('tab')
  expect(s.screen()).toContain('outcome')
  await s.end()
})

test.each([
  [200, 50],
  [120, 36],
  [80, 24],
] as const)('the comparison at %i×%i', async (columns, rows) => {
  const s = await comparison(columns, rows)
  s.keys('n')
  await s.settled()
  await expect(s.screen()).toMatchFileSnapshot(`golden/${columns}x${rows}/diff.txt`)
  await s.end()
})

/** The second run leaves a page writable where the first one does not. */
async function otherState(columns: number, rows: number) {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'two.db')
  await writeSample(db, 3, { label: 'old', flavour: '6.12' })
  const runFile = await openRuns(db, { mode: 'write' })
  const writer = runFile.startRun({ ...SAMPLE, label: 'new' })
  for (const e of sampleEvents(3)) {
    const write = e.kind === 'desc_write' && e.seq === 8
    writer.append(write ? { ...e, new: e.old } : e)
  }
  writer.finish('complete')
  runFile.close()
  const s = await sessionOn(db, null, columns, rows)
  s.keys('m', 'j', 'd', 'n')
  await s.settled()
  return s
}

test.each([
  [200, 50],
  [120, 36],
  [80, 24],
] as const)(
  'the page tables of both sides, what differs marked, at %i×%i',
  async (columns, rows) => {
    const s = await otherState(columns, rows)
    await expect(s.screen()).toMatchFileSnapshot(`golden/${columns}x${rows}/diff-state.txt`)
    expect(s.screen()).toContain('page tables here: 1 of 2 entries differ')
    s.keys('k', 'k')
    expect(s.screen()).toContain('folding the events')
    await s.settled()
    expect(s.screen()).toContain('page tables here agree in the entry that both show')
    await s.end()
  },
)

test.each([
  [200, 50],
  [120, 36],
  [80, 24],
] as const)('the table of both sides as a map, A against B, at %i×%i', async (columns, rows) => {
  const s = await otherState(columns, rows)
  s.keys('t')
  await s.settled()
  await expect(s.screen()).toMatchFileSnapshot(`golden/${columns}x${rows}/diff-map.txt`)
  expect(s.screen()).toContain('1 of 2 compared differ ~')
  s.keys('G')
  await s.settled()
  expect(s.screen()).toContain('┃▶')
  s.keys('t')
  await s.settled()
  expect(s.screen()).toContain('At the cursor')
  await s.end()
})

test('on 80 columns both runs can be told apart in the first line, and a call alone says why', async () => {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'two.db')
  await writeSample(db, 10, { label: 'modules_medium-6.17.13', flavour: '6.17' })
  await writeSample(db, 8, { label: 'modules_medium-6.18.15', flavour: '6.18' })
  const s = await sessionOn(db, null, 80, 24)
  s.keys('m', 'j', 'd')
  await s.settled()
  const [line = ''] = s.screen().split('\n')
  expect(line).toMatch(/mod.*17\.13 #1 ⇄ mod.*18\.15 #2 /)
  s.keys('c')
  expect(s.screen()).toContain('only A: B calls it less often')
  // What the page has no room for stands in the status line.
  s.keys('S')
  s.dispatch({ type: 'resize', columns: 60, rows: 24 })
  expect(s.screen()).toMatch(/┃▶ < .*…┃/)
  expect(s.screen().split('\n').at(-2)).toMatch(/^ … .*calls it less often$/)
  await s.end()
})

test('the cursor stays on the screen whatever size it takes', async () => {
  const s = await comparison()
  for (let i = 0; i < 14; i++) s.keys('j')
  for (const [columns, rows] of [
    [80, 24],
    [70, 16],
    [120, 36],
  ] as const) {
    s.dispatch({ type: 'resize', columns, rows })
    await s.settled()
    expect(s.screen()).toContain('┃▶')
  }
  await s.end()
})
