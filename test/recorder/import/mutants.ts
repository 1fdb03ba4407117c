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

type Random = (below: number) => number
/** Changes lines, from the one at `at` on. */
type Mutate = (lines: string[], at: number, random: Random) => void

/** `insmod-272     [000]`: a line's task and CPU. */
const TASK_AND_CPU = /^\s*(.*?-\d+)\s+(?:\(.*?\)\s+)?\[(\d+)\]/
const taskOf = (line = ''): string => TASK_AND_CPU.exec(line)?.[1] ?? ''
const cpuOf = (line = ''): string => TASK_AND_CPU.exec(line)?.[2] ?? ''

/** Of a stretch of lines, drops those that `of` puts together with the first. */
const dropSome =
  (of: (line: string) => string): Mutate =>
  (lines, at, random) => {
    const one = of(lines[at]!)
    const stretch = lines.slice(at, at + 2 + random(200))
    lines.splice(at, stretch.length, ...stretch.filter((line) => of(line) !== one))
  }

/** What happens to captures on their way: lines are lost, come twice, change places, come late. */
export const MUTATIONS = {
  drop: (lines, at) => lines.splice(at, 1),
  'drop several': (lines, at, random) => lines.splice(at, 1 + random(12)),
  'drop a stretch': (lines, at, random) => lines.splice(at, 20 + random(600)),
  "drop a task's": dropSome(taskOf),
  "drop a CPU's": dropSome(cpuOf),
  duplicate: (lines, at) => lines.splice(at, 0, lines[at]!),
  'duplicate a block': (lines, at, random) => {
    const block = lines.slice(at, at + 2 + random(60))
    lines.splice(at + block.length, 0, ...block)
  },
  'repeat a block later': (lines, at, random) => {
    const block = lines.slice(at, at + 2 + random(60))
    lines.splice(at + block.length + random(200), 0, ...block)
  },
  swap: (lines, at) => lines.splice(at, 2, ...lines.slice(at, at + 2).toReversed()),
  'swap far': (lines, at, random) => {
    const other = Math.min(lines.length - 2, at + 1 + random(300))
    const line = lines[at]!
    lines[at] = lines[other]!
    lines[other] = line
  },
  'swap CPUs': (lines, at, random) => {
    const end = Math.min(lines.length - 1, at + 1 + random(100))
    for (let i = at; i < end; i++) {
      lines[i] = lines[i]!.replace(/\[00([01])\]/, (_, cpu) => `[00${1 - Number(cpu)}]`)
    }
  },
  delay: (lines, at, random) => {
    const [line = ''] = lines.splice(at, 1)
    lines.splice(at + 1 + random(40), 0, line)
  },
  'delay across tasks': (lines, at, random) => {
    const [line = ''] = lines.splice(at, 1)
    const task = taskOf(line)
    const other = lines.findIndex((later, i) => i > at + random(20) && taskOf(later) !== task)
    lines.splice(other < 0 ? lines.length - 1 : other + 1, 0, line)
  },
  'delay far': (lines, at, random) => {
    const [line = ''] = lines.splice(at, 1)
    lines.splice(at + random(lines.length - at + 1), 0, line)
  },
  'delay to the end': (lines, at) => lines.push(...lines.splice(at, 1)),
  'delay across CPUs': (lines, at, random) => {
    const [line = ''] = lines.splice(at, 1)
    const cpu = cpuOf(line)
    const other = lines.findIndex((later, i) => i > at + random(60) && cpuOf(later) !== cpu)
    lines.splice(other < 0 ? lines.length - 1 : other + 1, 0, line)
  },
  'delay a block': (lines, at, random) => {
    const block = lines.splice(at, 2 + random(60))
    lines.splice(at + random(lines.length - at + 1), 0, ...block)
  },
  hurry: (lines, at, random) => {
    const [line = ''] = lines.splice(at, 1)
    const first = lines.findIndex((other) => other !== '' && !other.startsWith('#'))
    lines.splice(first + random(at - first + 1), 0, line)
  },
  shuffle: (lines, at, random) => {
    for (let end = Math.min(lines.length, at + 2 + random(30)); end > at + 1; end--) {
      const [line = ''] = lines.splice(at + random(end - at), 1)
      lines.splice(end - 1, 0, line)
    }
  },
  'cut in the middle': (lines, at, random) => {
    const line = lines[at]!
    lines.splice(at, lines.length, line.slice(0, random(line.length + 1)))
  },
  'cut out the beginning': (lines, at) => {
    const first = lines.findIndex((line) => line !== '' && !line.startsWith('#'))
    lines.splice(first, Math.max(0, at - first))
  },
  'tear a line': (lines, at, random) => {
    const line = lines[at]!
    // Of its last value a line loses digits in 'tear the last value'.
    lines[at] = line.slice(0, random(Math.max(0, line.lastIndexOf(' ')) + 1))
  },
  'tear at any column': (lines, at, random) => {
    lines[at] = lines[at]!.slice(0, random(lines[at]!.length + 1))
  },
  'tear the last value': (lines, at, random) => {
    const line = lines[at]!
    const value = line.lastIndexOf('=') + 1
    if (value > 0) lines[at] = line.slice(0, value + random(line.length - value))
  },
  'lose the beginning of a line': (lines, at, random) => {
    lines[at] = lines[at]!.slice(random(lines[at]!.length + 1))
  },
  'lose a stretch of bytes': (lines, at, random) => {
    const end = Math.min(lines.length - 1, at + 1 + random(20))
    const begun = lines[at]!.slice(0, random(lines[at]!.length + 1))
    lines.splice(at, end - at + 1, begun + lines[end]!.slice(random(lines[end]!.length + 1)))
  },
  'break a line': (lines, at, random) => {
    const line = lines[at]!
    const spaces = [...line.matchAll(/ /g)].map(({ index }) => index)
    const space = spaces[random(spaces.length || 1)] ?? 0
    lines.splice(at, 1, line.slice(0, space), line.slice(space + 1))
  },
  'lose a line feed': (lines, at) => lines.splice(at, 2, `${lines[at]}${lines[at + 1]}`),
} as const satisfies Record<string, Mutate>
type MutationKind = keyof typeof MUTATIONS
/** `mixed`: two to four of them, each of another kind as it comes. */
export type Mutation = MutationKind | 'mixed'
const MUTATION_KINDS = Object.keys(MUTATIONS) as MutationKind[]
export const ALL_MUTATIONS: readonly Mutation[] = [...MUTATION_KINDS, 'mixed']

