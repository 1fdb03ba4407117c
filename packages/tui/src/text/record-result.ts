import { type CallResult, errnoText, type Run, count, many } from '@pagetrail/recorder'
import { runName } from './run-words.ts'

const RESULTS_SHOWN = 6

export interface MadeRun {
  readonly run: Run
  readonly results: readonly CallResult[]
  /** Entries of its schedule that could not run. */
  readonly passedOver?: number
}

/** A run that was made, with what its calls came to. */
export function resultLine({ run, results, passedOver = 0 }: MadeRun): string {
  const shown = results
    .slice(0, RESULTS_SHOWN)
    .map(({ fn, ret, outcome }) =>
      outcome === 'returned' ? `${fn} = ${errnoText(ret)}` : `${fn} ${outcome}`,
    )
  const more = results.length - shown.length
  const calls = [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ')
  const passed =
    passedOver === 0 ? '' : `; ${many(passedOver, 'step')} of the schedule could not be taken`
  return `${runName(run)}: ${count(run.events)} events; ${calls || 'no calls'}${passed}`
}
