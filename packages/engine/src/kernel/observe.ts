/** Callbacks that write nothing and count: a scenario's way to look at a walker's retries, errors and holes. */
import type { PteFn } from './apply.ts'
import { ACTION_AGAIN, ACTION_CONTINUE, walkOps } from './walk-ops.ts'
import type { EntryFn, Walk, WalkMembers, WalkOps } from './walk-ops.ts'
import type { Cpu } from '../machine/cpu.ts'

/** Bits of `levels`: which members of mm_walk_ops there are. */
const OBSERVE_PGD = 1
const OBSERVE_P4D = 2
const OBSERVE_PUD = 4
const OBSERVE_PMD = 8
const OBSERVE_PTE = 16
const OBSERVE_HOLE = 32

/** Numbers of callbacks, holes included, from 1; 0 is never. */
export interface Observation {
  readonly levels: number
  readonly errAt: number
  readonly err: number
  /** PUD and PMD callbacks from the againAt-th on ask for another try, againN of them. */
  readonly againAt: number
  readonly againN: number
  readonly contAt: number
  /** The callAt-th makes a call, and returns what that returns. */
  readonly callAt: number
  readonly call: ((cpu: Cpu) => number) | null
  /** Callbacks so far. */
  count: number
}

function observed(cpu: Cpu, o: Observation): number {
  o.count++
  const ret = o.count === o.callAt && o.call ? o.call(cpu) : 0
  return o.count === o.errAt ? o.err : ret
}

/** For the apply family. */
export const OBSERVE_PTE_FN: PteFn<Observation> = {
  name: 'observe_pte_fn',
  run: (cpu, _slot, _addr, o) => observed(cpu, o),
}

const plain: EntryFn<Observation> = (_slot, _addr, _next, walk) => observed(walk.cpu, walk.private)

const acting: EntryFn<Observation> = (_slot, _addr, _next, walk) => {
  const o = walk.private
  const err = observed(walk.cpu, o)
  if (err !== 0) return err
  if (o.count >= o.againAt && o.count < o.againAt + o.againN) walk.action = ACTION_AGAIN
  else if (o.count === o.contAt) walk.action = ACTION_CONTINUE
  return 0
}

/** mm_walk_ops with the members that `levels` names, and what a walk with VMAs has besides. */
export function observeOps(
  levels: number,
  ofVmas: Pick<WalkMembers<Observation>, 'testWalk' | 'walkLock'> = {},
): WalkOps<Observation> {
  const has = (bit: number): boolean => (levels & bit) !== 0
  return walkOps('observe', {
    ...ofVmas,
    ...(has(OBSERVE_PGD) && { pgdEntry: plain }),
    ...(has(OBSERVE_P4D) && { p4dEntry: plain }),
    ...(has(OBSERVE_PUD) && { pudEntry: acting }),
    ...(has(OBSERVE_PMD) && { pmdEntry: acting }),
    ...(has(OBSERVE_PTE) && { pteEntry: plain }),
    ...(has(OBSERVE_HOLE) && {
      pteHole: (_addr: number, _next: number, _depth: number, walk: Walk<Observation>) =>
        observed(walk.cpu, walk.private),
    }),
  })
}
