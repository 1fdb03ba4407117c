import { QUESTIONS } from '@pagetrail/recorder'
import { type DiffView, lastRowOf, openDiff, seqOfRow, withDiff } from './diff.ts'
import { type Model, ask, complain, say } from './model.ts'
import { jumpTo, listRowsOf, withReplay } from './replay.ts'
import { enterRun, runUnderCursor } from './runs-commands.ts'
import type { Run } from '@pagetrail/recorder'

/** Two runs are compared: the rows come at once, the whole answer when it is found. */
export function enterDiff(m: Model, left: Run, right: Run): Model {
  const behind = m.screen === 'diff' ? m.behind : [m.screen, ...m.behind]
  const next: Model = { ...m, screen: 'diff', behind, diff: openDiff(left, right) }
  return ask(next, { type: 'diff', left: left.id, right: right.id })
}

const startDiff = (m: Model): Model => {
  const under = runUnderCursor(m)
  const marked = m.runs.list?.find((run) => run.id === m.runs.marked)
  if (!under) return complain(m, 'there is no run to compare')
  if (!marked) return complain(m, 'm marks a run as A first, then d on another compares them')
  return enterDiff(m, marked, under)
}

const tab = (step: 1 | -1) => (m: Model) =>
  withDiff(m, (d) => {
    const at = QUESTIONS.indexOf(d.tab) + step
    return { ...d, tab: QUESTIONS.at(at % QUESTIONS.length) ?? 'path', scroll: 0 }
  })

const toDifference = (m: Model, backward: boolean): Model => {
  const d = m.diff
  if (!d) return m
  const { left, right, folded, cursor } = d
  const shown = d.tab === 'path' ? m : withDiff(m, (x) => ({ ...x, tab: 'path' }))
  const query = { left: left.id, right: right.id, folded, from: cursor, backward }
  return ask(shown, { type: 'difference', query })
}

/** The replay of one side: at the row under the cursor, or the nearest before it that this side has. */
const openSide =
  (side: 'left' | 'right') =>
  (m: Model): Model => {
    const d = m.diff
    if (!d) return m
    const row = lastRowOf(d, side)
    const seq = row && seqOfRow(row, side)
    if (seq === undefined || seq === null) {
      return complain(m, `${side === 'left' ? 'A' : 'B'} has no event up to this row`)
    }
    const entered = enterRun(m, d[side])
    return withReplay(entered, (r) => jumpTo(r, seq, listRowsOf(entered)))
  }

const refolded = (d: DiffView): DiffView => ({
  ...openDiff(d.left, d.right),
  report: d.report,
  tab: 'path',
  folded: !d.folded,
})

export const DIFF_COMMANDS = {
  'run.diff': startDiff,
  'diff.next': (m: Model) => toDifference(m, false),
  'diff.prev': (m: Model) => toDifference(m, true),
  'diff.tab': tab(1),
  'diff.tabBack': tab(-1),
  'diff.fold': (m: Model) =>
    say(withDiff(m, refolded), m.diff?.folded ? 'equal parts are shown' : 'equal parts are folded'),
  'diff.openA': openSide('left'),
  'diff.openB': openSide('right'),
  'diff.swap': (m: Model) => (m.diff ? enterDiff(m, m.diff.right, m.diff.left) : m),
} as const
