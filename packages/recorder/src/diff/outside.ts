import type { After } from './align/after.ts'
import { NO_AFTER } from './align/after.ts'
import type { Outside } from './align/call-stream.ts'
import { Tokens } from './align/tokens.ts'
import { alignRows, countRows, differs } from './align/rows.ts'
import type { PairContext } from './compare-pair.ts'
import { compareEffects, effectsOf } from './effects.ts'
import type { EffectDifference, OutsideDiff } from './result.ts'

/** Both stretches before the first call, after it, and so on; where calls are missing, all of each run together. */
export function compareOutside(
  left: Outside,
  right: Outside,
  context: PairContext,
  isInStep: boolean,
): OutsideDiff {
  const script = alignRows(left.tokens, right.tokens, context.budget)
  const path = countRows(script, left.tokens, right.tokens)
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
  // Between boots it is a matter of time what runs between calls, and where: only sorts of effects are compared.
  if (context.addresses === 'relative') {
    return { path, pathDiffers: false, effects: ofOneSide(effects, left, right), isCut: false }
  }
  const isCut = left.isCut || right.isCut
  return { path, pathDiffers: differs(path), effects, isCut }
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
