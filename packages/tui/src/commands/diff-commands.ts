import {
  arrive,
  DIFF_TABS,
  type DiffView,
  lastRowOf,
  openDiff,
  seqOfRow,
  showTab,
  withDiff,
} from '../model/diff.ts'
import { type Model, complain, enter, query, say } from '../model/model.ts'
import { follow } from './navigation.ts'
import { pageOf } from '../model/pages.ts'
import { jumpTo, listRowsOf, withReplay } from '../model/replay.ts'
import { runUnderCursor } from '../model/runs.ts'
import { enterRun } from './runs-commands.ts'
import type { Run } from '@pagetrail/recorder'

/** Two runs are compared: the rows come at once, the whole answer when it is found. */
export function enterDiff(m: Model, left: Run, right: Run): Model {
  const next: Model = { ...enter(m, 'diff'), diff: openDiff(left, right) }
  const title = `comparing #${left.id} and #${right.id}`
  return query(
    next,
    (data) => data.diff(left.id, right.id),
    (later, report) =>
      withDiff(later, (d) =>
        d.left.id === left.id && d.right.id === right.id ? { ...d, report } : d,
      ),
    { title },
  )
}

const startDiff = (m: Model): Model => {
  const under = runUnderCursor(m)
  const runs = m.runs.marked.flatMap((id) => m.runs.list?.find((run) => run.id === id) ?? [])
  const [a, b = under] = runs
  if (!b) return complain(m, 'there is no run to compare')
  if (!a) return complain(m, 'm marks a run as A first, then d on another compares them')
  if (runs.length > 2) return complain(m, 'two runs are compared: more are marked, z unmarks them')
  return enterDiff(m, a, b)
}

const tab = (step: 1 | -1) => (m: Model) =>
  m.diff ? showTab(m, DIFF_TABS.at((DIFF_TABS.indexOf(m.diff.tab) + step) % DIFF_TABS.length)!) : m

/** Keys may come faster than answers: each step goes on from where the one before it led. */
const toDifference = (m: Model, backward: boolean): Model => {
  const d = m.diff
  if (!d) return m
  const shown = d.tab === 'path' ? m : showTab(m, 'path')
  const { left, right, folded } = d
  const none = `no difference ${backward ? 'before' : 'after'} this row`
  return query(
    shown,
    async (data, now) =>
      data.difference({
        left: left.id,
        right: right.id,
        folded,
        from: now.diff?.cursor ?? 0,
        backward,
      }),
    (later, at) => arrive(later, d, at, none),
    { inTurn: true },
  )
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

/** The place that the line names; on the path, the run of A. */
const openLine = (m: Model): Model => {
  const page = pageOf(m)
  return page ? follow(m, page.lines[page.view.cursor]?.link) : openSide('left')(m)
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
  'diff.open': openLine,
  'diff.openA': openSide('left'),
  'diff.openB': openSide('right'),
  'diff.swap': (m: Model) => (m.diff ? enterDiff(m, m.diff.right, m.diff.left) : m),
} as const
