import type { TraceEvent } from '../event/kinds.ts'
import type { EventSource } from '../event/run.ts'
import type { AskedLanes } from './align/lanes.ts'
import type { ReadSides } from './align/side.ts'
import type { Addressing } from './align/addresses.ts'

/** The four questions, in the order in which they are asked. */
export const QUESTIONS = ['outcome', 'effect', 'path', 'cost'] as const
export type Question = (typeof QUESTIONS)[number]

export interface DiffOptions {
  /** Ask one question only; the others are answered `null`. */
  readonly by?: Question
  /** Calls from..to (inclusive, numbered as in the run) on both sides. */
  readonly calls?: { readonly from: number; readonly to: number }
  /** Events that take part in path, effect and cost; calls are always kept apart. */
  readonly filter?: { readonly text: string; readonly matches: (event: TraceEvent) => boolean }
  /** Names of fields (`ret`, `old`, `va`, `level`, `fn` …) and kinds that are not compared. */
  readonly ignore?: readonly string[]
  /** Further functions that play the same role: left name -> right name. */
  readonly map?: Readonly<Record<string, string>>
  /** Default: raw where both runs have the same layout (engine, modules, JSON Lines), else relative. */
  readonly addresses?: Addressing
  /** What calls are aligned by. Default `auto`: tasks where both runs name them, else CPUs, else the whole run. */
  readonly lanes?: AskedLanes
  /** A second recording of the left run: what these two differ in is set aside. */
  readonly noise?: EventSource
  /** Reads the runs in two threads, where that pays, and remembers what was read: the same result in less time. */
  readonly apart?: ReadSides
  /** Also lists every pair of calls, in groups that differ in the same way. */
  readonly pairs?: boolean
  /** Listed calls, groups and ranges of each sort; what lies beyond is counted. Default {@link LISTED}. */
  readonly limit?: number
  /** Rows of distinct calls kept in memory, a side; other calls are read again when they are compared. Default 2^20. */
  readonly keptRows?: number
  /** Steps that the alignment of one pair of calls may cost before it falls back. Default {@link BUDGET}. */
  readonly budget?: number
}

export const LISTED = 50

/** About half a second. */
export const BUDGET = 100_000_000
