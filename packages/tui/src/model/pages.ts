import { count } from '@pagetrail/recorder'
import { CALL_SIGNS, callsHead, callsTitle } from './calls.ts'
import { answerRows, diffLayoutOf, withDiff } from './diff.ts'
import { findingPage } from './findings.ts'
import { fullListRows } from './layout.ts'
import type { Model } from './model.ts'
import type { PageLine, PageView } from './page.ts'
import { whyLinesOf } from './why.ts'
import { siftedOnce } from './sift.ts'
import { safe } from '../text/fit.ts'
import { withReplay } from './replay.ts'

/** The page of text that the present screen is; null: it is a list of another sort. */
export interface Page {
  readonly title: string
  /** Above the lines, and not one of them. */
  readonly head?: string
  readonly lines: readonly PageLine[]
  /** What its signs mean. */
  readonly legend?: string
  readonly view: PageView
  readonly height: number
}

export function pageOf(m: Model): Page | null {
  const height = fullListRows(m.rows) + 1
  const r = m.replay
  if (m.screen === 'why' && r?.why) {
    return siftedPage({
      title: r.why.title,
      lines: whyLinesOf(r.why, m.columns - 4),
      view: r.why.page,
      height,
    })
  }
  if (m.screen === 'findings' && r?.checked) {
    const { title, lines } = findingPage(r.run, r.checked, m.columns - 4)
    return siftedPage({ title, lines, view: r.findings, height })
  }
  const d = m.diff
  if (m.screen !== 'diff' || !d || d.tab === 'path') return null
  const lines = answerRows(d, m.columns - 4)
  const room = diffLayoutOf(m).height - 2
  if (d.tab !== 'calls') return { title: d.tab, lines, view: d.page, height: room }
  const head = callsHead(d.report, d.calls, m.columns - 4)
  return {
    title: callsTitle(d.calls),
    ...(head === '' ? {} : { head }),
    legend: CALL_SIGNS,
    lines,
    view: d.page,
    height: room - (head === '' ? 0 : 1),
  }
}

/** The page with what its filter leaves of it. */
function siftedPage(page: Page): Page {
  const { only } = page.view
  if (only === null) return page
  const { lines, shown, of } = siftedOnce(page.lines, only)
  const none = { text: `nothing here has ${safe(only.text)}; x drops the filter` }
  const title = `${page.title}; ${count(shown)} of ${count(of)} with ${safe(only.text)}`
  return { ...page, title, lines: lines.length > 0 ? lines : [none] }
}

/** The page of the present screen at another line. */
export function withPage(m: Model, view: PageView): Model {
  switch (m.screen) {
    case 'why':
      return withReplay(m, (r) => (r.why ? { ...r, why: { ...r.why, page: view } } : r))
    case 'findings':
      return withReplay(m, (r) => ({ ...r, findings: view }))
    case 'diff':
      return withDiff(m, (d) => ({ ...d, page: view }))
    default:
      return m
  }
}
