import type { Json, Kind, TraceEvent } from './kinds.ts'
import { CallFold } from './call-fold.ts'
import { type Flavour, FLAVOURS } from '@pagetrail/engine'

/** Where a run's events came from; `tree`: code of a kernel tree, built and run by itself. */
export type RunOrigin = 'engine' | 'module' | 'ftrace' | 'jsonl' | 'tree'
/** What the row of a run says, and `damaged` where the row cannot be believed. */
export type RunState = StoredState | 'damaged'
export type StoredState = 'recording' | 'complete' | 'interrupted'

/** Page size and depth of the tables: pageShift 12, 14 or 16; vaBits as in the kernel's configuration. */
export interface RunGeometry {
  readonly pageShift: number
  readonly vaBits: number
  readonly levels: number
}

/** A run that does not say its geometry is a capture of a stock kernel: 4K pages. */
export const STOCK_GEOMETRY: RunGeometry = { pageShift: 12, vaBits: 48, levels: 4 }

export const pageShiftOf = ({ geometry }: Pick<Run, 'geometry'>): number =>
  (geometry ?? STOCK_GEOMETRY).pageShift

/** The kernel whose rules a run follows; undefined: it follows none that is known here. */
export const kernelOf = ({ flavour }: Pick<Run, 'flavour'>): Flavour | undefined =>
  FLAVOURS.find(({ name }) => name === flavour)

/** No task, or the idle task, of which every CPU has its own under one name (`swapper/0-0`): the CPU says which. */
export const isIdle = (task: string | null): boolean => task === null || task.endsWith('-0')

/** Fact of a run that is there because a question named its file by this path: -1, -2, … do not mean it. */
export const ASKED = 'asked'

/** One recorded run, as its row says. */
export interface Run {
  readonly id: number
  readonly label: string
  readonly source: RunOrigin
  readonly state: RunState
  /** `6.12` … `7.3` for engine runs; for real kernels the flavour they follow, where the trace says. */
  readonly flavour: string | null
  /** Release of the real kernel, or null. */
  readonly kernel: string | null
  readonly scenario: string | null
  /** null: unknown; addresses are then shown as for 4K pages and 48 bits. */
  readonly geometry: RunGeometry | null
  /** Features, constants, file, clock, CPUs, … of its source. */
  readonly facts: Readonly<Record<string, Json>>
  /** ns of the first timestamp, to which events' `ts` is relative. */
  readonly t0: bigint | null
  /** ms since 1970 when recording began; the recorder has no clock of its own. */
  readonly created: number
  readonly events: number
  readonly calls: number
  /** Events known to be missing. */
  readonly lost: number
}

/** One top-level call of a run. */
export interface Call {
  readonly op: number
  readonly fn: string
  /** Range; null where the call has none or it was not seen. For real calls it may be that of the first walk inside. */
  readonly va: bigint | null
  readonly end: bigint | null
  /** null: it did not return, or its return was not seen. */
  readonly ret: number | null
  readonly task: string | null
  readonly cpu: number
  /** seq of its op_begin, and of its op_end (null: none). */
  readonly first: number
  readonly last: number | null
}

/** Where a run lies, for another thread or process that reads it too. */
export interface RunPlace {
  readonly path: string
  /** Of the file that was opened by that path: another may have come to its place. */
  readonly inode: number | undefined
  /** In which what was proven is: in another it is not. */
  readonly state: string
  readonly run: number
  /** Folder in which it is remembered what was proven of the file. */
  readonly proofs: string | null
  /** What this process has proven of the run, or has written itself. */
  readonly proven: {
    readonly spans: readonly { readonly first: number; readonly last: number }[]
    readonly calls: boolean
  }
}

/** A run in a log of this process, for another of its threads: the file has no name. See EventLog. */
export interface LogPlace {
  readonly run: Run
  /** Of the open file. */
  readonly descriptor: number
  /** How many events each batch has room for. */
  readonly capacity: number
  /** By batch: its first event; one more, the number of all. */
  readonly firsts: Float64Array
  /** By batch: where its columns and then its texts begin in the file; one more, where the last one ends. */
  readonly starts: Float64Array
  /** By the ids that the events have. */
  readonly names: readonly string[]
}

/** Whether the events and calls of a run are what was recorded. */
export interface RunProof {
  isDone(): boolean
  /** Throws InputError where they are not. */
  prove(): void
  /** What another thread has proven of it. */
  add(proven: RunPlace['proven']): void
}

/** Bodies by name. */
export interface Keep {
  read(name: string): Uint8Array | undefined
  write(name: string, body: Uint8Array, instead: string): void
}

/** A run that can be read in order, as often as wanted: what diff, check and report work on. */
export interface EventSource {
  readonly run: Run
  /**
   * Undefined: it is in this process's memory alone.
   *
   * @internal
   */
  readonly place?: RunPlace | LogPlace | undefined
  /**
   * Undefined: there is nothing to prove.
   *
   * @internal
   */
  readonly proof?: RunProof | undefined
  /**
   * Where what was folded of all of its events is kept for the next process: only ever a cache. `instead`: what of that
   * name's beginning may go for it.
   *
   * @internal
   */
  readonly keep?: Keep | undefined
  calls(): Iterable<Call>
  /**
   * The calls before their proof, which takes a reading of all events: for who reads them all anyway, and has what was
   * read proven before anything is made of it. Undefined: there is nothing to prove.
   *
   * @internal
   */
  unproven?(): Iterable<Call>
  /**
   * Events with from <= seq <= to, in order; without bounds all of them. `kinds` names those that the caller looks at:
   * others may be left out.
   */
  events(from?: number, to?: number, kinds?: readonly Kind[]): Iterable<TraceEvent>
}

/** Events already in memory as a source; calls are found from their op_begin and op_end. */
export function memorySource(run: Run, events: readonly TraceEvent[]): EventSource {
  return {
    run,
    calls: () => callsOf(events),
    events: (from = 0, to = events.length - 1) => events.slice(from, to + 1),
  }
}

function callsOf(events: readonly TraceEvent[]): Iterable<Call> {
  const fold = new CallFold<number, Call>()
  for (const e of events) {
    if (e.op === null) continue
    if (e.kind === 'op_begin') {
      const { op, va, end, task, cpu } = e
      const fn = e.fn ?? ''
      const call = { op, fn, va, end, ret: null, task, cpu, first: e.seq, last: null }
      fold.begin(op, va !== null, () => call)
    } else if (e.kind === 'op_end') fold.end(e.op, { ret: e.ret, last: e.seq })
    else if (e.kind === 'walk_begin') {
      const { va, end } = e
      fold.walk(e.op, () => ({ va, end }))
    }
  }
  return fold.calls.values()
}
