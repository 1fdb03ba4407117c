import { type EngineRun, errnoText, count, many } from '@pagetrail/recorder'
import { runName } from './run-words.ts'

const RESULTS_SHOWN = 6

type MadeRun = Pick<EngineRun, 'run' | 'results'> & Partial<Pick<EngineRun, 'passedOver'>>

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
