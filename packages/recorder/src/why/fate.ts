import type { LevelName } from '@pagetrail/engine'
import type { EventOf, TraceEvent } from '../event/kinds.ts'
import type { Run } from '../event/run.ts'
import { Observers } from '../observers/observers.ts'
import { NO_ROW } from '../observers/rows/version-columns.ts'

export type FlushEvent = EventOf<'tlb_flush'> | EventOf<'tlbi'>

/**
 * What became of the value that a store replaced, for whoever may hold it. Nobody can where it was not valid or never
 * accessed. `flushed`, by the event `seq`; `restored`: the entry says the same again, from event `seq` on; `held`: it
 * may still be used, as far as event `seq`; `unknown`: events are missing at `seq`.
 */
export interface Fate {
  readonly kind: 'not held' | 'flushed' | 'restored' | 'held' | 'unknown'
  readonly seq: number
}

/**
 * The fate with what flushed it: the flush function, or the TLBI instruction where there is none around it. What comes
 * before the store is ordered, is not broadcast, or has no dsb after it, does not flush it.
 */
export interface Ending {
  readonly fate: Fate
  readonly flush: FlushEvent | null
}

/** A store, with what it replaced. */
export interface Replaced {
  readonly event: TraceEvent
  readonly level: LevelName
  readonly va: bigint
  readonly old: bigint
  readonly now: bigint
  /** Later stores to the same entry, ascending. */
  readonly later: readonly TraceEvent[]
}

/**
 * Follows one old value on its way out with the model of observers, by the events after its store that can matter for
 * it; `page`: the 4K page that is asked for, as one entry may stand for a span.
 */
export function fateOf(
  run: Run,
  { event, level, va, old, now }: Replaced,
  page: number,
  after: Iterable<TraceEvent>,
): Ending {
  const observers = new Observers(run)
  const { rows } = observers.versions
  const { seq, cpu, op, nest, ts, task } = event
  const common = { seq, cpu, op, nest, ts, task }
  observers.apply({ kind: 'desc_write', ...common, level, va, old, new: now })
  if (rows.count === 0) return ended('not held', seq)
  const row = rows.high - 1
  const member = observers.sizes.of(level)
  const index = Math.floor((page - rows.base(row)) / member)
  const isSpan = rows.pages(row) > member
  // The store that restores it may leave a version of its own in the same row.
  const isGone = () =>
    !rows.isLive(row) || rows.seq(row) !== seq || (isSpan && rows.isCovered(row, index))
  const flushes = new Map<number, FlushEvent>()
  let flushedBy = NO_ROW
  observers.versions.listener = {
    storing() {},
    // One dsb may complete several, an interrupt's those of what it interrupted: it is the one that took this along.
    flushed: (tlbi) => {
      if (!isGone()) flushedBy = tlbi.seq
    },
    leaving: (gone, tlbi) => {
      if (gone === row) flushedBy = tlbi?.seq ?? NO_ROW
    },
  }
  let last = seq
  const settled = (at: number): Ending | null => {
    if (!isGone()) return null
    const by = flushes.get(flushedBy)
    return by === undefined ? ended('restored', at) : ended('flushed', by.seq, by)
  }
  for (const e of after) {
    last = e.seq
    if (e.kind === 'gap') return ended('unknown', e.seq)
    flushedBy = NO_ROW
    observers.apply(e)
    if (e.kind === 'tlb_flush') flushes.set(e.seq, e)
    else if (e.kind === 'tlbi') {
      const { flush } = observers.line(e.cpu)
      const around = flush === null || flush.isGroup ? undefined : flushes.get(flush.seq)
      flushes.set(e.seq, around ?? e)
    }
    const ending = settled(e.seq)
    if (ending !== null) return ending
  }
  flushedBy = NO_ROW
  observers.finish()
  return settled(last) ?? ended('held', last)
}

const ended = (kind: Fate['kind'], seq: number, flush: FlushEvent | null = null): Ending => ({
  fate: { kind, seq },
  flush,
})
