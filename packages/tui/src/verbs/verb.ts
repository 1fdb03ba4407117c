import type { Command } from '@commander-js/extra-typings'
import type { Session, Status } from '../command/session.ts'

/** Headings of `pagetrail --help`, in their order. */
export const GROUPS = [
  'Getting runs:',
  'Looking at one:',
  'Comparing and checking:',
  'The file:',
] as const

/** Gives a verb's body its session, and the process the status that the body returns. */
export type Invoke = (body: (session: Session) => Promise<Status> | Status) => Promise<void>

export interface Verb {
  readonly name: string
  readonly group: (typeof GROUPS)[number]
  /** One line, as in the list of verbs. */
  readonly summary: string
  /** What `--help` says besides the options. */
  readonly more?: string
  /** It answers at length: on a terminal its output goes to a pager. */
  readonly pages?: true
  /** Command lines without the program's name, each with what it is for. */
  readonly examples: readonly (readonly [command: string, why: string])[]
  /** Adds arguments, options and the action. */
  declare(command: Command, invoke: Invoke): void
}

/** What the options of a verb come to, as they are declared. */
export type OptionsOf<D extends (command: Command) => { opts(): unknown }> = ReturnType<
  ReturnType<D>['opts']
>
