import { diffDetail, diffPage, diffRuns, type TraceEvent } from '@pagetrail/recorder'
import { describe, expect, test, vi } from 'vitest'

import { runOf } from '../../support/runs.ts'
import { AREA, eventsOf, hex, initOf, setMemoryRo } from '../../support/sample-run.ts'
import { goldenPage, ODD, pageOf, PAIRS } from './pages.ts'

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

/** The words of a page, without its marks. */
const textOf = (html: string): string => html.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ')

test.each(Object.keys(ODD))('%s: each number of the page is one of its JSON', async (name) => {
  const { html, json } = pageOf(await ODD[name]!())
  const known = numbersIn(json)
  expect(figuresIn(html).filter((n) => !known.has(n))).toEqual([])
})

test('runs without calls are compared as a whole: no call is counted, and none has a number', async () => {
  for (const name of ['no-calls', 'nothing']) {
    const { html } = pageOf(await ODD[name]!())
    expect(html).not.toContain('>-1<')
    expect(html).not.toContain('>−1<')
    expect(textOf(html)).not.toMatch(/left left|right right|1 pair of calls|event -1/)
    expect(textOf(html)).toContain('The runs have no calls: each is compared as a whole.')
  }
  expect(textOf(pageOf(await ODD['nothing']!()).html)).toContain('has no events.')
})

test('a debt that the last event pays is not drawn to the end', async () => {
  const events = [...eventsOf([initOf(3)], null), ...eventsOf(setMemoryRo(3))]
  const paid = runOf(events)
  const owed = runOf(withoutFlushes(events), { id: 2, label: 'owed' })
  const { html } = pageOf([paid, owed])
  const [left, right] = [...html.matchAll(/<path class="lf"[^>]* d="([^"]*)"/g)].map(([, d]) => d!)
  expect(left).toMatch(/H(\d{1,2}|[1-8]\d\d|9[0-8]\d|99[0-4])(\.\d+)?V56H1000V56z$/)
  expect(right).not.toMatch(/V56H1000V56z$/)
})

const withoutFlushes = (events: readonly TraceEvent[]): TraceEvent[] =>
  events.filter(({ kind }) => kind !== 'tlb_flush' && kind !== 'tlbi' && kind !== 'dsb')

test('what is owed is said to be as far as a run shows it, where it does not show all', async () => {
  const { html } = pageOf(await PAIRS['two-kernels']!())
  expect(textOf(html)).toContain('Flushes owed at the end: 0 │ 0, as far as the runs show.')
  const whole = pageOf(await PAIRS['other-effects']!()).html
  expect(textOf(whole)).toMatch(/Flushes owed at the end: \d+ │ \d+\./)
})

test('tables of other pages have letters that can be read', async () => {
  const { html } = pageOf(await ODD['large-tables']!())
  expect(html).toContain('class="maps big"')
  const [, size, width] = /viewBox="\S+ \S+ (\d+) [^>]*>[^]*?font-size="([\d.]+)"/.exec(html) ?? []
  // At half of 1200 pixels.
  expect((Number(width) / Number(size)) * 550).toBeGreaterThan(9)
})

test('a table in which no entry is like the next takes a few letters for each', () => {
  const stores = Array.from({ length: 512 }, (_, i) => ({
    kind: 'desc_write',
    level: 'pte',
    va: hex(AREA + BigInt(i) * 0x1000n),
    old: '0x0',
    new: i % 2 === 0 ? '0x68000500040703' : '0x60000500040783',
  }))
  const [begin, end] = [setMemoryRo(3).slice(0, 1), setMemoryRo(3).slice(-1)]
  const run = runOf(eventsOf([...begin, ...stores, ...end]))
  const maps = [...pageOf([run, run]).html.matchAll(/<svg\s+class="map".*?<\/svg>/gs)]
  expect(maps.map(([map]) => /256 read-(write|only) · 256 /.test(map))).toContain(true)
  for (const [map] of maps) {
    expect(map.match(/<(path|rect|text)/g)!.length).toBeLessThan(20)
    expect(map.length).toBeLessThan(512 * 40)
  }
})

test('a rule that finds something on a run counts, though the other run cannot be judged', async () => {
  const events = [...eventsOf([initOf(3)], null), ...eventsOf(setMemoryRo(3))]
  const blind = runOf(withoutFlushes(events), { source: 'ftrace', kernel: 'blind' })
  const owing = runOf(withoutFlushes(events), { id: 2, label: 'owing', kernel: 'owing' })
  const { html } = pageOf([blind, owing])
  expect(textOf(html)).toMatch(
    /Findings on one run where the other cannot be judged: [^.]*flush-missing/,
  )
  expect(html).toContain('<span class="tag t2">on one, the other undecided</span>')
})

test('only what is wrong is red', async () => {
  const events = [...eventsOf([initOf(3)], null), ...eventsOf(setMemoryRo(3))]
  const call = setMemoryRo(3)
  const at = call.findIndex(({ kind }) => kind === 'desc_write')
  // The same value once more: a note.
  const again = Object.assign({}, call[at], { old: call[at]!['new'] })
  const wasteful = [...eventsOf([initOf(3)], null), ...eventsOf(call.toSpliced(at + 1, 0, again))]
  const { html } = pageOf([runOf(events), runOf(wasteful, { id: 2, label: 'wasteful' })])
  expect(html).toContain('<b>1 rule with new findings: <code>redundant-store</code>.</b>')
})

test('a call that cannot be typed is spelt out, and what was asked is in each command', async () => {
  const [a, b] = [runOf(eventsOf(setMemoryRo(1))), runOf(eventsOf(setMemoryRo(1)), { id: 2 })]
  const asked = { calls: { from: 0, to: 0 }, ignore: ['isb'], by: 'path', pairs: true } as const
  const diff = diffRuns(a, b, asked)
  const options = {
    names: ['-x y\n.jsonl', '-1'],
    noise: '7',
    more: ['--gate', 'path'],
  } as const
  const html = diffPage(diff, diffDetail(a, b, diff), options)
  const commands = html
    .slice(html.indexOf('id="reproduce"'))
    .replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
  const named = `pagetrail diff $'./-x y\\012.jsonl' -1`
  const more = '--calls 0-0 --ignore isb --noise 7 --gate path'
  expect(commands).toContain(`${named} --by path ${more} --format html`)
  // The page has all four questions.
  expect(commands).toContain(`${named} ${more} --calls-list --detail --json`)
  expect(commands).toContain(`pagetrail check $'./-x y\\012.jsonl'\npagetrail check -1\n`)
})

test('how a run is made again names what is not usual', async () => {
  const { html } = pageOf(await ODD['large-tables']!())
  expect(html).toContain('pagetrail record clean-ro --flavour 6.18 --geometry 64k-52\n')
})

test('names are text, whatever they hold', () => {
  const label = `<script>alert(1)</script>"'&\u202E\u0007${'x'.repeat(300)}שלום`
  const events = [...eventsOf([initOf(1)], null), ...eventsOf(setMemoryRo(1))]
  const [a, b] = [runOf(events, { label }), runOf(events, { id: 2, label, scenario: label })]
  const diff = diffRuns(a, b, { pairs: true })
  const html = diffPage(diff, diffDetail(a, b, diff), { names: [`it's <a>.gz`, null] })
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
