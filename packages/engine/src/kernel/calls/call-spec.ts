/** What a call of a scenario is made of, before and after it has been checked. */
import type { Cpu } from '../../machine/cpu.ts'
import type { Flavour } from '../../machine/flavour.ts'
import type { CallArgs } from '../../machine/hooks.ts'
import type { Fields } from '../../machine/json-fields.ts'
import type { Va } from '../../arch/u64.ts'

/** A call as scenarios write it: `{ fn: 'set_memory_ro', addr: '0xffff800080000000', numpages: 4 }`. */
export type CallInput = Readonly<Record<string, unknown>> & { readonly fn: string }

/** A call that has been checked. */
export interface Call {
  readonly fn: string
  /** As given, without `fn`; 64-bit values as bigint. */
  readonly args: CallArgs
  /** Not a call of the kernel's: something the program does in between, without opBegin and opEnd. */
  readonly isAction?: boolean
  /** Made by somebody's implementation: what it does is not known. */
  readonly isOwn?: boolean
  /** The n-th table allocation inside of the call fails; 0: none. */
  readonly allocFail: number
  /** Whether the flavour has it. */
  supported(flavour: Flavour): boolean
  /** Start and end of what it is about, if anything. */
  range(cpu: Cpu): readonly [Va, Va] | null
  run(cpu: Cpu): number
  /** A call that a callback of this one makes. */
  readonly inner?: Call
  /** CPUs besides its own that it speaks of: the highest number. */
  readonly otherCpu?: number
  /** Address spaces that it names. */
  readonly mmNames?: readonly string[]
}

export type Parts = Pick<Call, 'range' | 'run'> & {
  supported?: Call['supported']
  inner?: Call
  otherCpu?: number
  mmNames?: readonly string[]
}

export interface Spec {
  readonly isAction?: true
  /** Names of its arguments besides `alloc_fail`, which actions do not have. */
  readonly fields: readonly string[]
  readonly parse: (fields: Fields, path: string, parseInner: ParseCall) => Parts
}

/** Checks a call that stands within another. */
export type ParseCall = (input: unknown, path: string) => Call
