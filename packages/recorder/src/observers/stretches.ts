import type { Harm } from './translation.ts'

/** Pages of 4K over which some old version does one sort of harm. */
export interface Stretch {
  readonly start: number
  readonly end: number
  readonly harm: Harm
}

/** Ascending, by sort, joined where they touch or overlap. */
export function joined(stretches: readonly Stretch[]): Stretch[] {
  const sorted = stretches.toSorted((a, b) =>
    a.harm < b.harm ? -1 : a.harm > b.harm ? 1 : a.start - b.start,
  )
  const result: { start: number; end: number; harm: Harm }[] = []
  for (const { start, end, harm } of sorted) {
    const last = result.at(-1)
    if (last?.harm === harm && start <= last.end) last.end = Math.max(last.end, end)
    else result.push({ start, end, harm })
  }
  return result
}

/** What of `a` is not in `b`; both as {@link joined} gives them. */
export function without(a: readonly Stretch[], b: readonly Stretch[]): Stretch[] {
  const rest: Stretch[] = []
  for (const { start, end, harm } of a) {
    let from = start
    for (const cut of b) {
      if (cut.harm !== harm || cut.end <= from || cut.start >= end) continue
      if (cut.start > from) rest.push({ start: from, end: cut.start, harm })
      from = Math.max(from, cut.end)
    }
    if (from < end) rest.push({ start: from, end, harm })
  }
  return rest
}
