import { escapeControls } from '@pagetrail/recorder'
import { statSync } from 'node:fs'
import { Progress } from '../progress.ts'
import type { Session } from '../session.ts'

/** How far several imports have come, in one line. */
export class JointProgress {
  readonly #progress: Progress
  readonly #sizes: readonly number[]
  readonly #events: number[]
  readonly #bytes: number[]

  constructor({ io }: Session, names: readonly string[]) {
    const [only] = names
    const what =
      names.length > 1 || only === undefined ? `${names.length} files` : escapeControls(only)
    this.#progress = new Progress(io, `importing ${what}`, 'events')
    this.#sizes = names.map(sizeOf)
    this.#events = names.map(() => 0)
    this.#bytes = names.map(() => 0)
  }

  update(i: number, { events, bytes }: { readonly events: number; readonly bytes: number }): void {
    this.#events[i] = events
    this.#bytes[i] = bytes
    const all = sum(this.#sizes)
    this.#progress.update(sum(this.#events), all > 0 ? sum(this.#bytes) / all : undefined)
  }

  end(): void {
    this.#progress.end()
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, n) => all + n, 0)

/** Of a file; of a pipe none is known. */
export function sizeOf(name: string): number {
  const stat = statSync(name, { throwIfNoEntry: false })
  return stat?.isFile() === true ? stat.size : 0
}
