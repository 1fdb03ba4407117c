import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** How much of what a command says is kept. */
const KEPT = 10_000

/**
 * Runs a verb of the command on this database, in a process of its own: it can be stopped, as by Ctrl-C, and keeps what
 * it has. Resolves with the last line that it printed; rejects with what it complained of.
 */
export async function runCommand(
  program: URL,
  db: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(program), '--db', db, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  let complaint = ''
  child.stdout.on('data', (data) => (said = (said + String(data)).slice(-KEPT)))
  child.stderr.on('data', (data) => (complaint = (complaint + String(data)).slice(-KEPT)))
  const stop = () => child.kill('SIGINT')
  signal.addEventListener('abort', stop)
  await once(child, 'close')
  signal.removeEventListener('abort', stop)
  if (signal.aborted) return 'stopped; what was made until then is kept'
  if (child.exitCode !== 0) {
    throw new Error(
      complaint.trim().replace(/^pagetrail: /, '') || `it ended with ${child.exitCode}`,
    )
  }
  const lines = said.trim().split('\n')
  return lines.findLast((line) => /^run \d/.test(line)) ?? lines.at(-1) ?? 'done'
}
