import { answerRows, diffLayoutOf, withDiff } from './diff.ts'
import { findingPage } from './findings.ts'
import { fullListRows } from './layout.ts'
import type { Model } from './model.ts'
import type { PageLine, PageView } from './page.ts'
import { withReplay } from './replay.ts'

/** The page of text that the present screen is; null: it is a list of another sort. */
export interface Page {
  readonly title: string
  readonly lines: readonly PageLine[]
  readonly view: PageView
  readonly height: number
}

export function pageOf(m: Model): Page | null {
  const height = fullListRows(m.rows) + 1
  const r = m.replay
  if (m.screen === 'why' && r?.why) {
    return { title: r.why.title, lines: r.why.lines, view: r.why.page, height }
  }
  if (m.screen === 'findings' && r?.checked) {
    const { title, lines } = findingPage(r.run, r.checked, m.columns - 4)
    return { title, lines, view: r.findings, height }
  }
  const d = m.diff
  if (m.screen !== 'diff' || !d || d.tab === 'path') return null
  const lines = answerRows(d, m.columns - 4)
  return { title: d.tab, lines, view: d.page, height: diffLayoutOf(m).height - 2 }
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
