import { InputError, type LevelName } from '@pagetrail/engine'
import type { EventOf, TraceEvent } from '../event/kinds.ts'

/** Part of a run, to be said in another tool's words. */
export interface Window {
  readonly name: string
  /** What the tables held before: events of the start and of what came before the window. */
  readonly before: readonly TraceEvent[]
  readonly events: readonly TraceEvent[]
}

/** @throws InputError unless both are events of the run, in order */
export function windowOf(
  name: string,
  events: readonly TraceEvent[],
  from: number,
  to: number,
): Window {
  if (from > to || to >= events.length) {
    throw new InputError(
      `window ${from}..${to} is not in the run, which has events 0 to ${events.length - 1}`,
    )
  }
  return { name, before: events.slice(0, from), events: events.slice(from, to + 1) }
}

/** What an entry held before the window, by its address and level; null: the run does not say. */
export function heldBefore({ before }: Window, level: LevelName, va: bigint): bigint | null {
  let held: bigint | null = null
  for (const e of before) {
    if (e.kind === 'init' && e.level === level) held = initAt(e, va) ?? held
    else if (e.kind === 'desc_write' && e.level === level && e.va === va) held = e.new
  }
  return held
}

const SIZES: Readonly<Partial<Record<LevelName, bigint>>> = { pte: 0x1000n, pmd: 0x200000n }

function initAt(e: EventOf<'init'>, va: bigint): bigint | null {
  const size = e.level === null ? undefined : SIZES[e.level]
  if (e.va === null || e.new === null || size === undefined) return null
  const index = (va - e.va) / size
  if (va < e.va || index >= BigInt(e.count ?? 1) || (va - e.va) % size !== 0n) return null
  return e.new + index * (e.pa_step ?? 0n)
}
