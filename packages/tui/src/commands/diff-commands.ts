import type { Aim } from '../data/data.ts'
import { CALL_SORTS, type CallsView, isSign } from '../model/calls.ts'
import {
  arrive,
  comparisonOf,
  hasLoss,
  lastRowOf,
  moveDiff,
  rowAtCursor,
  seqOfRow,
  showTab,
  toRow,
  withDiff,
} from '../model/diff.ts'
import { type Model, complain, enter, leave, query, say } from '../model/model.ts'
import { diffLayout } from '../model/layout.ts'
import { awaitsRows, hold } from '../model/held.ts'
import { openPrompt } from '../model/prompt.ts'
import { follow } from './navigation.ts'
import { pageOf } from '../model/pages.ts'
import { findOnPage, toPlace } from './page-commands.ts'
import { jumpTo, listRowsOf, withReplay } from '../model/replay.ts'
import { runUnderCursor } from '../model/runs.ts'
import { enterRun } from './runs-commands.ts'
import { isPlainText, type Run } from '@pagetrail/recorder'
import { DIFF_TABS, type DiffView, openDiff } from '../model/diff-view.ts'

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

/** How a place that n goes to is called. */
const aimText = (aim: Aim): string =>
  typeof aim === 'object'
    ? `row with ${aim.words}`
    : aim === 'call'
      ? 'call'
      : `difference in ${aim}`

/** Keys may come faster than answers: each step goes on from where the one before it led. */
const toAim = (m: Model, aim: Aim, backward: boolean): Model => {
  const d = m.diff
  if (!d) return m
  const shown = withDiff(d.tab === 'path' ? m : showTab(m, 'path'), (x) => ({
    ...x,
    aim,
    hits: null,
  }))
  const known = hasLoss(d) ? 'known ' : ''
  const none = `no ${known}${aimText(aim)} ${backward ? 'before' : 'after'} this row`
  return query(
    shown,
    async (data, now) =>
      data.difference({ ...comparisonOf(d), from: now.diff?.cursor ?? 0, backward, aim }),
    (later, { at, hits }) => withDiff(arrive(later, d, at, none), (x) => ({ ...x, hits })),
    { inTurn: true },
  )
}

/** On a page of lines to the next that leads somewhere, on the path to the next difference that is asked for. */
const next = (backward: boolean) => (m: Model) => {
  return pageOf(m) ? toPlace(backward ? -1 : 1)(m) : toAim(m, m.diff?.aim ?? 'path', backward)
}

/** Nothing is looked for any more. */
const dropWords = (m: Model): Model =>
  withDiff(m, (d) => ({ ...d, aim: 'path', hits: null, page: { ...d.page, find: null } }))

const aimAt = (aim: Aim) => (m: Model) => toAim(m, aim, false)

/** The list of calls in another way; only where it is shown. */
const calls = (change: (view: CallsView) => Partial<CallsView>) => (m: Model) => {
  const shown = m.diff?.tab === 'calls' ? m : showTab(m, 'calls')
  const changed = withDiff(shown, (d) => ({ ...d, calls: { ...d.calls, ...change(d.calls) } }))
  return showTab(changed, 'calls')
}

/** Other rows of the same comparison: the cursor stays on its event. */
function rearranged(m: Model, change: Partial<DiffView>): Model {
  const d = m.diff
  if (!d) return m
  const row = rowAtCursor(d)
  const left = row ? seqOfRow(row, 'left') : null
  const right = row ? seqOfRow(row, 'right') : null
  const fresh = { rows: [], from: 0, known: 0, done: false, cursor: 0, top: 0, states: null }
  const next = withDiff(m, (x) => ({ ...x, ...fresh, ...change, tab: 'path' }))
  return left === null && right === null ? next : toRow(next, { left, right })
}

/** Only calls with some words, or in which an event matches. */
const filterCalls = (m: Model, { left, right }: DiffView, text: string): Model =>
  text === '' || isSign(text) || isPlainText(text)
    ? calls(() => ({ filter: text, matching: null }))(m)
    : query(
        m,
        async (data) => ({
          left: new Set(await data.callsWith(left.id, text)),
          right: new Set(await data.callsWith(right.id, text)),
        }),
        (later, matching) =>
          later.diff?.left.id === left.id && later.diff.right.id === right.id
            ? calls(() => ({ filter: text, matching }))(later)
            : later,
        { title: 'looking through the calls' },
      )

