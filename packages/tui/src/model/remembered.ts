import type { Model, Pane, ViewState } from './model.ts'
import type { PromptKind } from './prompt.ts'

/** What is kept between two sessions on one database: where one was in each run, and what was typed. */
export interface Session {
  readonly version: 1
  readonly runs: Readonly<Record<string, RunSession>>
  readonly history: Readonly<Partial<Record<PromptKind, readonly string[]>>>
  readonly mouse: boolean
}

export interface RunSession {
  /** Distinguishes a run from another that got its id later. */
  readonly created: number
  readonly cursor: number
  readonly view: ViewState
  readonly pane: Pane
  readonly search: string | null
  readonly speed: number
}

export const NO_SESSION: Session = { version: 1, runs: {}, history: {}, mouse: true }

/** The session as it would be kept now. */
export function sessionOf(m: Model): Session {
  const r = m.replay
  const here = r && {
    [r.run.id]: {
      created: r.run.created,
      cursor: r.cursor,
      view: r.view,
      pane: r.pane,
      search: r.search,
      speed: r.speed,
    },
  }
  return { version: 1, runs: { ...m.restored, ...here }, history: m.history, mouse: m.mouse }
}
