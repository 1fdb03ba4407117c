import { InputError } from '@pagetrail/recorder'
import { createInterface } from 'node:readline/promises'
import type { Terminal } from './io.ts'
import type { Session, Status } from './session.ts'

const HELP = `One statement of SQL, ended by ; (it may take several lines).
.list  the ready queries: pagetrail sql --list     .quit or Ctrl-D  leave     Ctrl-C  stop a query`

/** What the prompt can have done; both print by themselves. */
export interface PromptActions {
  ask(query: string, signal: AbortSignal): Promise<Status>
  list(): Status
}

/** Asks for statements on a terminal until the user leaves. A wrong one is reported and the prompt goes on. */
export async function sqlPrompt(
  session: Session,
  { stdin, stdout }: Terminal,
  actions: PromptActions,
): Promise<Status> {
  const input = createInterface({ input: stdin, output: stdout, historySize: 1000 })
  stdout.write(`${session.options.db}, read-only\n${HELP}\n`)
  // Made before the first prompt: it keeps the lines that come while a query runs.
  const lines = input[Symbol.asyncIterator]()
  let running: AbortController | null = null
  // Stops a query; at the prompt it throws away what was typed, as in a shell.
  input.on('SIGINT', () => {
    if (running) running.abort()
    else input.write(null, { ctrl: true, name: 'u' })
  })
  // What was typed ahead is still answered after the end of the input, which takes no prompt any more.
  let open = true
  input.once('close', () => (open = false))
  const show = (prompt: string) => {
    if (!open) return
    input.setPrompt(prompt)
    input.prompt()
  }
  try {
    for (;;) {
      const statement = await statementFrom(show, lines)
      if (statement === null) return 0
      running = new AbortController()
      await perform(session, actions, statement, running.signal)
      running = null
    }
  } finally {
    input.close()
  }
}

/** What was typed up to a `;`, or null for the end. */
async function statementFrom(
  show: (prompt: string) => void,
  lines: AsyncIterator<string>,
): Promise<string | null> {
  let text = ''
  for (;;) {
    show(text === '' ? 'sql> ' : '...> ')
    const next = await lines.next()
    if (next.done || next.value.trim() === '.quit') return null
    text = text === '' ? next.value.trimStart() : `${text}\n${next.value}`
    if (/;\s*$/.test(text) || /^\.\w+\s*$/.test(text)) return text.trim()
  }
}

async function perform(
  session: Session,
  { ask, list }: PromptActions,
  statement: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (statement === '.list') list()
    else await ask(statement, signal)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    await session.note(error.message)
  }
  await session.out.flush()
}
