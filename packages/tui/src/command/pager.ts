import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ClosedPipe } from './closed-pipe.ts'

/** The program that shows long output, started. */
export interface Pager {
  /** Rejects with {@link ClosedPipe} when its user has left it. */
  write(text: string): Promise<void>
  /** Says that this was all, and resolves to its exit status when its user has left it. */
  end(): Promise<number>
}

/** What less does unless LESS says otherwise: leaves what fits alone, passes colours on, keeps what was shown. */
const HABITS = { LESS: 'FRX', LV: '-c' } as const

/** Starts a pager on the terminal of this process. */
export function startPager(command: string, env: NodeJS.ProcessEnv): Pager {
  const child = spawn(command, {
    shell: true,
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...HABITS, ...env },
  })
  const left = once(child, 'close').then(([code]) => (code as number | null) ?? 0)
  const { stdin } = child
  // The error also comes to the callback of write().
  stdin.on('error', () => {})
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        stdin.write(text, (error) => (error ? reject(new ClosedPipe()) : resolve()))
      }),
    end() {
      stdin.end()
      return left
    },
  }
}
