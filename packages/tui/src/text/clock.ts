import { duration } from './fit.ts'

/** From what the time of a row is counted. */
export type ClockMode = 'run' | 'cursor' | 'row'
export const CLOCK_MODES: readonly ClockMode[] = ['run', 'cursor', 'row']

/** How the times of the rows on a screen are written: one unit for all, and no digit too many or too few. */
export interface Clock {
  readonly head: string
  readonly columns: number
  /** `at`, `before`: ns since the run began, of the row and of the one above it; null: it has no time. */
  readonly text: (at: number | null, before: number | null) => string
}

const SECOND = 1e9

const SINCE_ROW: Clock = {
  head: 'since row',
  columns: 11,
  text: (at, before) => (at === null || before === null ? '' : `+${duration(at - before)}`),
}

/** A clock for rows with these times; `cursor`: the time at the cursor. */
export function clockFor(
  times: readonly (number | null)[],
  mode: ClockMode,
  cursor: number | null,
): Clock | null {
  const known = times.filter((t) => t !== null)
  if (known.length === 0) return null
  if (mode === 'row') return SINCE_ROW
  const base = mode === 'cursor' ? (cursor ?? 0) : 0
  const shifted = known.map((t) => t - base)
  const most = Math.max(...shifted.map(Math.abs))
  const [unit, name] = most >= SECOND ? [SECOND, 's'] : [1e3, 'µs']
  // A clock that only ever shows whole microseconds needs no decimals for less.
  const whole = known.every((t) => t % 1000 === 0)
  const decimals = unit === SECOND ? (whole ? 6 : 9) : whole ? 0 : 1
  const sign = mode === 'cursor'
  const written = (t: number) => `${sign && t > 0 ? '+' : ''}${(t / unit).toFixed(decimals)}`
  const columns = Math.max(6, ...shifted.map((t) => written(t).length))
  return {
    head: sign ? `±${name}` : name,
    columns,
    text: (at) => (at === null ? '' : written(at - base)),
  }
}
