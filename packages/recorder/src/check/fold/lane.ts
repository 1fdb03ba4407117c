import type { Flush } from '../../observers/flushes.ts'
import type { LevelName, LockMode } from '@pagetrail/engine'
import type { Json } from '../../event/kinds.ts'
import type { KeptCall } from '../../observers/kept-promises.ts'
import type { RangeList } from '../../observers/range-list.ts'

/** A top-level call that has not returned, or is just returning; start = end where it has no range. */
export interface OpenCall extends KeptCall {
  readonly args: Json
  readonly lane: Lane
  /** Ranges of the walks that it made. */
  readonly walks: RangeList
  readonly flushes: Flush[]
  /** Another call was live at the same time. */
  isConcurrent: boolean
  /** It ended without returning: BUG, livelock, a wild dereference. */
  isStopped: boolean
}

/** What is entered and not left: a call, a walk, a callback, an inner function. */
export interface Frame {
  readonly kind: 'op' | 'walk' | 'cb' | 'span'
  readonly fn: string
  /** Of a callback. */
  readonly level: LevelName | null
  readonly start: number
  readonly end: number
  readonly seq: number
  readonly op: number | null
}

export interface HeldLock {
  readonly fn: string
  readonly mode: LockMode
  readonly seq: number
}

/** Lazy MMU mode of a task, folded from its enters and leaves. */
export interface Lazy {
  /** enable_count in 7.3; 0 or 1 where it is one flag. */
  enabled: number
  paused: number
  /** Enters less leaves, as the callers meant it: differs from `enabled` where nesting is not counted. */
  meant: number
  /** The enter of the outermost section. */
  since: number
  /** False after a gap, until a call of its own begins: nobody knows how often it was entered. */
  isKnown: boolean
}

/** One flow of control: a task where the trace names them, else a CPU. */
export class Lane {
  readonly name: string
  cpu: number
  readonly frames: Frame[] = []
  /** Calls of this lane, outermost first: an interrupt may run one inside another. */
  readonly calls: OpenCall[] = []
  readonly locks: HeldLock[] = []
  readonly lazy: Lazy = { enabled: 0, paused: 0, meant: 0, since: -1, isKnown: true }
  constructor(name: string, cpu: number) {
    this.name = name
    this.cpu = cpu
  }

  get isLazy(): boolean {
    return this.lazy.enabled > 0 && this.lazy.paused === 0
  }

  get top(): Frame | undefined {
    return this.frames.at(-1)
  }

  /** The innermost open frame of a kind. */
  innermost(kind: Frame['kind']): Frame | undefined {
    for (let i = this.frames.length - 1; i >= 0; i--) {
      const frame = this.frames[i]
      if (frame?.kind === kind) return frame
    }
    return undefined
  }

  /** In a function of this name. */
  isIn(fn: string): boolean {
    return this.frames.some((frame) => frame.fn === fn)
  }

  /** Closes the innermost frame of this kind and, should their ends have been lost, those inside it. */
  pop(kind: Frame['kind']): void {
    for (let i = this.frames.length - 1; i >= 0; i--) {
      if (this.frames[i]?.kind !== kind) continue
      this.frames.length = i
      return
    }
  }

  /** After a gap nothing is known to be open. */
  forget(): void {
    this.frames.length = 0
    this.calls.length = 0
    this.locks.length = 0
    this.lazy.enabled = 0
    this.lazy.paused = 0
    this.lazy.meant = 0
    this.lazy.isKnown = false
  }
}
