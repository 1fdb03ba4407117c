import { many } from '@pagetrail/recorder'
import type { Run } from '@pagetrail/recorder'
import type { Model, ScreenName } from '../model/model.ts'
import { fitMiddle, safe } from '../text/fit.ts'
import { width } from '../text/width.ts'
import { originAmong } from '../text/run-words.ts'
import type { Theme } from '../text/theme.ts'
import type { BarView } from './bars.ts'
import type { Segment } from './pane.tsx'

/** `4K 48-bit`; empty where the trace does not say. */
export const geometryOf = (run: Run): string =>
  run.geometry ? `${2 ** (run.geometry.pageShift - 10)}K ${run.geometry.vaBits}-bit` : ''

const fitted = (text: string, most: number): string =>
  width(text) > most ? fitMiddle(text, Math.max(8, most)) : text

const TITLES = {
  runs: 'Runs',
  sql: 'SQL',
  why: 'Why',
  findings: 'Findings',
  timeline: 'Timeline',
} as const

/** What a screen is of, in the breadcrumb; `most`: columns for the label of a run. */
function crumbOf(m: Model, screen: ScreenName, most = m.columns): string {
  const name = (run: Run) => `${fitted(safe(run.label), most)} #${run.id}`
  if (screen === 'replay') return m.replay ? name(m.replay.run) : 'Replay'
  if (screen === 'diff') return m.diff ? `${name(m.diff.left)} ⇄ ${name(m.diff.right)}` : 'Diff'
  return TITLES[screen]
}

/** Line 1: the way to where one is, and what is shown there. The parts of the way can be clicked. */
export function breadcrumb(m: Model, theme: Theme): BarView {
  const right = `  ${aboutOf(m, theme)}  ${theme.paint('key', '?')} help `
  const room = m.columns - width(right)
  let way = wayTo(m, m.columns, theme)
  // Where one is matters more than where one came from, and which run it is more than how it begins.
  for (let most = m.columns >> 2; most >= SHORTEST && lengthOf(way) > room; most -= 2) {
    way = wayTo(m, most, theme)
    while (way.length > 2 && lengthOf(way) > room) way.splice(0, 2, { text: ' …' })
  }
  return { left: way.flatMap((part, i) => (i === 0 ? [part] : [{ text: BETWEEN }, part])), right }
}

const BETWEEN = ' ▸ '
/** A label is not cut below this. */
const SHORTEST = 8

/** From the program to where one is; `most`: columns for the label of a run. */
function wayTo(m: Model, most: number, theme: Theme): Segment[] {
  const behind = [...m.behind.entries()].toReversed()
  return [
    { text: ` ${theme.bold('pagetrail')}` },
    ...behind.map(([index, screen]): Segment => {
      return { text: crumbOf(m, screen, most), name: 'crumb', index }
    }),
    { text: theme.bold(crumbOf(m, m.screen, most)) },
  ]
}

const lengthOf = (way: readonly Segment[]): number =>
  way.reduce((sum, { text }) => sum + width(text), BETWEEN.length * (way.length - 1))

function aboutOf(m: Model, theme: Theme): string {
  if (m.screen === 'diff' && m.diff) {
    const { left, right } = m.diff
    return `${originAmong(left, [right])} ⇄ ${originAmong(right, [left])}`
  }
  const run = m.screen === 'runs' || m.screen === 'sql' ? undefined : m.replay?.run
  if (!run) return m.screen === 'runs' && m.runs.list ? many(m.runs.list.length, 'run') : ''
  const state = {
    recording: theme.paint('good', '● recording  '),
    interrupted: theme.paint('bad', '✗ interrupted  '),
    damaged: theme.paint('bad', '✗ damaged  '),
    complete: run.lost > 0 ? theme.paint('bad', `! ${many(run.lost, 'event')} lost  `) : '',
  }[run.state]
  return `${state}${originAmong(run, m.runs.list ?? [])}  ${geometryOf(run)}`
}
