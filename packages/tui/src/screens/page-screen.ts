import type { Model } from '../model/model.ts'
import type { Page } from '../model/pages.ts'
import { fit } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'
import type { PaneView } from './pane.tsx'

/** A page of text: lines that lead somewhere are marked, the one under the cursor is inverse. */
export function pagePane(m: Model, { title, lines, view, height }: Page, theme: Theme): PaneView {
  const inner = m.columns - 2
  const rows = lines.slice(view.top, view.top + height).map((line, i) => {
    const selected = view.top + i === view.cursor
    const mark = line.link === undefined ? ' ' : '›'
    const text = fit(`${selected ? '▶' : mark} ${line.text}`, inner)
    if (selected) return theme.inverse(text)
    return line.role ? theme.paint(line.role, text) : text
  })
  const foot = `${view.cursor + 1} of ${lines.length}   › leads to its place`
  return { name: 'list', title, foot, focused: true, columns: m.columns, height: height + 2, rows }
}
