import { parseFilter, type Run, toSql, type Trace } from '@pagetrail/recorder'
import type { WhyLine } from './data.ts'
import { describe } from '../text/describe.ts'
import { pageShiftOf } from '../model/model.ts'

/** Stores that are shown at most, the latest. */
const MOST = 1_000

/** Every event up to `at` that says what an entry is: stores to it, and the tables above that came and went. */
export function whyLines(
  trace: Trace,
  run: Run,
  va: bigint,
  level: string | null,
  at: number,
): readonly WhyLine[] {
  const same = level === null ? '' : ` && level == ${level}`
  const where = toSql(
    parseFilter(
      `(kind == desc_write || kind == split || kind == split_end) && va == 0x${va.toString(16)}${same}`,
    ),
  )
  const events = trace.readPage(run, { from: at, backward: true, limit: MOST, where })
  return events.map((e) => {
    const line = describe(e, pageShiftOf(run))
    const call = e.op === null ? 'outside calls' : `call ${e.op}`
    return { seq: e.seq, text: `${line.what}  ${line.detail}  (${call}, cpu ${e.cpu})` }
  })
}
