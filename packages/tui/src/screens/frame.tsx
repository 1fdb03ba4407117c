import { Box } from 'ink'
import { tooSmall } from '../model/layout.ts'
import type { Model } from '../model/model.ts'
import { pageOf } from '../model/pages.ts'
import { type BarView, filterBar, footer, pageBar, statusLine } from './bars.ts'
import { breadcrumb } from './breadcrumb.ts'
import { diffPanes, diffStrip, diffTabs } from './diff-screen.ts'
import { overlayOf } from './overlays.ts'
import { pagePane } from './page-screen.ts'
import { Bar, type Drawing, Line, Overlay, Pane, type PaneView, Place } from './pane.tsx'
import { replayPanes, timeline } from './replay-screen.ts'
import { timelinePanes } from './timeline-screen.ts'
import { runsPanes } from './runs-screen.ts'
import { sqlPanes } from './sql-screen.ts'
import { safe } from '../text/fit.ts'

export interface FrameProps extends Drawing {
  readonly model: Model
}

/** The whole screen as a function of the model. */
export function Frame({ model: m, theme, places }: FrameProps) {
  const drawing = { theme, places }
  if (tooSmall(m.columns, m.rows)) return <TooSmall model={m} theme={theme} />
  const overlay = overlayOf(m, theme)
  const { bar, panes, below } = screenOf(m, drawing)
  const columns = { columns: m.columns, ...drawing }
  return (
    <Box flexDirection="column" width={m.columns} height={m.rows} overflow="hidden">
      <Bar {...breadcrumb(m, theme)} {...columns} />
      <Bar {...bar} {...columns} />
      <Box>
        {panes.map((column) => (
          <Box key={column[0]?.name} flexDirection="column" flexShrink={0}>
            {column.map((pane) => (
              <Pane key={pane.name} of={pane} {...drawing} />
            ))}
          </Box>
        ))}
      </Box>
      {below !== undefined && (
        <Place name="timeline" places={places}>
          <Line text={below} theme={theme} />
        </Place>
      )}
      <Line text={statusLine(m, theme)} theme={theme} />
      <Bar {...footer(m, theme)} {...columns} />
      {overlay && <Overlay {...overlay} {...drawing} />}
    </Box>
  )
}

/** The line below the breadcrumb, the panes column by column, and what stands below them. */
interface Screen {
  readonly bar: BarView
  readonly panes: readonly (readonly PaneView[])[]
  readonly below?: string
}

function screenOf(m: Model, { theme }: Drawing): Screen {
  const r = m.replay
  const page = pageOf(m)
  const database = { left: [{ text: ` ${safe(m.db)}` }] }
  if (m.screen === 'diff' && m.diff) {
    const bar = diffTabs(m.diff, page, theme)
    const panes = page ? [[pagePane(m, page, theme)]] : diffPanes(m, m.diff, theme)
    return { bar, panes, below: diffStrip(m.diff, m.columns, theme) }
  }
  if (m.screen === 'sql') return { bar: database, panes: sqlPanes(m, theme) }
  if (m.screen === 'runs' || !r) return { bar: database, panes: runsPanes(m, theme) }
  if (page) return { bar: pageBar(page, theme), panes: [[pagePane(m, page, theme)]] }
  if (m.screen === 'timeline') return { bar: database, panes: timelinePanes(m, r, theme) }
  return {
    bar: filterBar(m, r, theme),
    panes: replayPanes(m, r, theme),
    below: timeline(r, m.columns, theme),
  }
}

const TooSmall = ({ model: m, theme }: Pick<FrameProps, 'model' | 'theme'>) => (
  <Box width={m.columns} height={m.rows} overflow="hidden" flexDirection="column">
    <Line text={`${m.columns}×${m.rows} is too small:`.slice(0, m.columns)} theme={theme} />
    <Line text={'60×15 at least. q quits'.slice(0, m.columns)} theme={theme} />
  </Box>
)
