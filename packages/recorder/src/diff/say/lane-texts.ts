import { many } from '../../event/quantity.ts'
import { LONE_REASONS, type LoneReason } from '../align/align-calls.ts'
import type { LaneMode } from '../align/lanes.ts'
import { WHOLE_RUN } from '../align/call-stream.ts'
import type { Diff, Lone, Noise } from '../result.ts'

const BY: Readonly<Record<LaneMode, string>> = {
  task: 'task by task',
  cpu: 'CPU by CPU',
  one: 'as one sequence',
}

/** Why a call has no counterpart. */
export const LONE_WORDS: Readonly<Record<LoneReason, string>> = {
  lane: 'of a task or CPU without counterpart',
  function: 'never made so on the other side',
  number: 'made less often on the other side',
  rate: 'made by a timer',
  loss: 'perhaps among the events that the other side lost',
}

/** How calls were laid side by side, and what that leaves: a sentence each. */
export function laneTexts({ asked, lanes, calls }: Diff): string[] {
  const { mode, interleaving } = lanes
  return [
    ...loneTexts('left', calls.onlyLeft),
    ...loneTexts('right', calls.onlyRight),
    ...calls.rates.map(
      ({ lane, left, right }) =>
        `${lane}: ${left} calls on the left, ${right} on the right; a timer's rate, not a difference`,
    ),
    ...noiseTexts(calls.noise),
    ...(calls.reordered > 0
      ? [`${many(calls.reordered, 'pair')} in another order within one task or CPU`]
      : []),
    ...(mode === 'one' && asked.lanes === 'auto' ? [] : [`calls aligned ${BY[mode]}`]),
    ...(interleaving.moved > 0
      ? [`interleaved differently: ${many(interleaving.moved, 'pair')}, which is not a difference`]
      : []),
  ]
}

/** Why calls are alone. */
function loneTexts(side: string, { byFunction, byReason }: Lone): string[] {
  if (WHOLE_RUN.fn in byFunction) return []
  const texts = LONE_REASONS.flatMap((reason) => {
    const n = byReason[reason] ?? 0
    return n > 0 ? [`${n} ${LONE_WORDS[reason]}`] : []
  })
  return texts.length === 0 ? [] : [`why only on the ${side}: ${texts.join(', ')}`]
}

/** What was set aside, by name. */
function noiseTexts(noise: Noise | null): string[] {
  if (noise === null) return []
  const { label, pairs, alone, outside, ranges, named } = noise
  const counts = [
    many(pairs, 'pair'),
    `${many(alone, 'call')} without counterpart`,
    ...(outside > 0 ? [`${many(outside, 'difference')} outside of calls`] : []),
    ...(ranges > 0 ? [`${many(ranges, 'range')} of the final mapping`] : []),
  ]
  const what = named.map(({ what: text, count }) => `${count} × ${text}`).join('; ')
  return [
    `noise: ${counts.slice(0, -1).join(', ')} and ${counts.at(-1)} differ as the left run and ${label} do, and are set aside${what === '' ? '' : `: ${what}`}`,
  ]
}