/** A capture with one to three such mutations; comments stay where they are. */
export function mutant(lines: readonly string[], kind: Mutation, random: Random): string {
  const changed = [...lines]
  const fewest = kind === 'mixed' ? 2 : 1
  for (let n = fewest + random(3); n > 0; n--) {
    const one = kind === 'mixed' ? MUTATION_KINDS[random(MUTATION_KINDS.length)]! : kind
    const first = changed.findIndex((line) => line !== '' && !line.startsWith('#'))
    const lasting = changed.length - first - 2
    if (first >= 0 && lasting > 0) MUTATIONS[one](changed, first + random(lasting), random)
  }
  return changed.join('\n')
}

/** Two captures whose files were joined, the second one's times among or behind those of the first. */
export function joined(one: readonly string[], two: readonly string[], later: number): string {
  const moved = two.map((line) =>
    line.replace(/ (\d+)(\.\d{6,9}: )/, (_, seconds: string, rest: string) => {
      return ` ${Number(seconds) + later}${rest}`
    }),
  )
  return [...one, ...moved.filter((line) => !line.startsWith('#'))].join('\n')
}

/** What must not come out of nothing: stores with their values, and what calls returned. */
export function claimsOf(events: Iterable<TraceEvent>): Set<string> {
  const claims = new Set<string>()
  const calls = new Map<number | null, string>()
  for (const e of events) {
    if (e.kind === 'desc_write') {
      // Where its callback's entry is lost, a store that a probe saw has no address: that claims less.
      // So it does where another line contradicts what was stored.
      for (const va of [e.va, null])
        for (const stored of [e.new, null]) claims.add(`store ${e.level} ${va} ${e.old} ${stored}`)
    }
    if (e.kind === 'op_begin') calls.set(e.op, `${e.fn} ${e.va} ${JSON.stringify(e.args)}`)
    else if (e.kind === 'op_end') {
      claims.add(`return of ${calls.get(e.op)}: ${e.ret}`)
      // The same of an entry whose line has lost its end.
      claims.add(`return of ${e.fn} null null: ${e.ret}`)
    }
  }
  return claims
}
