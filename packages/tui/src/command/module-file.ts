import { defineImplementation, type Implementation, type Machine } from '@pagetrail/engine'
import { InputError } from '@pagetrail/recorder'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inFile } from './failure.ts'

/** Somebody's implementation, and what is remembered of the file it came from. */
export interface LoadedModule {
  readonly implementation: Implementation
  readonly facts: { readonly module: string; readonly module_sha256: string }
  /** What is wrong with the machine at the end of a schedule, for `explore`; null: nothing. */
  readonly property: ((machine: Machine) => string | null) | undefined
}

/**
 * Loads somebody's implementation: a module (TypeScript or JavaScript) whose default export is what
 * defineImplementation() takes, or which exports the same by name: `calls`, and as it likes `base` and `name`.
 *
 * @throws InputError that names the file, for one that does not load or has no such export
 */
export async function loadImplementation(file: string): Promise<LoadedModule> {
  const exported = await load(file)
  const whole = isObject(exported['default']) ? exported['default'] : exported
  const { calls, base, name } = whole
  if (!isObject(calls) || Object.keys(calls).length === 0) {
    throw new InputError(
      `${file} exports no \`calls\`; it must be an object with a function for each call`,
    )
  }
  const implementation = inFile(file, () =>
    defineImplementation({
      name: typeof name === 'string' ? name : basename(file),
      base: typeof base === 'string' ? base : undefined,
      calls: bodiesOf(calls, file),
    }),
  )
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  const facts = { module: basename(file), module_sha256: sha256 }
  const property = propertyOf(exported['property'] ?? whole['property'], file)
  return { implementation, facts, property }
}

/** @throws InputError for one that is not a function; what it returns must be a text or null */
function propertyOf(given: unknown, file: string): LoadedModule['property'] {
  if (given === undefined) return undefined
  if (typeof given !== 'function')
    throw new InputError(`${file}: property should be a function of the machine`)
  return (machine) => {
    const said: unknown = given(machine)
    if (said === null || said === undefined || typeof said === 'string') return said ?? null
    throw new InputError(`${file}: property returned ${String(said)}; it must be a text, or null`)
  }
}

/** What modules call the engine: in a clone, and where the package is installed. */
const ENGINE = new Set(['@pagetrail/engine', 'pagetrail/engine'])

/** A module may lie anywhere: the engine that it imports is this one, whatever is installed around it. */
function withThisEngine(): { deregister(): void } {
  const url = import.meta.resolve('#engine')
  return registerHooks({
    resolve: (specifier, context, next) =>
      ENGINE.has(specifier) ? { url, shortCircuit: true } : next(specifier, context),
    // `npm init` says "commonjs" of a folder where nobody has thought of it; these modules have imports and exports.
    load: (file, context, next) =>
      next(
        file,
        context.format === 'commonjs-typescript'
          ? { ...context, format: 'module-typescript' }
          : context,
      ),
  })
}

async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  const hooks = withThisEngine()
  try {
    const module: unknown = await import(pathToFileURL(resolve(file)).href)
    return isObject(module) ? module : {}
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new InputError(`${file} does not load: ${why}`, { cause: error })
  } finally {
    hooks.deregister()
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

type Calls = Implementation['calls']
type CallBody = Calls[string]

function bodiesOf(calls: Readonly<Record<string, unknown>>, file: string): Calls {
  const bodies = Object.entries(calls).map(([fn, body]): [string, CallBody] => {
    if (!isCall(body)) throw new InputError(`${file}: calls.${fn} is not a function`)
    return [fn, body]
  })
  return Object.fromEntries(bodies)
}

/** That it takes (cpu, args) and returns a number is between the module and its author's type checker. */
const isCall = (value: unknown): value is CallBody => typeof value === 'function'
