import {
  patchAnswer,
  patchMarkdown,
  type PatchReport,
  patchText,
  type TreeSearch,
} from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'

import { reportOf, resultOf } from './reports.ts'

const text = (report: PatchReport) => patchText(report, { command: 'pagetrail' }).join('\n')

describe('the page of a patch', () => {
  test('nothing has changed', async () => {
    const report = reportOf([await resultOf('clean-ro'), await resultOf('clean-ro-rw')])
    expect(patchAnswer(report)).toBe('same')
    expect(text(report))
      .toBe(`patched against base: page tables, TLBs and locks see no change in the 2 scenarios run on both
  left: Linux 7.3.4, /src/base
  right: Linux 7.3.4, /src/patched

Scenarios
  2 run on both (4k-48): 2 identical`)
  })

  test('what differs is grouped, the worst first, with the commands that show one', async () => {
    const report = reportOf([
      await resultOf('clean-ro'),
      await resultOf('block-off-on'),
      await resultOf('unsound-elision'),
    ])
    expect(patchAnswer(report)).toBe('different')
    const page = text(report)
    expect(page).toMatch(
      /^patched against base: (different outcome|same outcome, different effects)/,
    )
    expect(page).toContain('What changes\n  verdict')
    expect(page).toContain(
      'pagetrail record block-off-on --tree /src/base --tree /src/patched --geometry 4k-48',
    )
  })

  test('what a side could not finish is not called different, and the answer is incomplete', async () => {
    const stopped = await resultOf('block-off-on', { incomplete: ['harness: f() was called'] })
    const report = reportOf([await resultOf('clean-ro'), stopped])
    expect(patchAnswer(report)).toBe('incomplete')
    expect(text(report)).toContain('the same as far as both sides show')
    expect(text(report)).toContain('2 run on both (4k-48): 1 identical, 1 not run to the end')
    expect(text(report)).toContain('block-off-on: harness: f() was called')
    expect(text(report)).not.toContain('What changes')
  })

  test('a hook that found nothing, and nothing that could be run, are incomplete', async () => {
    const one = [await resultOf('clean-ro')]
    expect(patchAnswer(reportOf(one, { missed: ['flush_tlb_all()'] }))).toBe('incomplete')
    expect(patchAnswer(reportOf([], { notRun: [{ name: 'a', why: 'b' }] }))).toBe('incomplete')
  })

  test('schedules that end as no order does, on one side only', async () => {
    const ok: TreeSearch = { runs: 20, random: 0, isComplete: true, ends: [end(20, true)] }
    const racy: TreeSearch = {
      runs: 30,
      random: 0,
      isComplete: true,
      ends: [end(20, true), end(10, false)],
    }
    const found = await resultOf('clean-ro', { searches: { left: ok, right: racy } })
    expect(patchAnswer(reportOf([found]))).toBe('different')
    expect(text(reportOf([found]))).toContain(
      'clean-ro: left every one of 20 schedules ends as some serial order of the CPUs does; right 10 of 30 schedules end as no serial order',
    )
    const both = await resultOf('clean-ro', { searches: { left: racy, right: racy } })
    expect(patchAnswer(reportOf([both]))).toBe('same')
    const cut = await resultOf('clean-ro', {
      searches: { left: ok, right: { ...ok, isComplete: false } },
    })
    expect(patchAnswer(reportOf([cut]))).toBe('incomplete')
  })

  test('as Markdown, with bars in cells quoted', async () => {
    const page = patchMarkdown(reportOf([await resultOf('block-off-on')]), {
      command: 'pagetrail',
    }).join('\n')
    expect(page).toMatch(/^# patched against base: /)
    expect(page).toContain(
      '## What changes\n\n| verdict | scenarios | what differs |\n|---|---|---|\n',
    )
    expect(page).toContain('    pagetrail record block-off-on')
  })
})

function end(runs: number, isSerial: boolean) {
  return { runs, isSerial, isDeadlocked: false, schedule: '0.1' }
}
