import { buildMark, fallText, type Run, count } from '@pagetrail/recorder'
import { safe } from './fit.ts'

/** A line's own fields: whatever JSON can hold, and bigints, which become `0x…` strings. */
export type Fields = Readonly<Record<string, unknown>>

/** `4k-48`, as in the ids of the corpus; empty where unknown. */
export function geometryText({ geometry }: Run): string {
  return geometry === null ? '' : `${2 ** (geometry.pageShift - 10)}k-${geometry.vaBits}`
}

/** Where the run came from and which implementation it shows: `engine 6.18`, `ftrace 6.17.13`. */
export const sourceText = (run: Run): string =>
  [run.source, run.kernel ?? run.flavour ?? ''].filter((part) => part !== '').join(' ')

/** `run 3 modules` — how a run is named in sentences. */
export const runName = (run: Run): string => `run ${run.id} ${run.label}`

/** `2026-11-22 12:00`, in UTC so that two people see the same. */
export const momentText = (ms: number): string =>
  isMoment(ms) ? new Date(ms).toISOString().slice(0, 16).replace('T', ' ') : '?'

/** A damaged row can hold any number. */
const isMoment = (ms: number): boolean => Math.abs(ms) <= 8.64e15

/** What keeps a run from being whole, in words; null when it is. */
export function missingText(run: Run): string | null {
  const parts: string[] = []
  if (run.state === 'interrupted') parts.push('its recording was interrupted')
  if (run.state === 'recording') parts.push('it is still being recorded')
  const fall = fallText(run)
  if (fall !== null) parts.push(fall)
  if (run.lost > 0) parts.push(`${count(run.lost)} events were lost`)
  return parts.length === 0 ? null : `${runName(run)} is not whole: ${parts.join(', ')}`
}

/** A run in `--json`. `t0` is decimal: a time, not an address. */
export const runFields = (run: Run): Fields => ({
  ...run,
  t0: run.t0 === null ? null : run.t0.toString(),
  created: isMoment(run.created) ? new Date(run.created).toISOString() : null,
})

/** What a run is of: `engine 6.18`, `Linux 6.17.13`. */
export function originOf(run: Run): string {
  if (run.source === 'engine' || run.source === 'module') {
    return `${run.source} ${run.flavour ?? ''}`.trim()
  }
  if (run.kernel) return `Linux ${safe(run.kernel)}`
  return run.flavour ? `${run.source} ${run.flavour}` : run.source
}

/** {@link originOf}, with what distinguishes its build from those of other runs of the same version. */
export const originAmong = (run: Run, others: readonly Run[]): string =>
  [originOf(run), safe(buildMark(run, others))].filter((part) => part !== '').join(' ')
