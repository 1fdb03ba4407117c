import { count } from '@pagetrail/recorder'
import type { Model } from '../model/model.ts'
import { hitsOn } from '../model/page.ts'
import type { Page } from '../model/pages.ts'
import { fit } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'
import type { PaneView } from './pane.tsx'

/** A page of text: lines that lead somewhere are marked, the one under the cursor is inverse. */
export function pagePane(
  m: Model,
  { title, head, legend, lines, view, height }: Page,
  theme: Theme,
): PaneView {
  const inner = m.columns - 2
  // Where there is only ASCII the sign of a place is not that of the cursor.
  const place = theme.ascii ? '-' : '›'
  const hits = new Set(view.find === null ? [] : hitsOn(lines, view.find))
  const rows = lines.slice(view.top, view.top + height).map((line, i) => {
    const selected = view.top + i === view.cursor
    const mark = line.link === undefined ? ' ' : place
    const text = fit(`${selected ? '▶' : mark} ${line.text}`, inner)
    if (selected) return theme.inverse(text)
    if (hits.has(view.top + i)) return theme.paint('match', text)
    return line.role ? theme.paint(line.role, text) : text
  })
  const foot = `${count(view.cursor + 1)} of ${count(lines.length)}   ${legend ?? `${place} leads to its place`}`
  const pane = { name: 'list', title, foot, focused: true, columns: m.columns, rows } as const
  return head === undefined
    ? { ...pane, height: height + 2 }
    : { ...pane, height: height + 3, head: [theme.dim(fit(head, inner))] }
}
