import { runChosen } from '@pagetrail/engine'
import type { Machine, Program, ScheduleOutcome } from '@pagetrail/engine'

export interface Race {
  readonly machine: Machine
  readonly programs: readonly Program[]
}

/**
 * Runs every interleaving of a race, depth first: where another CPU could have been chosen, it is chosen in a later
 * run. `judge` is told of each run at its end. Returns how many there were.
 */
export function everySchedule(
  build: () => Race,
  judge: (race: Race, outcome: ScheduleOutcome) => void,
  bound = 100_000,
): number {
  let runs = 0
  const pending: (readonly number[])[] = [[]]
  for (let given = pending.pop(); given !== undefined; given = pending.pop()) {
    if (runs++ === bound) throw new Error(`more than ${bound} schedules`)
    const prefix = given
    const race = build()
    const taken: number[] = []
    const outcome = runChosen(race.machine, race.programs, (runnable, step) => {
      const pick = prefix[step] ?? runnable[0] ?? -1
      if (step >= prefix.length) {
        for (const other of runnable) if (other !== pick) pending.push([...taken, other])
      }
      taken.push(pick)
      return pick
    })
    judge(race, outcome)
  }
  return runs
}
