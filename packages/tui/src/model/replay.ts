import type { TraceEvent } from '@pagetrail/recorder'
import type { RowWindow, WindowQuery } from '../data/data.ts'
import { replayLayout } from './layout.ts'
import { rowIndexOf, type Goal, type Model, type Replay } from './model.ts'
import { viewFilter, type FoldedNode, type ViewState } from './view-filter.ts'

/** Steps that `u` can undo. */
const UNDO_STEPS = 100

/** Rows of events on the screen. */
export const listRowsOf = (m: Model): number =>
  replayLayout(m.columns, m.rows, m.replay?.pane ?? 'none').listRows

/** The same model where the replay stays as it is. */
export function withReplay(m: Model, f: (r: Replay) => Replay): Model {
  const replay = m.replay && f(m.replay)
  return replay === m.replay ? m : { ...m, replay }
}

/** The cursor by so many shown events; beyond the loaded rows it becomes a goal. */
export function moveBy(r: Replay, delta: number, height: number): Replay {
  if (r.goal) return { ...r, goal: { ...r.goal, delta: r.goal.delta + delta } }
  const index = rowIndexOf(r.rows, r.cursor)
  const target = index + delta
  const beyond = target < 0 ? !r.atStart : target >= r.rows.length && !r.atEnd
  if (index < 0 || beyond) return { ...r, goal: { to: null, delta } }
  const to = Math.max(0, Math.min(r.rows.length - 1, target))
  const seq = r.rows[to]?.seq ?? r.cursor
  return { ...r, cursor: seq, line: clampLine(r.line + to - index, height) }
}

const clampLine = (line: number, height: number): number => Math.max(0, Math.min(height - 1, line))

/** The cursor to a seq; to the next shown event where that one is not. */
export function moveTo(r: Replay, seq: number, height: number): Replay {
  const to = Math.max(0, Math.min(r.run.events - 1, seq))
  const index = rowIndexOf(r.rows, to)
  if (index < 0 || r.goal || r.rowsFilter !== viewFilter(r.view)) {
    return { ...r, goal: { to, delta: 0 } }
  }
  const line = r.line + index - rowIndexOf(r.rows, r.cursor)
  const inView = line >= 0 && line < height
  return { ...r, cursor: to, line: inView ? line : clampLine(height >> 1, height) }
}

/** A jump that `u` takes back. */
export const jumpTo = (r: Replay, seq: number, height: number): Replay =>
  seq === r.cursor ? r : moveTo(remember(r), seq, height)

const snapshot = (r: Replay) => ({ ...r.view, cursor: r.cursor })

const remember = (r: Replay): Replay => ({
  ...r,
  undo: [snapshot(r), ...r.undo].slice(0, UNDO_STEPS),
  redo: [],
})

/** Another choice of events; the cursor stays on its event, or goes to the next that is shown. */
export function changeView(r: Replay, view: Partial<ViewState>): Replay {
  return {
    ...remember(r),
    view: { ...r.view, ...view },
    chip: null,
    goal: { to: r.cursor, delta: 0 },
  }
}

export function undo(r: Replay): Replay | null {
  const [last, ...rest] = r.undo
  if (!last) return null
  const { cursor, ...view } = last
  return { ...r, view, undo: rest, redo: [snapshot(r), ...r.redo], goal: { to: cursor, delta: 0 } }
}

export function redo(r: Replay): Replay | null {
  const [last, ...rest] = r.redo
  if (!last) return null
  const { cursor, ...view } = last
  return { ...r, view, redo: rest, undo: [snapshot(r), ...r.undo], goal: { to: cursor, delta: 0 } }
}

/** Hides or shows what a node of the call tree holds. */
export function setFold(r: Replay, begin: TraceEvent, end: number, open: boolean): Replay {
  const others = r.view.folds.filter((f) => f.begin !== begin.seq)
  const fold: FoldedNode = { begin: begin.seq, end, cpu: begin.cpu, nest: begin.nest, open }
  const needed = !open || r.view.depth !== null
  return {
    ...changeView(r, { folds: needed ? [...others, fold] : others }),
    goal: { to: begin.seq, delta: 0 },
  }
}

/** What to read now, or null: everything on the screen, and some around it, is there. */
export function wantedWindow(m: Model): WindowQuery | null {
  const r = m.replay
  if (!r) return null
  const height = listRowsOf(m)
  const filter = viewFilter(r.view)
  const index = rowIndexOf(r.rows, r.cursor)
  const stale = !r.loaded || filter !== r.rowsFilter
  const nearStart = !r.atStart && index < height
  const nearEnd = !r.atEnd && r.rows.length - index <= height
  if (!r.goal && !stale && !nearStart && !nearEnd) return null
  const goal: Goal = r.goal ?? { to: null, delta: 0 }
  return {
    run: r.run.id,
    filter,
    anchor: goal.to ?? r.cursor,
    delta: goal.delta,
    reach: height * 3,
    total: r.run.events,
  }
}

/** The rows have come; what was typed meanwhile still counts. */
export function windowCame(m: Model, q: WindowQuery, w: RowWindow): Model {
  const r = m.replay
  if (!r || r.run.id !== q.run) return m
  const height = listRowsOf(m)
  const cursor = w.cursor ?? r.cursor
  const before = r.goal
  const met = before !== null && (before.to ?? r.cursor) === q.anchor
  const rest = before === null ? 0 : met ? before.delta - q.delta : before.delta
  const same = before === null || met
  const index = rowIndexOf(w.rows, cursor)
  const inRows = before === null ? r.line : lineFor(r, w, cursor, height)
  const next: Replay = {
    ...r,
    rows: w.rows,
    rowsFilter: q.filter,
    loaded: true,
    atStart: w.atStart,
    atEnd: w.atEnd && q.total === r.run.events,
    // Keys may have moved the cursor within the old rows while these were read around where it was.
    cursor: before === null && rowIndexOf(w.rows, r.cursor) >= 0 ? r.cursor : cursor,
    line: Math.min(inRows, Math.max(0, before === null ? height : index)),
    goal: same ? null : before,
  }
  return { ...m, replay: same && rest !== 0 ? moveBy(next, rest, height) : next }
}

/** Small moves keep the page and move the cursor on it; far ones put it in the middle. */
function lineFor(r: Replay, w: RowWindow, cursor: number, height: number): number {
  const from = rowIndexOf(w.rows, r.cursor)
  const to = rowIndexOf(w.rows, cursor)
  if (from < 0 || to < 0) return cursor === 0 ? 0 : height >> 1
  const line = r.line + to - from
  if (line >= 0 && line < height) return line
  return Math.abs(to - from) <= height ? clampLine(line, height) : height >> 1
}

/** The rows on the screen and where among them the cursor is. */
export function visibleRows(
  r: Replay,
  height: number,
): { rows: readonly TraceEvent[]; line: number } {
  const index = rowIndexOf(r.rows, r.cursor)
  if (index < 0) return { rows: r.rows.slice(0, height), line: -1 }
  const last = Math.max(0, r.rows.length - height)
  const wanted = index - Math.min(r.line, height - 1)
  const top = Math.max(0, Math.min(last, wanted))
  return { rows: r.rows.slice(top, top + height), line: index - top }
}
