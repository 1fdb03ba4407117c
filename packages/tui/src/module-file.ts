import { InputError as EngineInputError, KernelStop, Suspended } from '@pagetrail/engine'
import { type Implementation, InputError } from '@pagetrail/recorder'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Loads somebody's implementation: a module (TypeScript or JavaScript) whose export `calls` has a function for each
 * call that it implements, by the call's name.
 *
 * @throws InputError that names the file, for one that does not load or has no such export
 */
export async function loadImplementation(file: string): Promise<Implementation> {
  let module: unknown
  try {
    module = await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new InputError(`${file} does not load: ${why}`, { cause: error })
  }
  const calls = isObject(module) ? module['calls'] : undefined
  if (!isObject(calls) || Object.keys(calls).length === 0) {
    throw new InputError(
      `${file} exports no \`calls\`; it must be an object with a function for each call`,
    )
  }
  const implementation: Record<string, Implementation[string]> = {}
  for (const [fn, body] of Object.entries(calls)) {
    if (!isCall(body)) throw new InputError(`${file}: calls.${fn} is no function`)
    implementation[fn] = watched(`${file}: calls.${fn}`, body)
  }
  return implementation
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** That it takes (cpu, args) and returns a number is between the module and its author's type checker. */
const isCall = (value: unknown): value is Implementation[string] => typeof value === 'function'

/** What the engine throws through a program on purpose. */
const SIGNALS = [KernelStop, Suspended, EngineInputError]

/** The same, with its mistakes told as its own: what it throws, and what it returns that is no integer. */
const watched =
  (where: string, body: Implementation[string]): Implementation[string] =>
  (cpu, args) => {
    let ret: unknown
    try {
      ret = body(cpu, args)
    } catch (error) {
      if (!(error instanceof Error) || SIGNALS.some((signal) => error instanceof signal))
        throw error
      throw new InputError(`${where} threw ${error.stack ?? error.message}`, { cause: error })
    }
    if (typeof ret === 'number' && Number.isInteger(ret)) return ret
    throw new InputError(`${where} returned ${String(ret)}; it must be 0 or a negative errno`)
  }
