/**
 * Schedules as text. `0.0.1.0`: the CPU of each step. `0*12.1*3`: the same CPU several times. `1:4`: a step with a
 * choice within it, the fifth of what the architecture leaves open (they count from 0; `1:4:0` has two). `0!`: the
 * next interrupt of CPU 0 arrives, `0!1`: the second; what the CPU does then until its end are steps of CPU 0 as well.
 * `(0.1)*30`: thirty rounds by turns, where a CPU that has finished or waits for a lock loses its turn.
 */
import { InputError } from '../arch/input-error.ts'

/** One step. */
export interface ScheduleEntry {
  readonly cpu: number
  /** An interrupt of this CPU arrives. */
  readonly arrives: boolean
  readonly choices: readonly number[]
  /** Which interrupt arrives, as the scenario lists them from 0; without it the next that has not yet. */
  readonly interrupt?: number
  /** Of a round by turns: where its CPU cannot run the turn is lost. */
  readonly byTurns?: true
}

/** More steps than any run takes. */
const MAX_STEPS = 1_000_000
const ENTRY = /^(\d{1,3})(?:(!)(\d{1,3})?|((?::\d{1,9})+)|\*(\d{1,7}))?$/

/** `0.0.1.0` for [0, 0, 1, 0]. */
export const printSchedule = (steps: readonly number[]): string => steps.join('.')

/** As short as it can be said. */
export function printEntries(entries: readonly ScheduleEntry[]): string {
  const parts: string[] = []
  for (let i = 0; i < entries.length;) {
    const { cpu, arrives, choices, interrupt = '' } = entries[i] as ScheduleEntry
    let length = 1
    const isPlain = !arrives && choices.length === 0
    if (isPlain) while (isPlainStep(entries[i + length], cpu)) length++
    if (!isPlain)
      parts.push(`${cpu}${arrives ? `!${interrupt}` : ''}${choices.map((c) => `:${c}`).join('')}`)
    else if (length < 3) parts.push(...Array.from({ length }, () => String(cpu)))
    else parts.push(`${cpu}*${length}`)
    i += length
  }
  return parts.join('.')
}

const isPlainStep = (entry: ScheduleEntry | undefined, cpu: number): boolean =>
  entry !== undefined && entry.cpu === cpu && !entry.arrives && entry.choices.length === 0

/** Where an entry ends: at a dot that is not within a round. */
const BETWEEN = /\.(?![^(]*\))/
const ROUNDS = /^\((\d{1,3}(?:\.\d{1,3})*)\)\*(\d{1,7})$/

/** @throws InputError unless it is entries with dots between; the empty string has none. */
export function parseEntries(text: string): readonly ScheduleEntry[] {
  if (text === '') return []
  const entries: ScheduleEntry[] = []
  for (const [i, part] of text.split(BETWEEN).entries()) {
    const parsed = entriesOfPart(part)
    if (parsed === null || entries.length + parsed.count * parsed.of.length > MAX_STEPS) {
      throw InputError.of(
        `schedule[${i}]`,
        `"${part}" should be the number of a CPU, as in 0.0.1.0, or 0*12, 1:4, 0!, (0.1)*30`,
      )
    }
    for (let n = 0; n < parsed.count; n++) entries.push(...parsed.of)
  }
  return entries
}

/** What stands between two dots; null: it is nothing of a schedule. */
function entriesOfPart(part: string): { of: readonly ScheduleEntry[]; count: number } | null {
  const rounds = ROUNDS.exec(part)
  if (rounds !== null) {
    const cpus = (rounds[1] as string).split('.').map(Number)
    const of = cpus.map((cpu) => ({ cpu, arrives: false, choices: [], byTurns: true }) as const)
    return { of, count: Number(rounds[2]) }
  }
  const match = ENTRY.exec(part)
  if (match === null) return null
  const choices = (match[4] ?? '').split(':').slice(1).map(Number)
  const interrupt = match[3] === undefined ? {} : { interrupt: Number(match[3]) }
  const entry = { cpu: Number(match[1]), arrives: match[2] === '!', choices, ...interrupt }
  return { of: [entry], count: Number(match[5] ?? 1) }
}

/** CPU numbers, one a step, of `0.0.1.0`. @throws InputError unless it is CPU numbers with dots between */
export const parseSchedule = (text: string): readonly number[] =>
  parseEntries(text).map(({ cpu }) => cpu)
