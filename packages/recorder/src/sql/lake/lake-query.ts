import type { Dialect } from './dialect.ts'

/** A ready query as it is asked of a folder of runs: the same columns as of one database, after that of the run. */
export interface LakeQuery {
  /** That of the ready query whose rows it has. */
  readonly name: string
  /** Tables that it names after `event`. */
  readonly with: (d: Dialect) => readonly string[]
  readonly select: (d: Dialect) => string
}
