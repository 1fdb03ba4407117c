import { run } from './commands.ts'
import { moveDiff, withDiff } from './diff.ts'
import { diffLayout, fullListRows, replayLayout } from './layout.ts'
import { moveList } from './list-commands.ts'
import type { Model } from './model.ts'
import { jumpTo, listRowsOf, moveBy, withReplay } from './replay.ts'
import { QUERY_LINES, resultRows } from './sql.ts'
import type { Mouse } from '../live/terminal.ts'

/** Bars and borders above the first row of a list. */
const ABOVE = 4
/** Bars, the query in its borders, border and heading of the result. */
const ABOVE_RESULT = 2 + QUERY_LINES + 2 + 2
const WHEEL_ROWS = 3

/** The wheel moves the list of the screen, a click goes to a row, or to a place of the timeline. */
export function moused(m: Model, mouse: Mouse): Model {
  if (m.help || m.ask || (m.prompt && m.prompt.kind !== 'sql')) return m
  if (mouse.kind === 'wheel') return moveList(m, mouse.dy * WHEEL_ROWS)
  switch (m.screen) {
    case 'replay':
      return clickedReplay(m, mouse)
    case 'diff':
      return clickedDiff(m, mouse)
    case 'sql':
      return clickedSql(m, mouse)
    case 'runs':
      return clickedRow(m, mouse.y - ABOVE, fullListRows(m.rows), m.runs.top - m.runs.cursor)
    case 'findings':
    case 'why':
      return m
  }
}

function clickedReplay(m: Model, mouse: Mouse): Model {
  const layout = replayLayout(m.columns, m.rows, m.replay?.pane !== 'none')
  if (mouse.y === m.rows - 3) {
    const share = Math.max(0, Math.min(1, (mouse.x - 1) / Math.max(1, m.columns - 3)))
    return withReplay(m, (r) => jumpTo(r, Math.round(share * (r.run.events - 1)), listRowsOf(m)))
  }
  const inList = mouse.x < layout.listColumns && mouse.y >= ABOVE
  if (!inList || mouse.y >= ABOVE + layout.listRows) return m
  return withReplay(m, (r) => moveBy(r, mouse.y - ABOVE - r.line, layout.listRows))
}

function clickedDiff(m: Model, mouse: Mouse): Model {
  const { listRows } = diffLayout(m.columns, m.rows)
  const row = mouse.y - ABOVE
  if (m.diff?.tab !== 'path' || row < 0 || row >= listRows) return m
  return withDiff(m, (d) => moveDiff(d, Math.min(d.known - 1, d.top + row), listRows))
}

/** A click on the query edits it, one on the result leaves it. */
function clickedSql(m: Model, mouse: Mouse): Model {
  if (mouse.y < 2) return m
  if (mouse.y < ABOVE_RESULT - 2) return m.prompt ? m : run(m, 'sql.edit')
  const still = m.prompt ? { ...m, prompt: null } : m
  return clickedRow(still, mouse.y - ABOVE_RESULT, resultRows(m), m.sql.top - m.sql.cursor)
}

/** To a row of the screen's list; `first`: where its first row stands, as seen from the cursor. */
function clickedRow(m: Model, row: number, rows: number, first: number): Model {
  return row < 0 || row >= rows ? m : moveList(m, first + row)
}
