import type { After } from './align/after.ts'
import { NO_AFTER } from './align/after.ts'
import type { Outside } from './align/call-stream.ts'
import { Tokens } from './align/tokens.ts'
import { alignRows, countRows, differs } from './align/row-script.ts'
import { type PairContext, restOf } from './compare-pair.ts'
import type { RunComparison } from './comparison.ts'
import { compareEffects, effectsOf } from './effects.ts'
import { type FoundRows, repeatedRows } from './repeated-rows.ts'
import type { OutsideDiff } from './result.ts'
import type { EffectDifference, RestOfBoth } from './pair-result.ts'

/** What happened outside of calls, compared, with the ways in which its rows differ. */
export interface ComparedOutside {
  readonly diff: OutsideDiff
  readonly rows: () => FoundRows[]
}

/**
 * What two runs did outside of calls, once both were read; `reordered`: so many of their pairs were. Stretch by stretch
 * where the calls between are the same on both sides.
 */
export function outsideOf(comparison: RunComparison, reordered: number): ComparedOutside {
  const { pairs } = comparison.calls
  const isInStep =
    comparison.addresses === 'raw' &&
    pairs.every(({ left, right }, i) => left?.op === right?.op && (i === 0 || left !== null)) &&
    reordered === 0
  const { left, right, context } = comparison
  return compareOutside(left.outsideOf(), right.outsideOf(), context, isInStep)
}

/**
 * What concerned what others left behind, in all calls of each run: which call it falls to is a matter of how tasks
 * were scheduled. Null: as many events of each sort, or some calls have no counterpart, and theirs are not known apart.
 */
export const othersOf = ({ left, right, calls }: RunComparison): RestOfBoth | null =>
  calls.pairs.every((pair) => pair.left !== null && pair.right !== null)
    ? restOf(left.others, right.others)
    : null

/** Both stretches before the first call, after it, and so on; where calls are missing, all of each run together. */
function compareOutside(
  left: Outside,
  right: Outside,
  context: PairContext,
  isInStep: boolean,
): ComparedOutside {
  const { budget } = context
  // Of different boots it is a matter of time what runs between calls: how exactly it is counted changes no answer.
  const isOfTime = context.addresses === 'relative'
  const script = alignRows(left.tokens, right.tokens, isOfTime ? budget / 10 : budget)
  const path = countRows(script, left.tokens.asides, right.tokens.asides)
  const whole = compareEffects(
    effectsOf(left.tokens, context.leftGeometry, NO_AFTER),
    effectsOf(right.tokens, context.rightGeometry, NO_AFTER),
    context.addresses,
    context.unknown,
  )
  const effects: EffectDifference[] = [...whole.differences]
  const steps = isInStep ? [...new Set([...left.after.keys(), ...right.after.keys()])] : [null]
  for (const step of steps) {
    const a = afterOf(left, step)
    const b = afterOf(right, step)
    const nothing = { ...effectsOf(EMPTY, null, NO_AFTER) }
    effects.push(
      ...compareEffects(
        { ...nothing, after: a },
        { ...nothing, after: b },
        context.addresses,
        context.unknown,
      ).differences,
    )
  }
  const rest = restOf(left.tokens.rest, right.tokens.rest)
  // Between boots it is a matter of time what runs between calls, and where: only sorts of effects are compared.
  const diff: OutsideDiff =
    context.addresses === 'relative'
      ? {
          path,
          pathDiffers: false,
          effects: ofOneSide(effects, left, right),
          rest: null,
          isCut: false,
        }
      : {
          path: { ...path, restDiffers: rest === null ? 0 : 1 },
          pathDiffers: differs(path) || rest !== null,
          effects,
          rest,
          isCut: left.isCut || right.isCut,
        }
  return { diff, rows: () => repeatedRows(script, left.tokens, right.tokens) }
}

function afterOf({ after }: Outside, step: number | null): After {
  if (step !== null) return after.get(step) ?? NO_AFTER
  const all = [...after.values()]
  return {
    made: all.flatMap(({ made }) => made),
    ended: all.flatMap(({ ended }) => ended),
    owed: null,
  }
}

/** Sorts of harm that were left and ended. */
const sorts = (outside: Outside): Set<string> => {
  const { made, ended } = afterOf(outside, null)
  return new Set([
    ...made.map(({ harm }) => `held ${harm}`),
    ...ended.map(({ harm }) => `ended ${harm}`),
  ])
}

/** Sorts of harm that only one run left or ended outside of calls, at all. */
function ofOneSide(
  differences: readonly EffectDifference[],
  left: Outside,
  right: Outside,
): EffectDifference[] {
  const [a, b] = [sorts(left), sorts(right)]
  const isEqual = a.size === b.size && [...a].every((sort) => b.has(sort))
  return isEqual ? [] : differences.filter(({ what }) => what === 'held')
}

const EMPTY = new Tokens(0)
