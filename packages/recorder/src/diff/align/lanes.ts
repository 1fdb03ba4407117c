import type { Call } from '../../event/run.ts'

/** What a lane is made of: what a task did, what a CPU did, or the whole run. */
export type LaneMode = 'task' | 'cpu' | 'one'
/** Modes that can be asked for. */
export const LANE_MODES = ['auto', 'task', 'cpu', 'one'] as const
export type AskedLanes = (typeof LANE_MODES)[number]

/**
 * `sequential`: what one task or CPU did, in order. `pooled`: work that any task may be given, whose order means
 * nothing. `timer`: pooled, and how often it is done depends on time.
 */
export type LaneKind = 'sequential' | 'pooled' | 'timer'

export interface CallLane {
  readonly kind: LaneKind
  /** The task with its pid, the CPU, or the pool: unique in its run. */
  readonly name: string
  /** The name without what differs from boot to boot. */
  readonly common: string
  /** Indexes of its calls, ascending. */
  readonly calls: readonly number[]
}

interface Pool {
  readonly name: string
  readonly kind: 'pooled' | 'timer'
  readonly holds: (call: Call, common: string, pageSize: number) => boolean
}

/** Threads that do what others left to them: which one does is chance. */
const WORKERS = /^(?:kworker\/|ksoftirqd\/|rcuc\/|rcuo[a-z]?\/|<idle>$|swapper\/)/

/** The first that holds a call takes it. */
const POOLS: readonly Pool[] = [
  {
    // kfence_protect_page(), the only one to ask for one page: allocations that its timer picks, whoever makes them.
    name: 'KFENCE',
    kind: 'timer',
    holds: ({ fn, va, end }, _, pageSize) =>
      fn === 'set_memory_valid' && va !== null && end !== null && end - va === BigInt(pageSize),
  },
  { name: 'kernel workers', kind: 'pooled', holds: (_, common) => WORKERS.test(common) },
]

/** `auto`: tasks where both runs name them, else CPUs where a run has several, else one sequence. */
export function laneMode(
  asked: AskedLanes,
  left: readonly Call[],
  right: readonly Call[],
): LaneMode {
  if (asked !== 'auto') return asked
  if (allNamed(left) && allNamed(right)) return 'task'
  return cpusOf(left) > 1 && cpusOf(right) > 1 ? 'cpu' : 'one'
}

const allNamed = (calls: readonly Call[]): boolean =>
  calls.length > 0 && calls.every(({ task }) => task !== null)

const cpusOf = (calls: readonly Call[]): number => new Set(calls.map(({ cpu }) => cpu)).size

export interface LaneOptions {
  readonly mode: LaneMode
  /** In bytes. */
  readonly pageSize: number
  /** Of one layout, not of two boots: CPU 1 is the same in both, and nothing depends on time. */
  readonly oneLayout: boolean
}

/** The lanes of a run, in the order in which they begin. */
export function lanesOf(calls: readonly Call[], options: LaneOptions): CallLane[] {
  const lanes = new Map<string, CallLane & { calls: number[] }>()
  calls.forEach((call, i) => {
    const { kind, name, common } = placeOf(call, options)
    const lane = lanes.get(name)
    if (lane) lane.calls.push(i)
    else lanes.set(name, { kind, name, common, calls: [i] })
  })
  return [...lanes.values()]
}

function placeOf(call: Call, { mode, pageSize, oneLayout }: LaneOptions): Omit<CallLane, 'calls'> {
  if (mode === 'one') return { kind: 'sequential', name: 'all calls', common: 'all calls' }
  if (mode === 'cpu') {
    const name = `CPU ${call.cpu}`
    return { kind: 'sequential', name, common: oneLayout ? name : 'CPU' }
  }
  const task = call.task ?? 'no task'
  const common = task.replace(/-\d+$/, '')
  const pool = POOLS.find(({ holds }) => holds(call, common, pageSize))
  if (pool) {
    const kind = oneLayout ? 'pooled' : pool.kind
    return { kind, name: pool.name, common: pool.name }
  }
  return { kind: 'sequential', name: task, common }
}
