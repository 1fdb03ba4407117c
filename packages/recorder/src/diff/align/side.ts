import type { Kind } from '../../event/kinds.ts'
import type { Call, EventSource } from '../../event/run.ts'
import { PageState } from '../../tables/page-state.ts'
import type { Addressing } from '../options.ts'
import { type CallSide, CallStream, WHOLE_RUN } from './call-stream.ts'
import { type CallTraits, callTraits } from './call-traits.ts'
import { fieldReaders, ignoredNames, Texts } from './field-readers.ts'
import { roleTable } from './roles.ts'

/** How a side of a comparison is read: plain data, for it may be read in another thread. */
export interface SideRequest {
  /** Kinds that both sides would show. */
  readonly shown: readonly Kind[]
  readonly addresses: Addressing
  readonly ignore: readonly string[]
  readonly map: Readonly<Record<string, string>>
  readonly waitingRows: number | null
}

/** A side of a comparison that another thread reads. */
export interface SideApart extends CallSide {
  /** Its calls, and what distinguishes them. */
  readonly calls: readonly Call[]
  readonly traits: readonly CallTraits[]
  /** Before the first is taken: in which order they will be, and the texts of who takes them. */
  order(calls: readonly Call[], texts: Texts): void
  /** Ends the thread, whatever it is doing. */
  end(): void
}

/** Starts a thread that reads a run's calls; null: it cannot be read elsewhere, or is too short for it to pay. */
export type ReadApart = (source: EventSource, request: SideRequest) => SideApart | null

/** The calls of a run in order; one that stands for all events where there are none. */
export function allCalls(source: EventSource): Call[] {
  const calls = [...source.calls()].toSorted((p, q) => p.op - q.op)
  // Events of a walker that nobody called: the run is compared as a whole.
  return calls.length === 0 ? [WHOLE_RUN] : calls
}

/** What {@link callTraits} and {@link CallStream} make of a request, in the thread that reads. */
export function sideOf(
  source: EventSource,
  { shown, addresses, ignore, map, waitingRows }: SideRequest,
  calls: readonly Call[],
): { readonly traits: CallTraits[]; readonly stream: () => CallStream; readonly texts: Texts } {
  const kinds = new Set(shown)
  const ignored = ignoredNames(ignore)
  const texts = new Texts(roleTable(map))
  const state = PageState.of(source.run)
  const options = {
    texts,
    readers: fieldReaders(ignored),
    ignored,
    shown: kinds,
    addresses,
    matches: null,
    step: 2 ** (state.pageShift - 12),
    calls,
    to: null,
    ...(waitingRows === null ? {} : { waitingRows }),
  }
  return {
    traits: callTraits(source, calls, kinds),
    stream: () => new CallStream(source, options, state),
    texts,
  }
}