/** Only events with this take part; empty: all of them. */
export const filterDiff = (m: Model, text: string): Model =>
  m.diff?.tab === 'calls'
    ? filterCalls(m, m.diff, text)
    : rearranged(m, { filter: text === '' ? null : text })

/** Goes along with words that are being typed, among the rows that have been made; empty: back to where it began. */
export function followDiff(m: Model, words: string, from: number): Model {
  const d = m.diff
  if (!d) return m
  if (words === '') return withDiff(arrive(m, d, from, ''), (x) => ({ ...x, hits: null }))
  const q = { ...comparisonOf(d), from: from - 1, backward: false, aim: { words }, made: true }
  return query(
    m,
    (data) => data.difference(q),
    (later, { at, hits }) =>
      later.prompt?.kind === 'searchDiff' && later.prompt.text.trim() === words
        ? withDiff(arrive(later, d, at ?? from, ''), (x) => ({ ...x, hits }))
        : later,
    { inTurn: true },
  )
}

/** n goes on with rows with these words: from the one that the typing led to, or else the next of all. */
export function searchDiff(m: Model, words: string, from: number): Model {
  if (words === '') return followDiff(m, '', from)
  const { hits } = m.diff ?? {}
  return hits && hits.at !== null
    ? withDiff(m, (d) => ({ ...d, aim: { words } }))
    : toAim(m, { words }, false)
}

/** To an event of A, or a share of its events. */
export const toEventOf = (m: Model, seq: number): Model =>
  toRow(leave(m), { left: seq, right: null })

/** The replay of one side: at the row under the cursor, or the nearest before it that this side has. */
const openSide =
  (side: 'left' | 'right') =>
  (m: Model): Model => {
    const d = m.diff
    if (!d) return m
    if (awaitsRows(m)) return hold(m)
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

export const DIFF_COMMANDS = {
  'run.diff': startDiff,
  'diff.next': next(false),
  'diff.prev': next(true),
  'diff.path': aimAt('path'),
  'diff.effect': aimAt('effect'),
  'diff.outcome': aimAt('outcome'),
  'diff.call': (m: Model) => toAim(m, 'call', false),
  'diff.callBack': (m: Model) => toAim(m, 'call', true),
  'diff.calls': (m: Model) => showTab(m, m.diff?.tab === 'calls' ? 'path' : 'calls'),
  'diff.group': calls(({ grouped }) => ({ grouped: !grouped })),
  'diff.sort': calls(({ sort }) => ({
    sort: CALL_SORTS[(CALL_SORTS.indexOf(sort) + 1) % CALL_SORTS.length] ?? 'run',
  })),
  'diff.filter': (m: Model) => ({ ...m, prompt: openPrompt('filterDiff') }),
  'diff.search': (m: Model) =>
    pageOf(m) ? findOnPage(m) : { ...m, prompt: openPrompt('searchDiff', '', m.diff?.cursor ?? 0) },
  'diff.all': (m: Model) =>
    m.diff && m.diff.filter === null && m.diff.calls.filter === ''
      ? dropWords(m)
      : filterDiff(m, ''),
  'diff.tab': tab(1),
  'diff.tabBack': tab(-1),
  'diff.fold': (m: Model) => {
    const folded = m.diff?.folded === true
    return say(
      rearranged(m, { folded: !folded }),
      folded ? 'all rows are shown' : 'equal and repeated parts are folded',
    )
  },
  'diff.pane': (m: Model) =>
    withDiff(m.diff?.tab === 'path' ? m : showTab(m, 'path'), (d) => {
      const pane = d.pane === 'map' ? 'tables' : 'map'
      const { listRows } = diffLayout(m.columns, m.rows, pane === 'map')
      return moveDiff({ ...d, pane, states: null }, d.cursor, listRows)
    }),
  'diff.open': openLine,
  'diff.openA': openSide('left'),
  'diff.openB': openSide('right'),
  'diff.swap': (m: Model) => (m.diff ? enterDiff(m, m.diff.right, m.diff.left) : m),
} as const
