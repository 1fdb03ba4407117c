import axe from 'axe-core'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { checkPage, checkRun, patchHtml, runDetail, type ScenarioResult } from '@pagetrail/recorder'
import { hasPrograms } from '../hooks/compilers.ts'
import { ODD, pageOf, PAIRS } from '../recorder/page/pages.ts'
import { reportOf, resultOf } from '../recorder/patch/reports.ts'

/** A browser that asks nothing of anywhere by itself, so that every request is the page's. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
interface View {
  readonly width: number
  readonly colorScheme: 'light' | 'dark'
}
const WIDE_LIGHT: View = { width: 1280, colorScheme: 'light' }
const NARROW_DARK: View = { width: 390, colorScheme: 'dark' }
/** Of two pages of a sort, one is looked at in all of them. */
const CORNERS = [WIDE_LIGHT, NARROW_DARK]
const ALL = [
  ...CORNERS,
  { ...WIDE_LIGHT, colorScheme: 'dark' as const },
  { ...NARROW_DARK, colorScheme: 'light' as const },
]

describe.runIf(hasPrograms('chromium'))('a page in a browser', () => {
  let browser: Browser
  let folder: string

  beforeAll(async () => {
    const executablePath = execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
    browser = await chromium.launch({ executablePath, args: QUIET })
    folder = mkdtempSync(join(tmpdir(), 'pagetrail-page-'))
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const fileOf = (name: string, html: string): string => {
    const file = join(folder, `${name}.html`)
    writeFileSync(file, html)
    return file
  }

  test.each([
    'identical',
    'another-path',
    'other-effects',
    'other-outcome',
    'lost-events',
    'two-kernels',
  ])('diff: %s', async (name) => {
    const file = fileOf(name, pageOf(await PAIRS[name]!()).html)
    expect(await problemsOf(browser, file)).toEqual([])
  })

  test.each(Object.keys(ODD))('diff: %s', async (name) => {
    expect(
      await problemsOf(browser, fileOf(name, pageOf(await ODD[name]!()).html), CORNERS),
    ).toEqual([])
  })

  test('diff: 100,000 calls', async () => {
    expect(
      await problemsOf(browser, fileOf('many-calls', pageOf(await PAIRS['many-calls']!()).html)),
    ).toEqual([])
  }, 180_000)

  test('check', async () => {
    for (const name of ['other-effects', 'two-kernels', 'odd-names']) {
      const [, run] = await (PAIRS[name] ?? ODD[name])!()
      const html = checkPage(run, checkRun(run), runDetail(run))
      expect(await problemsOf(browser, fileOf(`check-${name}`, html), CORNERS)).toEqual([])
    }
  })

  test('patch', async () => {
    const names = ['block-off-on', 'flush-forgotten', 'clean-ro']
    const results: ScenarioResult[] = []
    for (const name of names) results.push(await resultOf(name))
    results.push(await resultOf('clean-ro', { incomplete: ['x'.repeat(200)] }))
    const html = patchHtml(reportOf(results), { command: 'pagetrail' })
    expect(await problemsOf(browser, fileOf('patch', html), CORNERS)).toEqual([])
  })

  test('prints on paper, all of it', async () => {
    const page = await browser.newPage()
    await page.goto(`file://${fileOf('print', pageOf(await PAIRS['other-outcome']!()).html)}`)
    await page.emulateMedia({ media: 'print' })
    // What is folded on the screen cannot be unfolded on paper.
    expect(await page.locator('details ul, details table').first().isVisible()).toBe(true)
    expect(await page.locator('nav').isVisible()).toBe(false)
    expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-')
    await page.close()
  })
})

/** Whatever is wrong with a page in each view; nothing where it is right. */
async function problemsOf(
  browser: Browser,
  file: string,
  views: readonly View[] = ALL,
): Promise<string[]> {
  const problems: string[] = []
  for (const { width, colorScheme } of views) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    const seen: string[] = []
    page.on('console', (message) => seen.push(`console: ${message.text()}`))
    page.on('pageerror', (error) => seen.push(`error: ${error.message}`))
    page.on('request', (request) => seen.push(`request: ${request.url()}`))
    await page.goto(`file://${file}`)
    const found = [
      ...seen.filter((what) => what !== `request: file://${file}`),
      ...(await page.evaluate<string[]>(UNREADABLE)),
      ...(await page.evaluate<string[]>(MAPS)),
      // The page's policy forbids scripts in it; this one is the browser's driver's.
      ...(await page.evaluate<string[]>(`${axe.source}; ${BARRIERS}`)),
    ]
    problems.push(...found.map((what) => `${width} ${colorScheme}: ${what}`))
    await page.close()
  }
  return problems
}

/** Text that is too small, or cut off where nothing scrolls; a page that is wider than its window. */
const UNREADABLE = `(() => {
  const found = []
  if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window')
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement
    const text = node.textContent.trim()
    if (text === '' || parent.closest('svg, .vh, .skip')) continue
    const { width, height, right } = parent.getBoundingClientRect()
    if (width === 0 || height === 0) continue
    const size = parseFloat(getComputedStyle(parent).fontSize)
    if (size < 11) found.push(size + 'px: ' + text)
    if (right > innerWidth + 1 && !parent.closest('.scroll, pre')) found.push('cut: ' + text)
  }
  return found
})()`

/** Maps whose words do not count a whole table. */
const MAPS = `[...document.querySelectorAll('svg.map')]
  .map((map) => map.getAttribute('aria-label'))
  .filter((label) => !label.includes(': not there'))
  .filter((label) => {
    const counts = label.slice(label.lastIndexOf(': ') + 2).split(' · ')
    const sum = counts.reduce((n, count) => n + parseInt(count.replaceAll(',', ''), 10), 0)
    return ![512, 2048, 8192].includes(sum)
  })`

/** What keeps somebody from reading it: by rule and element. */
const BARRIERS = `axe.run(document).then(({ violations }) => violations.flatMap(({ id, nodes }) =>
  nodes.slice(0, 3).map(({ html }) => id + ': ' + html)))`
