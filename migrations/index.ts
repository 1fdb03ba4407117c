import type { Migration } from 'kysely/migration'

import * as eventLog from './0001-event-log.ts'
import * as snapshots from './0002-snapshots.ts'
import * as marks from './0003-marks.ts'
import * as producers from './0004-producers.ts'

/**
 * Every migration by name, in order; a file's `user_version` is how many of them it has seen. A released one is never
 * changed. The views of the kinds are none of them: a writer refreshes those whenever KINDS says otherwise.
 */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-event-log': eventLog,
  '0002-snapshots': snapshots,
  '0003-marks': marks,
  '0004-producers': producers,
}
