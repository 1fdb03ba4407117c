import { type CallResult, errnoText, type Run } from '@pagetrail/recorder'
import { count } from '../text/fit.ts'
import { runName } from '../text/run.ts'

const RESULTS_SHOWN = 6

/** A run that was made, with what its calls came to. */
export function resultLine({ run, results }: { run: Run; results: readonly CallResult[] }): string {
  const shown = results
    .slice(0, RESULTS_SHOWN)
    .map(({ fn, ret, outcome }) =>
      outcome === 'returned' ? `${fn} = ${errnoText(ret)}` : `${fn} ${outcome}`,
    )
  const more = results.length - shown.length
  const calls = [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ')
  return `${runName(run)}: ${count(run.events)} events; ${calls || 'no calls'}`
}
