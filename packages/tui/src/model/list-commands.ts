import { moveDiff, withDiff } from './diff.ts'
import { diffLayout, fullListRows } from './layout.ts'
import type { Model } from './model.ts'
import { resultRows, withSql } from './sql.ts'
import { listRowsOf, moveBy, moveTo, withReplay } from './replay.ts'

/** An answer in words is not longer than this. */
const MOST_LINES = 100_000

/** How far a list moves: rows, or to one of its ends. */
export type Step = number | 'first' | 'last'

const clamp = (at: number, length: number): number => Math.max(0, Math.min(length - 1, at))

/** The new index in a list of this length. */
function stepped(at: number, step: Step, length: number): number {
  if (step === 'first') return 0
  if (step === 'last') return clamp(length - 1, length)
  return clamp(at + step, length)
}

/** First visible row, such that the cursor stays on the screen. */
export function scrolled(top: number, cursor: number, height: number, length: number): number {
  const most = Math.max(0, length - height)
  if (cursor < top) return Math.min(most, Math.max(0, cursor))
  if (cursor >= top + height) return Math.max(0, cursor - height + 1)
  return Math.min(most, top)
}

/** The cursor of the present screen's list, moved. */
export function moveList(m: Model, step: Step): Model {
  const height = fullListRows(m.rows)
  switch (m.screen) {
    case 'runs': {
      const length = m.runs.list?.length ?? 0
      const cursor = stepped(m.runs.cursor, step, length)
      const top = scrolled(m.runs.top, cursor, height, length)
      return { ...m, runs: { ...m.runs, cursor, top } }
    }
    case 'replay':
      return moveReplay(m, step)
    case 'findings':
      return withReplay(m, (r) => ({
        ...r,
        findingCursor: stepped(r.findingCursor, step, r.checked?.findings.length ?? 0),
      }))
    case 'diff':
      return moveInDiff(m, step)
    case 'sql':
      return moveInResult(m, step)
    case 'why':
      return withReplay(m, (r) =>
        r.why
          ? { ...r, why: { ...r.why, cursor: stepped(r.why.cursor, step, r.why.lines.length) } }
          : r,
      )
  }
}

function moveInDiff(m: Model, step: Step): Model {
  const height = diffLayout(m.columns, m.rows).listRows
  return withDiff(m, (d) => {
    const end = d.known - 1
    if (d.tab !== 'path') {
      const scroll = step === 'first' ? 0 : step === 'last' ? Infinity : d.scroll + step
      return { ...d, scroll: Math.max(0, Math.min(scroll, MOST_LINES)) }
    }
    const to = step === 'first' ? 0 : step === 'last' ? end : d.cursor + step
    return moveDiff(d, Math.min(to, end), height)
  })
}

function moveInResult(m: Model, step: Step): Model {
  return withSql(m, (s) => {
    const length = s.result?.rows.length ?? 0
    const cursor = stepped(s.cursor, step, length)
    return { ...s, cursor, top: scrolled(s.top, cursor, resultRows(m), length) }
  })
}

function moveReplay(m: Model, step: Step): Model {
  const height = listRowsOf(m)
  return withReplay(m, (r) => {
    const still = { ...r, play: null, follow: step === 'last' && r.follow }
    if (step === 'first') return moveTo(still, 0, height)
    if (step === 'last') return moveTo(still, still.run.events - 1, height)
    return moveBy(still, step, height)
  })
}

/** Rows of a page on the present screen; one row of the last page stays. */
function page(m: Model): number {
  const rows =
    m.screen === 'replay'
      ? listRowsOf(m)
      : m.screen === 'diff'
        ? diffLayout(m.columns, m.rows).listRows
        : fullListRows(m.rows)
  return Math.max(1, rows - 1)
}

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
