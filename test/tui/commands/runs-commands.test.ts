import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeSample } from '../../support/sample-trace.ts'
import { sessionOn } from '../../support/session.ts'

/** A browser with four runs of two workloads. */
async function browser(columns = 120) {
  const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'runs.db')
  await writeSample(db, 3, { label: 'modules-6.18' })
  await writeSample(db, 1, { label: 'bpf-6.17', scenario: 'bpf' })
  await writeSample(db, 2, { label: 'modules-6.12' })
  await writeSample(db, 2, {
    label: 'a label that begins like another and ends in 6.17.13',
    scenario: 'bpf',
  })
  return sessionOn(db, null, columns, 24)
}

/** Numbers of the runs on the screen, in order. */
const listed = (screen: string): number[] =>
  [...screen.matchAll(/^┃[▶ ][A* ] +#(\d+) /gm)].map(([, id]) => Number(id))

test('runs are filtered by words, and all come back', async () => {
  const s = await browser()
  s.keys('/')
  s.type('BPF 6.17')
  s.keys('enter')
  expect(listed(s.screen())).toEqual([2, 4])
  s.keys('/')
  s.type('nothing of the sort')
  s.keys('enter')
  expect(s.screen()).toContain('No run has nothing of the sort')
  s.keys('x')
  expect(listed(s.screen())).toEqual([1, 2, 3, 4])
  await s.end()
})

test('runs are sorted, the cursor stays on its run', async () => {
  const s = await browser()
  s.keys('j', 'j', 'S')
  expect(listed(s.screen())).toEqual([4, 2, 3, 1])
  expect(s.screen()).toMatch(/▶ +#3 /)
  s.keys('S')
  expect(listed(s.screen())).toEqual([1, 3, 4, 2])
  await s.end()
})

test('runs stand under their workload or scenario', async () => {
  const s = await browser()
  s.keys('w')
  const screen = s.screen()
  expect(screen).toMatch(/▾ sample {2}2 runs[^]*#1 [^]*#3 [^]*▾ bpf {2}2 runs[^]*#2 [^]*#4 /)
  // ⏎ on the name of a group folds it, m marks all its runs.
  s.keys('g', 'enter')
  expect(s.model().screen).toBe('runs')
  expect(s.screen()).toMatch(/▸ sample {2}2 runs[^#]*▾ bpf {2}2 runs/)
  s.keys('m')
  expect(s.model().runs.marked).toEqual([1, 3])
  s.keys('m')
  expect(s.model().runs.marked).toEqual([])
  s.keys('enter')
  expect(s.screen()).toMatch(/▾ sample {2}2 runs[^]*#1 [^]*#3 [^]*▾ bpf/)
  s.keys('n')
  expect(s.model().message?.text).toBe('no run is under the cursor')
  await s.end()
})

test('several runs are marked: two are compared, all of them deleted', async () => {
  const s = await browser()
  s.keys('m', 'j', 'm', 'j', 'm', 'd')
  expect(s.model().message?.bad).toBe(true)
  s.keys('m', 'd')
  await s.settled()
  expect(s.model().diff?.left.id).toBe(1)
  expect(s.model().diff?.right.id).toBe(2)
  s.keys('q', 'D')
  expect(s.screen()).toContain('Delete 2 marked runs with 80 events?')
  s.keys('y')
  await s.settled()
  expect(listed(s.screen())).toEqual([3, 4])
  await s.end()
})

const build = (day: string) => ({ build: `#1 SMP Debian 6.18.15 ${day} Nov 2026` })

test.each([80, 120, 160])(
  'two builds of one version are told apart at %i columns',
  async (columns) => {
    const db = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'runs.db')
    for (const day of ['Mon', 'Tue'])
      await writeSample(db, 1, { label: 'mods', kernel: '6.18.15', facts: build(day) })
    await writeSample(db, 1, { label: 'other', kernel: '7.3.4', facts: build('Mon') })
    const s = await sessionOn(db, null, columns, 24)
    // The list alone: the details beside it show the whole build.
    const rows = [...s.screen().matchAll(/^┃[▶ ][A* ] +#\d ([^┃]*)/gm)].map(([, row]) => row)
    expect(rows.map((row) => /Mon|Tue/.exec(row ?? '')?.[0])).toEqual(['Mon', 'Tue', undefined])
    s.keys('m', 'j', 'm', 'd')
    await s.settled()
    expect(s.screen().split('\n')[0]).toMatch(/Mon ⇄ .*Tue/)
    await s.end()
  },
)

test('a new name can be taken back', async () => {
  const s = await browser()
  s.keys('n', 'ctrl+u')
  s.type('other')
  s.keys('enter')
  await s.settled()
  expect(s.model().runs.list?.[0]?.label).toBe('other')
  s.keys('u')
  await s.settled()
  expect(s.model().runs.list?.[0]?.label).toBe('modules-6.18')
  await s.end()
})

test('of a long label the end is shown too', async () => {
  const s = await browser(80)
  expect(s.screen()).toMatch(/#4 +a label \S*.*….*7\.13 /)
  await s.end()
})

test('what is typed while work is under way goes into its own prompt, and waits there', async () => {
  const s = await browser()
  s.keys('r')
  s.type('clean-ro 6.17')
  s.keys('enter')
  expect(s.model().job?.title).toBe('recording clean-ro')
  s.keys('i')
  s.type('/no/such/file')
  s.keys('enter')
  expect(s.screen()).toContain('recording clean-ro is running')
  expect(s.model().prompt?.text).toBe('/no/such/file')
  await s.settled()
  expect(s.model().runs.list?.map((run) => run.label)).toContain('clean-ro/4k-48/6.17')
  expect(s.model().prompt?.text).toBe('/no/such/file')
  s.keys('enter')
  await s.settled()
  expect(s.model().message?.bad).toBe(true)
  expect(s.model().runs.list?.[0]?.label).toBe('modules-6.18')
  await s.end()
})

test('a path is completed, and a file is written over only after a yes', async () => {
  const s = await browser()
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-'))
  writeFileSync(join(folder, 'result.csv'), 'old')
  s.keys('s')
  s.type('select 1 as n')
  s.keys('enter')
  await s.settled()
  s.keys('e', 'ctrl+u')
  s.type(`${folder}/res`)
  await s.settled()
  s.keys('tab')
  expect(s.model().prompt?.text).toBe(join(folder, 'result.csv'))
  s.keys('enter')
  await s.settled()
  expect(s.screen()).toContain('Write over it?')
  s.keys('n')
  expect(readFileSync(join(folder, 'result.csv'), 'utf8')).toBe('old')
  s.keys('e', 'ctrl+u')
  s.type(join(folder, 'result.csv'))
  s.keys('enter')
  await s.settled()
  s.keys('y')
  await s.settled()
  expect(readFileSync(join(folder, 'result.csv'), 'utf8')).toBe('n\r\n1\r\n')
  await s.end()
})
