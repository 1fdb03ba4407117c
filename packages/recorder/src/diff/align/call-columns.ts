import type { Call } from '../../event/run.ts'
import { WHOLE_RUN } from './call-stream.ts'
import type { CallTraits } from './call-traits.ts'

/** The calls of a run as columns: plain data, in a fraction of the objects' bytes. NaN stands for null. */
export interface CallColumns {
  readonly ops: Float64Array
  /** Index in `texts`; -1: null. */
  readonly fns: Int32Array
  readonly tasks: Int32Array
  readonly vas: BigUint64Array
  readonly ends: BigUint64Array
  /** Bit 0: `va` is known, bit 1: `end`. */
  readonly ranged: Uint8Array
  readonly rets: Float64Array
  readonly cpus: Float64Array
  readonly firsts: Float64Array
  readonly lasts: Float64Array
  readonly texts: readonly string[]
}

/** What distinguishes calls, the same way. */
export interface TraitColumns {
  /** Index in `texts`. */
  readonly inputs: Int32Array
  readonly found: Uint8Array
  readonly digests: Int32Array
  readonly texts: readonly string[]
}

/** Texts by number, in the order in which they came. */
class Numbered {
  readonly texts: string[] = []
  private readonly ids = new Map<string, number>()

  of(text: string | null): number {
    if (text === null) return -1
    let id = this.ids.get(text)
    if (id === undefined) {
      id = this.texts.push(text) - 1
      this.ids.set(text, id)
    }
    return id
  }
}

export function packCalls(calls: readonly Call[]): CallColumns {
  const texts = new Numbered()
  const number = (of: (call: Call) => number | null) =>
    Float64Array.from(calls, (call) => of(call) ?? Number.NaN)
  return {
    ops: number(({ op }) => op),
    fns: Int32Array.from(calls, ({ fn }) => texts.of(fn)),
    tasks: Int32Array.from(calls, ({ task }) => texts.of(task)),
    vas: BigUint64Array.from(calls, ({ va }) => va ?? 0n),
    ends: BigUint64Array.from(calls, ({ end }) => end ?? 0n),
    ranged: Uint8Array.from(calls, ({ va, end }) => (va === null ? 0 : 1) | (end === null ? 0 : 2)),
    rets: number(({ ret }) => ret),
    cpus: number(({ cpu }) => cpu),
    firsts: number(({ first }) => first),
    lasts: number(({ last }) => last),
    texts: texts.texts,
  }
}

const orNull = (n: number): number | null => (Number.isNaN(n) ? null : n)

export function unpackCalls(columns: CallColumns): Call[] {
  const { ops, fns, tasks, vas, ends, ranged, rets, cpus, firsts, lasts, texts } = columns
  return Array.from(ops, (op, i): Call => {
    // What was copied on its way is not the one that stands for a whole run.
    if (op === WHOLE_RUN.op) return WHOLE_RUN
    return {
      op,
      fn: texts[fns[i]!] ?? '',
      va: (ranged[i]! & 1) === 0 ? null : vas[i]!,
      end: (ranged[i]! & 2) === 0 ? null : ends[i]!,
      ret: orNull(rets[i]!),
      task: texts[tasks[i]!] ?? null,
      cpu: cpus[i]!,
      first: firsts[i]!,
      last: orNull(lasts[i]!),
    }
  })
}

const FOUND = ['nothing', 'done', 'change'] as const satisfies CallTraits['found'][]

export function packTraits(traits: readonly CallTraits[]): TraitColumns {
  const texts = new Numbered()
  return {
    inputs: Int32Array.from(traits, ({ input }) => texts.of(input)),
    found: Uint8Array.from(traits, ({ found }) => FOUND.indexOf(found)),
    digests: Int32Array.from(traits, ({ digest }) => digest),
    texts: texts.texts,
  }
}

export const unpackTraits = ({ inputs, found, digests, texts }: TraitColumns): CallTraits[] =>
  Array.from(inputs, (input, i) => ({
    input: texts[input] ?? '',
    found: FOUND[found[i]!] ?? 'nothing',
    digest: digests[i]!,
  }))
