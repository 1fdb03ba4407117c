import { Box, Text } from 'ink'
import { memo } from 'react'
import { tooSmall } from '../model/layout.ts'
import type { Model } from '../model/model.ts'
import { breadcrumb, filterBar, footer, statusLine } from './bars.ts'
import { diffScreen, diffTabs } from './diff-screen.ts'
import { findingsScreen, whyScreen } from './list-screens.ts'
import { overlayOf } from './overlays.ts'
import { replayScreen, timeline } from './replay-screen.ts'
import { sqlScreen } from './sql-screen.ts'
import { runsScreen } from './runs-screen.ts'
import { fit, safe } from '../text/fit.ts'
import type { Theme } from '../text/theme.ts'

/** A line of the screen: one preformatted string, the cheapest thing that Ink can be given. */
const Line = memo(({ text }: { readonly text: string }) => <Text wrap="truncate">{text}</Text>)

/** Lines below one another, in a column that Yoga cannot squeeze. */
const Lines = ({ of: lines }: { readonly of: readonly string[] }) => (
  <Box flexDirection="column" flexShrink={0}>
    {lines.map((text, i) => (
      // oxlint-disable-next-line no-array-index-key -- a line is its position on the screen
      <Line key={i} text={text} />
    ))}
  </Box>
)

export interface FrameProps {
  readonly model: Model
  readonly theme: Theme
}

/** The whole screen as a function of the model. */
export function Frame({ model: m, theme }: FrameProps) {
  if (tooSmall(m.columns, m.rows)) return <TooSmall model={m} />
  const overlay = overlayOf(m, theme)
  return (
    <Box flexDirection="column" width={m.columns} height={m.rows} overflow="hidden">
      <Line text={breadcrumb(m, theme)} />
      <Body model={m} theme={theme} />
      <Line text={statusLine(m, theme)} />
      <Line text={footer(m, theme)} />
      {overlay && (
        <Box position="absolute" top={overlay.top} left={overlay.left}>
          <Lines of={overlay.lines} />
        </Box>
      )}
    </Box>
  )
}

function Body({ model: m, theme }: FrameProps) {
  const r = m.replay
  if (m.screen === 'runs') {
    return (
      <>
        <Line text={fit(` ${safe(m.db)}`, m.columns)} />
        <Box>
          {runsScreen(m, theme).map((pane, i) => (
            // oxlint-disable-next-line no-array-index-key -- panes have their places
            <Lines key={i} of={pane} />
          ))}
        </Box>
      </>
    )
  }
  if (m.screen === 'diff' && m.diff) {
    return (
      <>
        <Line text={diffTabs(m.diff, m.columns, theme)} />
        <Lines of={diffScreen(m, m.diff, theme)} />
      </>
    )
  }
  if (m.screen === 'sql') {
    return (
      <>
        <Line text={fit(` ${safe(m.db)}`, m.columns)} />
        <Lines of={sqlScreen(m, theme)} />
      </>
    )
  }
  if (!r) return null
  if (m.screen === 'replay') {
    const panes = replayScreen(m, r, theme)
    return (
      <>
        <Line text={filterBar(m, r, theme)} />
        <Box flexDirection={panes.wide ? 'row' : 'column'}>
          <Lines of={panes.list} />
          <Lines of={panes.side} />
        </Box>
        <Line text={timeline(r, m.columns, theme)} />
      </>
    )
  }
  return (
    <>
      <Line text={filterBar(m, r, theme)} />
      <Lines of={m.screen === 'why' ? whyScreen(m, theme) : findingsScreen(m, theme)} />
    </>
  )
}

const TooSmall = ({ model: m }: { readonly model: Model }) => (
  <Box width={m.columns} height={m.rows} overflow="hidden" flexDirection="column">
    <Line text={`${m.columns}×${m.rows} is too small:`.slice(0, m.columns)} />
    <Line text={'60×15 at least. q quits'.slice(0, m.columns)} />
  </Box>
)
