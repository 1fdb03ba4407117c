import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** Whether a machine has programs that it may lack; the tests that need them are else listed as not run. */
export const hasPrograms = (...names: readonly string[]): boolean =>
  names.every((name) => spawnSync(name, ['--version']).status === 0)

/** Runs a program in the root. Throws with what it wrote unless it succeeds. */
export function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status === 0) return stdout
  throw error ?? new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stderr}`)
}

const STRICT = [
  '-std=c99',
  '-pedantic',
  '-Wall',
  '-Wextra',
  '-Wconversion',
  '-Wno-sign-conversion',
  '-Werror',
  '-O2',
]

/** Compiles a C file of the project without a warning, and returns the program's path. */
export function compileC(source: string, into: string, flags: readonly string[] = []): string {
  run('gcc', [...STRICT, ...flags, '-Ihooks/c', source, '-o', into])
  return into
}

export function compileRust(source: string, into: string): string {
  run('rustc', ['--edition', '2021', '-O', '-D', 'warnings', source, '-o', into])
  return into
}
