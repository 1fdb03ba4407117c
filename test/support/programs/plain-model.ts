import type { SmallPrograms } from './small-programs.ts'

/**
 * What small programs can come to, without anything of the engine's: two words, two locks, and every order of steps,
 * each tried from the start. Slow, and too simple to be wrong in the way a search is.
 */
export interface Enumerated {
  readonly schedules: number
  readonly deadlocks: number
  /** Words and results at the ends, as texts. */
  readonly ends: ReadonlySet<string>
}

interface Thread {
  /** The step of the program that comes next; of a copy its load, then its store. */
  readonly op: number
  readonly loaded: number | null
  readonly seen: number
}

interface State {
  readonly words: readonly number[]
  /** By lock: the CPU that holds it. */
  readonly held: readonly (number | null)[]
  readonly threads: readonly Thread[]
}

const FIRST_WORDS = [0x703, 0x1703]

export const endText = (words: readonly number[], results: readonly (number | null)[]): string =>
  `${words.map((word) => word.toString(16)).join()} ${results.join()}`

export function enumeratePlainly({ ops }: SmallPrograms): Enumerated {
  const ends = new Set<string>()
  let schedules = 0
  let deadlocks = 0
  const go = (state: State): void => {
    const able = [...ops.keys()].filter((cpu) => canStep(ops, state, cpu))
    let moved = false
    for (const cpu of able) {
      moved = true
      go(step(ops, state, cpu))
    }
    if (moved) return
    schedules++
    const isDone = (cpu: number): boolean => state.threads[cpu]?.op === ops[cpu]?.length
    if (![...ops.keys()].every(isDone)) deadlocks++
    const results = state.threads.map(({ seen }, cpu) => (isDone(cpu) ? seen : null))
    ends.add(endText(state.words, results))
  }
  const threads = ops.map(() => ({ op: 0, loaded: null, seen: 0 }))
  go({ words: FIRST_WORDS, held: [null, null], threads })
  return { schedules, deadlocks, ends }
}

function canStep(ops: SmallPrograms['ops'], { held, threads }: State, cpu: number): boolean {
  const op = ops[cpu]?.[threads[cpu]?.op ?? 0]
  if (op === undefined) return false
  return op.op !== 'lock' || !('lock' in op) || held[op.lock] === null
}

function step(ops: SmallPrograms['ops'], { words, held, threads }: State, cpu: number): State {
  const thread = threads[cpu] as Thread
  const op = ops[cpu]?.[thread.op]
  const after = (next: Thread): readonly Thread[] => threads.with(cpu, next)
  const done = { ...thread, op: thread.op + 1, loaded: null }
  if (op === undefined) throw new Error('a CPU that has finished does not step')
  if ('lock' in op) {
    const holder = op.op === 'lock' ? cpu : null
    return { words, held: held.with(op.lock, holder), threads: after(done) }
  }
  const word = words[op.slot] as number
  if (op.op === 'load') {
    const seen = (thread.seen ^ (word >>> 4)) & 0xff
    return { words, held, threads: after({ ...done, seen }) }
  }
  if (op.op === 'atomic') {
    const set = 1 << (4 + op.bit)
    const clear = 1 << (4 + ((op.bit + 1) % 3))
    const changed = (word & ~clear) | set
    return { words: words.with(op.slot, changed), held, threads: after(done) }
  }
  if (thread.loaded === null) return { words, held, threads: after({ ...thread, loaded: word }) }
  const stored = (thread.loaded ^ (1 << (4 + op.bit)) ^ (thread.seen << 5)) & 0xffff
  return { words: words.with(op.slot, stored), held, threads: after(done) }
}
