/**
 * The race of hazard H7 without anything of the engine's: entries with two bits, CPUs of a few steps, every order of
 * them counted. What a search says of a span of any size is compared with it.
 */
export type ModelSplit =
  | 'lock'
  | 'first-plain'
  | 'rewrite-plain'
  | 'tested-plain'
  | 'tested-atomic'
  | 'first-atomic'

export interface ModelCounts {
  readonly schedules: bigint
  /** A page that was made read-only is not at the end. */
  readonly lost: bigint
  /** The contiguous bit is set in a part of the span, or the entries that have it differ. */
  readonly torn: bigint
}

const CONT = 1
const RO = 2
type Phase = 'acquire' | 'look' | 'split' | 'release' | 'change' | 'done'

interface Local {
  readonly phase: Phase
  readonly at: number
  /** What was loaded and is still to be stored. */
  readonly loaded: number | null
}

interface State {
  readonly locals: readonly Local[]
  readonly entries: readonly number[]
  readonly holder: number | null
}

/** `own`: by CPU, the entry that it makes read-only. */
export function countSpan(split: ModelSplit, entries: number, own: readonly number[]): ModelCounts {
  const known = new Map<string, ModelCounts>()
  const count = (state: State): ModelCounts => {
    const key = JSON.stringify(state)
    const before = known.get(key)
    if (before !== undefined) return before
    const nexts = own.flatMap((_, cpu) => after(split, own, state, cpu))
    const isEnd = state.locals.every(({ phase }) => phase === 'done')
    const counts = isEnd ? judge(state.entries, own) : sum(nexts.map(count))
    known.set(key, counts)
    return counts
  }
  const phase = split === 'lock' ? 'acquire' : split.startsWith('first') ? 'look' : 'split'
  return count({
    locals: own.map(() => ({ phase, at: 0, loaded: null })),
    entries: Array.from({ length: entries }, () => CONT),
    holder: null,
  })
}

function judge(entries: readonly number[], own: readonly number[]): ModelCounts {
  const isLost = own.some((at) => ((entries[at] as number) & RO) === 0)
  const contiguous = entries.filter((entry) => (entry & CONT) !== 0)
  const isTorn =
    (contiguous.length > 0 && contiguous.length < entries.length) || new Set(contiguous).size > 1
  return { schedules: 1n, lost: BigInt(isLost), torn: BigInt(isTorn) }
}

const sum = (parts: readonly ModelCounts[]): ModelCounts => ({
  schedules: parts.reduce((all, { schedules }) => all + schedules, 0n),
  lost: parts.reduce((all, { lost }) => all + lost, 0n),
  torn: parts.reduce((all, { torn }) => all + torn, 0n),
})

const begin = (phase: Phase): Local => ({ phase, at: 0, loaded: null })

/** The state after the next step of a CPU; none if it waits or has finished. */
function after(split: ModelSplit, own: readonly number[], state: State, cpu: number): State[] {
  const { phase, at, loaded } = state.locals[cpu] as Local
  const to = (local: Local, changed: Partial<State> = {}): State[] => [
    { ...state, ...changed, locals: state.locals.with(cpu, local) },
  ]
  const stored = (index: number, entry: number) => ({ entries: state.entries.with(index, entry) })
  const entry = state.entries[at] as number
  const last = begin(split === 'lock' ? 'release' : 'change')
  const next: Local = at + 1 < state.entries.length ? { phase, at: at + 1, loaded: null } : last
  switch (phase) {
    case 'acquire':
      return state.holder === null ? to(begin('look'), { holder: cpu }) : []
    case 'look':
      return to((entry & CONT) !== 0 ? begin('split') : last)
    case 'split':
      if (split === 'first-atomic') return to(next, stored(at, entry & ~CONT))
      if (loaded === null) {
        const isLeft = split.startsWith('tested') && (entry & CONT) === 0
        return to(isLeft ? next : { phase, at, loaded: entry })
      }
      return to(next, stored(at, (split === 'tested-atomic' ? entry : loaded) & ~CONT))
    case 'release':
      return to(begin('change'), { holder: null })
    case 'change': {
      const mine = own[cpu] as number
      if (loaded === null) return to({ phase, at, loaded: state.entries[mine] as number })
      return to(begin('done'), stored(mine, loaded | RO))
    }
    case 'done':
      return []
  }
}
