import { diffLayoutOf, moveDiff, toRow, withDiff } from '../model/diff.ts'
import { fullListRows } from '../model/layout.ts'
import { type Model, withSql } from '../model/model.ts'
import { movePage } from '../model/page.ts'
import { pageOf, withPage } from '../model/pages.ts'
import { listRowsOf, moveBy, moveTo, withReplay } from '../model/replay.ts'
import { runLines } from '../model/runs.ts'
import { scrolled, type CursorStep, stepped } from '../model/scroll.ts'
import { resultRows } from '../model/sql.ts'

/** Rows of the present screen's list. */
export function listHeight(m: Model): number {
  if (m.screen === 'replay') return listRowsOf(m)
  if (m.screen === 'sql') return resultRows(m)
  const page = pageOf(m)
  if (page) return page.height
  return m.screen === 'diff' ? diffLayoutOf(m).listRows : fullListRows(m.rows)
}

/** The cursor of the present screen's list, moved. */
export function moveList(m: Model, step: CursorStep): Model {
  const height = listHeight(m)
  const page = pageOf(m)
  if (page) return withPage(m, movePage(page.lines, page.view, step, height))
  switch (m.screen) {
    case 'runs': {
      const { length } = runLines(m)
      const cursor = stepped(m.runs.cursor, step, length)
      return {
        ...m,
        runs: { ...m.runs, cursor, top: scrolled(m.runs.top, cursor, height, length) },
      }
    }
    case 'replay':
      return moveReplay(m, step, height)
    case 'diff':
      // The last row is known only once all are made.
      if (step === 'last' && m.diff && !m.diff.done) return toRow(m, 'last')
      return withDiff(m, (d) => moveDiff(d, stepped(d.cursor, step, d.known), height))
    case 'sql':
      return withSql(m, (s) => {
        const length = s.result?.rows.length ?? 0
        const cursor = stepped(s.cursor, step, length)
        return { ...s, cursor, top: scrolled(s.top, cursor, height, length) }
      })
    case 'why':
    case 'findings':
    case 'timeline':
      return m
  }
}

/** To a row of the list as it stands on the screen. */
export function clickedRow(m: Model, row: number): Model {
  const page = pageOf(m)
  if (page) return moveList(m, page.view.top + row - page.view.cursor)
  switch (m.screen) {
    case 'runs':
      return moveList(m, m.runs.top + row - m.runs.cursor)
    case 'replay':
      return withReplay(m, (r) => moveBy(r, row - r.line, listRowsOf(m)))
    case 'diff':
      return m.diff ? moveList(m, m.diff.top + row - m.diff.cursor) : m
    case 'sql':
      return moveList(m, m.sql.top + row - m.sql.cursor)
    case 'why':
    case 'findings':
    case 'timeline':
      return m
  }
}

function moveReplay(m: Model, step: CursorStep, height: number): Model {
  return withReplay(m, (r) => {
    const still = { ...r, play: null, follow: step === 'last' && r.follow }
    if (step === 'first') return moveTo(still, 0, height)
    if (step === 'last') return moveTo(still, still.run.events - 1, height)
    return moveBy(still, step, height)
  })
}

/** Rows of a page on the present screen; one row of the last page stays. */
const page = (m: Model): number => Math.max(1, listHeight(m) - 1)

export const LIST_COMMANDS = {
  down: (m: Model) => moveList(m, 1),
  up: (m: Model) => moveList(m, -1),
  'page.down': (m: Model) => moveList(m, page(m)),
  'page.up': (m: Model) => moveList(m, -page(m)),
  'half.down': (m: Model) => moveList(m, Math.max(1, page(m) >> 1)),
  'half.up': (m: Model) => moveList(m, -Math.max(1, page(m) >> 1)),
  first: (m: Model) => moveList(m, 'first'),
  last: (m: Model) => moveList(m, 'last'),
} as const
