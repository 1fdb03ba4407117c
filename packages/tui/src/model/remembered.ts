import type { PromptKind } from './prompt.ts'
import type { ViewState } from './view-filter.ts'
import type { PaneName } from './layout.ts'

/** What is kept between two sessions on one database: where one was in each run, and what was typed. */
export interface KeptSession {
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
  readonly pane: PaneName
  readonly search: string | null
  readonly speed: number
}

export const NO_SESSION: KeptSession = { version: 1, runs: {}, history: {}, mouse: true }
