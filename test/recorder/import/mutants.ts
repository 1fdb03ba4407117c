import type { TraceEvent } from '../../../packages/recorder/src/event/kinds.ts'

/** Numbers below a bound, the same for the same seed (xorshift32). */
export function randomOf(seed: number): (below: number) => number {
  let state = (seed * 0x9e37_79b1) | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** What happens to captures on their way: lines are lost, come twice, change places, come late. */
export const MUTATIONS = {
  drop: (lines: string[], at: number) => lines.splice(at, 1),
  'drop several': (lines: string[], at: number, random: (below: number) => number) =>
    lines.splice(at, 1 + random(12)),
  duplicate: (lines: string[], at: number) => lines.splice(at, 0, lines[at]!),
  swap: (lines: string[], at: number) =>
    lines.splice(at, 2, ...lines.slice(at, at + 2).toReversed()),
  delay: (lines: string[], at: number, random: (below: number) => number) => {
    const [line = ''] = lines.splice(at, 1)
    lines.splice(at + 1 + random(40), 0, line)
  },
} as const
export type Mutation = keyof typeof MUTATIONS

/** A capture with one to three such mutations; comments stay where they are. */
export function mutant(
  lines: readonly string[],
  kind: Mutation,
  random: (below: number) => number,
): string {
  const changed = [...lines]
  const first = changed.findIndex((line) => line !== '' && !line.startsWith('#'))
  for (let n = 1 + random(3); n > 0; n--) {
    MUTATIONS[kind](changed, first + random(changed.length - first - 2), random)
  }
  return changed.join('\n')
}

/** What must not come out of nothing: stores with their values, and what calls returned. */
export function claimsOf(events: Iterable<TraceEvent>): Set<string> {
  const claims = new Set<string>()
  const calls = new Map<number | null, string>()
  for (const e of events) {
    if (e.kind === 'desc_write') {
      // Where its callback's entry is lost, a store that a probe saw has no address: that claims less.
      for (const va of [e.va, null]) claims.add(`store ${e.level} ${va} ${e.old} ${e.new}`)
    }
    if (e.kind === 'op_begin') calls.set(e.op, `${e.fn} ${e.va} ${JSON.stringify(e.args)}`)
    else if (e.kind === 'op_end') claims.add(`return of ${calls.get(e.op)}: ${e.ret}`)
  }
  return claims
}
