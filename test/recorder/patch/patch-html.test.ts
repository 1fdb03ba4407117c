import { byQuestion, patchHtml, type PatchReport, type ScenarioResult } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'

import { reportOf, resultOf } from './reports.ts'

const page = (report: PatchReport) => patchHtml(report, { command: 'pagetrail' })

/** The cells of the row of a scenario, without tags. */
function cellsOf(html: string, scenario: string): string[] {
  const rows = [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, text = '']) => text)
  const row = rows.find((text) => text.includes(`<code><bdi>${scenario}</bdi></code>`))
  return [...(row ?? '').matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, text = '']) =>
    text
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  )
}

describe('the page of a patch as HTML', () => {
  test('nothing has changed: each question is the same, the scenarios are folded', async () => {
    const html = page(reportOf([await resultOf('clean-ro'), await resultOf('clean-ro-rw')]))
    expect(html).toContain(
      '<h1>Page tables, TLBs and locks see no change in the 2 scenarios run on both</h1>',
    )
    expect(html.match(/<strong>= same<\/strong>/g)).toHaveLength(4)
    expect(html).toContain('2 scenarios in which nothing differs')
    const same = ['= same', '= same', '= same', '= same']
    expect(cellsOf(html, 'clean-ro')).toEqual(['clean-ro 4k-48', 'identical', ...same, '–'])
    expect(html).not.toContain('pagetrail record')
    expect(html).not.toMatch(/https?:|\ssrc=|url\(|@import|<script|<link/)
  })

  test('what differs: by question, findings new and gone, and the commands that show one', async () => {
    const changed = await resultOf('block-off-on')
    const forgotten = await resultOf('flush-forgotten')
    const [finding] = forgotten.added
    if (!finding) throw new Error('flush-forgotten finds nothing')
    const gone = await resultOf('clean-ro', { gone: [{ ...finding, message: 'was owed' }] })
    const results = [changed, forgotten, gone]
    const html = page(reportOf(results))
    const { outcome, effect, path } = byQuestion(changed)
    expect([outcome.answer, effect.answer, path.answer]).toContain('different')
    expect(cellsOf(html, 'block-off-on')[1]).toBe(changed.diff.verdict)
    const events = `${path.changed} events changed, ${path.onlyRight} events only right`
    expect(cellsOf(html, 'block-off-on')[4]).toContain(`≠ different ${events}`)
    expect(cellsOf(html, 'flush-forgotten').at(-1)).toBe(`${forgotten.added.length} new`)
    expect(cellsOf(html, 'clean-ro').at(-1)).toBe('1 gone')
    expect(html).toContain('>New findings</h2>')
    expect(html).toContain('>Findings that are gone</h2>')
    expect(html).toContain('<span class="mu">was owed</span>')
    expect(html).toContain(
      'pagetrail record block-off-on --tree /src/base --tree /src/patched --geometry 4k-48\n',
    )
    expect(strangeFigures(html, results)).toEqual([])
  })

  test('a call that one side alone makes is what differs', async () => {
    const same = await resultOf('clean-ro')
    const { diff } = same
    const onlyRight = { ...diff.calls.onlyRight, total: 2 }
    const partial = { ...diff, calls: { ...diff.calls, onlyRight } }
    const cells = cellsOf(page(reportOf([{ ...same, diff: partial }])), 'clean-ro')
    expect(cells[2]).toBe('≠ different 2 calls without counterpart')
  })

  test('a side that was not seen to its end answers nothing', async () => {
    const stopped = await resultOf('block-off-on', { incomplete: ['harness: f() was called'] })
    const report = reportOf([await resultOf('clean-ro'), stopped], {
      notRun: [{ name: 'h7-lock', why: 'made for 16k-48' }],
      missed: ['flush_tlb_all() (patched)'],
    })
    const html = page(report)
    const unknown = ['? unknown', '? unknown', '? unknown', '? unknown']
    expect(cellsOf(html, 'block-off-on').slice(1)).toEqual(['not run to the end', ...unknown, '?'])
    expect(html.match(/<strong>\? unknown<\/strong>/g)).toHaveLength(4)
    expect(html).toContain('<li>block-off-on: harness: f() was called</li>')
    expect(html).toContain('<li>h7-lock: made for 16k-48</li>')
    expect(html).toContain('<li>flush_tlb_all() (patched)</li>')
  })

  test('what rules could not decide, and what schedules came to, stands in the row', async () => {
    const end = { runs: 20, isSerial: true, isDeadlocked: false, schedule: '0.1' }
    const left = { runs: 20, random: 0, isComplete: true, ends: [end] }
    const right = { ...left, isComplete: false, ends: [end, { ...end, isSerial: false }] }
    const more = { undecided: ['flush-missing'], searches: { left, right } }
    const cells = cellsOf(page(reportOf([await resultOf('clean-ro', more)])), 'clean-ro')
    expect(cells[1]).toBe(
      'identical interleaved CPUs can end differently not all schedules were run',
    )
    expect(cells.at(-1)).toBe('1 rule undecided')
  })

  test('a difference beside what is not answered says that it is not whole', async () => {
    const stopped = await resultOf('clean-ro', { incomplete: ['stopped'] })
    const changed = await resultOf('block-off-on')
    expect(page(reportOf([changed, stopped]))).toContain('<b>Not whole:</b>')
    expect(page(reportOf([changed]))).not.toContain('<b>Not whole:</b>')
  })

  test('names are text, whatever they hold, and arguments of a command are quoted', async () => {
    const name = `<script>alert(1)</script>"'&\u202E\u0007`
    const [finding] = (await resultOf('flush-forgotten')).added
    if (!finding) throw new Error('flush-forgotten finds nothing')
    const hostile = { name, added: [{ ...finding, message: name }] }
    const report = reportOf([await resultOf('block-off-on', hostile)])
    const html = page({
      ...report,
      right: { ...report.right, path: `/src/${name}`, called: name, describe: name },
      notRun: [{ name, why: name }],
      missed: [name],
    })
    expect(html).not.toContain('<script')
    expect(html).not.toMatch(/[\u0007\u202E]/)
    const escaped = '&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;\\u{202e}\\x07'
    expect(html).toContain(`<span class="r"><bdi>${escaped}</bdi></span>`)
    expect(html).toContain(`<li>${escaped}: ${escaped}</li>`)
    expect(html).toContain(`<span class="mu">${escaped}</span>`)
    // What cannot be typed is spelt out.
    expect(html).toContain('--tree $&#39;/src/&#60;script&#62;')
    expect(html).toContain('&#38;\\342\\200\\256\\007&#39; --geometry 4k-48')
  })
})

/** Numbers of the page that the fields of `--json` do not have. */
function strangeFigures(html: string, results: readonly ScenarioResult[]): number[] {
  const known = new Set<number>()
  const collect = (value: unknown): void => {
    if (typeof value === 'number') known.add(value)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect)
  }
  for (const result of results) collect(byQuestion(result))
  const shown = [...html.matchAll(/<data value="(-?\d+)">/g)].map(([, n]) => Number(n))
  expect(shown.length).toBeGreaterThan(3)
  return shown.filter((n) => !known.has(n))
}
