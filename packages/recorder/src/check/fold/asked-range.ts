import { changeOf, isPermissionCall } from '../../observers/masks.ts'
import { isForeign } from '../../event/flush-group.ts'
import { CHANGES_ALIAS } from '../../observers/promises.ts'
import type { Fold } from './fold.ts'
import type { Lane } from './lane.ts'

/** 4K pages that a call or a walk asked for; `seq` of what says so. */
export interface AskedRange {
  readonly start: number
  readonly end: number
  readonly seq: number
}

/** In a function of the API below the call, or one that works on what others left: the call's range says nothing. */
export const isOthersWork = (lane: Lane): boolean =>
  lane.frames.some(({ kind, fn }) => kind === 'span' && (isPermissionCall(fn) || isForeign(fn)))

/**
 * The range that the store at hand reaches out of: that of its walk, or of its call where the walk itself is elsewhere
 * than in the call's range and, for calls that change it along, the linear map. Null: it keeps to what was asked.
 */
export function rangeMissed({ write: s, call, lane, sizes }: Fold): AskedRange | null {
  if (call === null || changeOf(call.fn, call.args) === null || isOthersWork(lane)) return null
  const inner = lane.innermost('walk')
  const walk = inner?.op === call.op ? inner : undefined
  const isRanged = call.end > call.start
  if (walk === undefined && !isRanged) return null
  if (isRanged && s.page >= call.start && s.end <= call.end) return null
  const inWalk = walk !== undefined && s.page >= walk.start && s.end <= walk.end
  const mayAlias =
    CHANGES_ALIAS.has(call.fn) && sizes.isLinear(s.page) && !sizes.isLinear(call.start)
  // A walk of the linear map is of aliases; an implementation that shows no walks changes them all the same.
  if ((inWalk || walk === undefined) && (!isRanged || mayAlias)) return null
  return walk === undefined || inWalk ? call : walk
}
