/** Anybody's own implementation of the kernel's calls, run in place of a flavour's. */
import type { Call } from '../kernel/calls/call-spec.ts'
import { CALL_NAMES } from '../kernel/calls/call-table.ts'
import type { Cpu } from '../machine/cpu.ts'
import { flavourOf } from '../machine/flavour.ts'
import type { CallArgs } from '../machine/hooks.ts'
import { InputError } from '../arch/input-error.ts'
import type { Scenario } from './scenario.ts'
import { KernelStop, Suspended } from '../machine/stop.ts'

/**
 * One call: does its work on the CPU through what this package exports, and returns what the kernel's function would,
 * 0 or a negative errno. `args` are the scenario's, 64-bit values as bigint. In an interleaved run it is run again
 * from its start after each suspension, with the same answers, so it must keep nothing between runs and must let
 * pass what it did not throw.
 */
export type CallBody = (cpu: Cpu, args: CallArgs) => number

/** What a module of `pagetrail record --module` exports. */
export interface Implementation {
  /** What its runs are called. */
  readonly name: string
  /** The flavour that makes the calls it does not have, and whose lazy MMU mode, walkers and flushes it works with. */
  readonly base?: string | undefined
  readonly calls: Readonly<Record<string, CallBody>>
}

/**
 * Checks an implementation and returns it; gives its author types to write against. @throws InputError for a call
 * that does not exist, one that is not a function, or a base that is not a flavour
 */
export function defineImplementation(implementation: Implementation): Implementation {
  const { base, calls } = implementation
  if (base !== undefined) flavourOf(base, 'base')
  for (const [fn, body] of Object.entries(calls)) {
    if (!CALL_NAMES.includes(fn)) {
      throw InputError.of(`calls.${fn}`, `is not a call; the calls are ${CALL_NAMES.join(', ')}`)
    }
    if (typeof body !== 'function') throw new InputError(`calls.${fn} is not a function`)
  }
  return implementation
}

/** The scenario with the calls that the implementation has made by it, in every flavour. */
export function implementScenario(scenario: Scenario, implementation: Implementation): Scenario {
  const { name, calls } = implementation
  const implement = (call: Call): Call => {
    const body = Object.hasOwn(calls, call.fn) ? calls[call.fn] : undefined
    if (body === undefined) return call
    const run = watched(`${name}: calls.${call.fn}`, body)
    return { ...call, isOwn: true, supported: () => true, run: (cpu) => run(cpu, call.args) }
  }
  return { ...scenario, calls: scenario.calls.map(implement) }
}

/** What the engine throws through a program on purpose. */
const SIGNALS = [KernelStop, Suspended, InputError]

/** As in include/linux/err.h. */
const MAX_ERRNO = 4095

/** The same, with its mistakes reported as its own: what it throws, and what it returns that is not an errno. */
const watched =
  (where: string, body: CallBody): CallBody =>
  (cpu, args) => {
    const ret = attempt(where, () => body(cpu, args))
    if (Number.isInteger(ret) && ret <= 0 && ret >= -MAX_ERRNO) return ret
    throw new InputError(`${where} returned ${String(ret)}; it must be 0 or a negative errno`)
  }

function attempt(where: string, work: () => number): number {
  try {
    return work()
  } catch (error) {
    if (SIGNALS.some((signal) => error instanceof signal)) throw error
    throw new InputError(
      `${where} threw ${error instanceof Error ? ownFrames(error) : String(error)}`,
    )
  }
}

/** Where in the module it was thrown; how the module came to be called is not its author's concern. */
function ownFrames({ stack, message }: Error): string {
  const lines = (stack ?? message).split('\n')
  const called = lines.findIndex((line) => line.includes(import.meta.url))
  return (called === -1 ? lines : lines.slice(0, called)).join('\n')
}
