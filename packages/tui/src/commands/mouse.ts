import { run } from './commands.ts'
import { callAt } from '../model/calls.ts'
import { LABEL_COLUMNS } from '../model/timeline.ts'
import { pointAt } from './timeline-commands.ts'
import { back, follow } from './navigation.ts'
import { footerBindings } from './keys.ts'
import { clickedRow, moveList } from './list-commands.ts'
import type { Model } from '../model/model.ts'
import { jumpTo, listRowsOf, withReplay } from '../model/replay.ts'
import type { Mouse } from '../model/places.ts'
import { showTab } from '../model/diff.ts'
import { DIFF_TABS } from '../model/diff-view.ts'

const WHEEL_ROWS = 3

/** The wheel moves the list; a click goes to a row, tab, chip, crumb, or place of the timeline, or is like the key. */
export function moused(m: Model, mouse: Mouse): Model {
  if (m.help || m.ask || (m.prompt && m.prompt.kind !== 'sql')) return m
  if (mouse.kind === 'wheel') return moveList(m, mouse.dy * WHEEL_ROWS)
  const { at } = mouse
  if (!at) return m
  switch (at.name) {
    case 'list':
      if (m.screen === 'timeline') {
        return pointAt(
          m,
          (at.column - LABEL_COLUMNS - 2) / Math.max(1, at.width - LABEL_COLUMNS - 4),
        )
      }
      return clickedRow(m.prompt ? { ...m, prompt: null } : m, at.row)
    case 'timeline': {
      if (m.screen === 'diff') return clickedStrip(m, (at.column - 2) / Math.max(1, at.width - 4))
      const share = Math.max(0, Math.min(1, (at.column - 1) / Math.max(1, at.width - 3)))
      return withReplay(m, (r) => jumpTo(r, Math.round(share * (r.run.events - 1)), listRowsOf(m)))
    }
    case 'query':
      return m.prompt ? m : run(m, 'sql.edit')
    case 'tab':
      return showTab(m, DIFF_TABS[at.index] ?? 'path')
    case 'chip':
      return run(
        withReplay(m, (r) => ({ ...r, chip: at.index })),
        'filter.drop',
      )
    case 'crumb':
      return at.index < m.behind.length ? back(m, at.index + 1) : m
    case 'key': {
      const binding = footerBindings(m.screen)[at.index]
      return binding ? run(m, binding.id) : m
    }
    case 'details':
    case 'lower':
    case 'overlay':
      return m
  }
}

/** To the call at a share of the strip. */
function clickedStrip(m: Model, share: number): Model {
  const link = m.diff?.report ? callAt(m.diff.report, Math.max(0, share)) : null
  return link ? follow(m, link) : m
}
