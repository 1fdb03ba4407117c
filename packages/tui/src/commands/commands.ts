import { heldAs } from '../model/held.ts'
import { COPY_COMMANDS } from './copy-commands.ts'
import { DIFF_COMMANDS } from './diff-commands.ts'
import { FILTER_COMMANDS } from './filter-commands.ts'
import { openHelp } from './help.ts'
import type { CommandId } from './keys.ts'
import { type Model, ask, say } from '../model/model.ts'
import { back, NAVIGATION_COMMANDS } from './navigation.ts'
import { TIMELINE_COMMANDS } from './timeline-commands.ts'
import { SQL_COMMANDS } from './sql-commands.ts'
import { openPrompt } from '../model/prompt.ts'
import { RECORDING_COMMANDS } from './recording.ts'
import { REPLAY_COMMANDS } from './replay-commands.ts'
import { RUNS_COMMANDS } from './runs-commands.ts'
import { PAGE_COMMANDS } from './page-commands.ts'
import { LIST_COMMANDS } from './list-commands.ts'

export type Command = (m: Model) => Model

const ANYWHERE = {
  palette: (m) => ({ ...m, prompt: openPrompt('command') }),
  help: (m) => openHelp(m, ''),
  mouse: (m) => {
    const on = !m.mouse
    const text = on ? 'mouse on (Shift-drag selects text)' : 'mouse off: select text as usual'
    return say(ask({ ...m, mouse: on }, { type: 'mouse', on }), text)
  },
  redraw: (m) => ask(m, { type: 'redraw' }),
  suspend: (m) => ask(m, { type: 'suspend' }),
  back: (m) => (m.behind.length === 0 ? ask(m, { type: 'quit' }) : back(m)),
  esc: (m) => back(m),
  quit: (m) => ask(m, { type: 'quit' }),
} as const satisfies Partial<Record<CommandId, Command>>

const COMMANDS: Readonly<Record<CommandId, Command>> = {
  ...ANYWHERE,
  ...NAVIGATION_COMMANDS,
  ...TIMELINE_COMMANDS,
  ...COPY_COMMANDS,
  ...LIST_COMMANDS,
  ...PAGE_COMMANDS,
  ...RUNS_COMMANDS,
  ...REPLAY_COMMANDS,
  ...FILTER_COMMANDS,
  ...DIFF_COMMANDS,
  ...SQL_COMMANDS,
  ...RECORDING_COMMANDS,
}

/** Does what a key or the palette names. */
export function run(m: Model, id: CommandId): Model {
  return heldAs(COMMANDS[id]({ ...m, message: null }), (later) => run(later, id))
}
