import { diffDetail, diffPage, diffRuns } from '@pagetrail/recorder'
import { describe, expect, test, vi } from 'vitest'

import { runOf } from '../../support/runs.ts'
import { eventsOf, initOf, setMemoryRo } from '../../support/sample-run.ts'
import { goldenPage, pageOf, PAIRS } from './pages.ts'

// One of them is of 100,000 calls a side.
vi.setConfig({ testTimeout: 180_000 })

/** A mail server must take it. */
const LARGEST = 200_000

const VERDICTS: Readonly<Record<string, string>> = {
  'lost-events': 'Unknown',
  'two-kernels': 'Same',
  identical: 'Identical',
  'another-path': 'Same effects by another path',
  'other-effects': 'Same outcome, different effects',
  'other-outcome': 'Different outcome',
  'many-calls': 'Same effects by another path',
}

describe.each(Object.keys(PAIRS))('the page of %s', (name) => {
  test('is what was looked at, says what its JSON does, and asks nothing of anywhere', async () => {
    const { html, json } = pageOf(await PAIRS[name]!())
    expect(html.length).toBeLessThan(LARGEST)
    expect(html).toContain(`<h1>${VERDICTS[name]}`)
    const shown = figuresIn(html)
    expect(shown.length).toBeGreaterThan(20)
    const known = numbersIn(json)
    expect(shown.filter((n) => !known.has(n))).toEqual([])
    expect(html).not.toMatch(/https?:|\ssrc=|url\(|@import|<script|<link/)
    // The style is the same in all.
    const page = html.replace(/<style>.*<\/style>/s, '<style></style>')
    await expect(page).toMatchFileSnapshot(goldenPage(name))
  })
})

test('a run that lost events says so at the top, and what it owes is not all known', async () => {
  const { html } = pageOf(await PAIRS['lost-events']!())
  expect(html).toMatch(/<b>Not whole:<\/b>\s+the right run lacks [\d,]+ events/)
  expect(html).toMatch(/<b>Not all of it is known:<\/b> [\d,]+ events were lost/)
})

/** The sentence below the verdict. */
const lede = async (name: string): Promise<string> => {
  const [, text = ''] = /<p class="lede">(.*?)<\/p>/s.exec(pageOf(await PAIRS[name]!()).html) ?? []
  return text
    .replace(/<[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

test('the sentence below the verdict is of what the verdict is of', async () => {
  expect(await lede('other-outcome')).toBe(
    '1 pair of 1 ends differently: 6.17 set_memory_valid 0xffff000040005000 +1p = -EINVAL │ ' +
      '6.18 set_memory_valid 0xffff000040005000 +1p = 0. 4 ranges of the final mapping differ.',
  )
  expect(await lede('other-effects')).toMatch(/^3 differences of effect in 1 pair of 1\./)
  expect(await lede('another-path')).toMatch(/^What calls return, map and flush is the same\./)
  expect(await lede('identical')).toBe('No event of the compared calls differs.')
})

test('where nothing could be compared, nothing is called the same', async () => {
  const { html } = pageOf(await PAIRS['lost-events']!())
  expect(html).toMatch(
    /No call of one run has a counterpart in the other: <data[^>]*>96<\/data> calls are only on the left, the right run has no calls\./,
  )
  expect(html).not.toMatch(/card same/)
  expect(html).not.toContain('<data value="-1">')
})

test('names are text, whatever they hold', () => {
  const label = `<script>alert(1)</script>"'&\u202E\u0007${'x'.repeat(300)}שלום`
  const events = [...eventsOf([initOf(1)], null), ...eventsOf(setMemoryRo(1))]
  const [a, b] = [runOf(events, { label }), runOf(events, { id: 2, label, scenario: label })]
  const diff = diffRuns(a, b, { pairs: true })
  const html = diffPage(diff, diffDetail(a, b, diff), { paths: [`it's <a>.gz`, null] })
  expect(html).not.toContain('<script')
  expect(html).not.toMatch(/[\u0007\u202E]/)
  expect(html).toContain(
    `<bdi>&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;\\u{202e}\\x07`,
  )
  expect(html).toContain('&#39;it&#39;\\&#39;&#39;s &#60;a&#62;.gz&#39;')
})

test('the same runs give the same bytes', async () => {
  const [one, two] = [await PAIRS['two-kernels']!(), await PAIRS['two-kernels']!()]
  expect(pageOf(one).html).toBe(pageOf(two).html)
})

/** Every number that the page takes from the results. */
const figuresIn = (html: string): number[] =>
  [...html.matchAll(/<data value="(-?\d+)">/g)].map(([, n]) => Number(n))

/** All numbers in lines of JSON, at any depth. */
function numbersIn(lines: readonly string[]): Set<number> {
  const found = new Set<number>()
  const collect = (value: unknown): void => {
    if (typeof value === 'number') found.add(value)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect)
  }
  for (const line of lines) collect(JSON.parse(line))
  return found
}
