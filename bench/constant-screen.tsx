import { openRuns } from '@pagetrail/recorder'
import { Box, render, Text, useApp, useInput } from 'ink'
import { memo, useState } from 'react'
import { tapInput } from '../packages/tui/src/live/terminal.ts'
import { sessionOn } from '../test/support/session.ts'

/**
 * The screens of the terminal UI as constant strings: made before the first frame, then shown one after the other at
 * each key. What this costs is Ink's; what the application costs more is its own.
 *
 *     DATABASE COLUMNS ROWS KEY COUNT
 */
const [db = '', columns = '80', rows = '24', key = 'j', count = '100'] = process.argv.slice(2)
const runFile = await openRuns(db, { mode: 'read' })
const run = runFile.find('-1')
runFile.close()
const session = await sessionOn(db, run, Number(columns), Number(rows))
const frames: string[][] = []
for (let i = 0; i <= Number(count); i++) {
  frames.push(session.raw().split('\n'))
  session.keys(key)
  await session.settled()
}
await session.end()

const Line = memo(({ text }: { readonly text: string }) => <Text wrap="truncate">{text}</Text>)

function Constant() {
  const [at, setAt] = useState(0)
  const { exit } = useApp()
  useInput((input) => (input === 'q' ? exit() : setAt((n) => Math.min(n + 1, frames.length - 1))))
  return (
    <Box flexDirection="column" width={Number(columns)} height={Number(rows)} overflow="hidden">
      {frames[at]?.map((text, i) => (
        // oxlint-disable-next-line no-array-index-key -- a line is its position on the screen
        <Line key={i} text={text} />
      ))}
    </Box>
  )
}

tapInput(process.stdin)
render(<Constant />, {
  interactive: true,
  alternateScreen: true,
  incrementalRendering: true,
  maxFps: 60,
})
