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
    implementation[fn] = body
  }
  return implementation
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** That it takes (cpu, args) and returns a number is between the module and its author's type checker. */
const isCall = (value: unknown): value is Implementation[string] => typeof value === 'function'
