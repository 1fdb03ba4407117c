import { InputError } from '@pagetrail/engine'
import { spawn } from 'node:child_process'

/** What a program wrote and how it ended. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly signal?: AbortSignal | undefined
  readonly input?: string
}

/** Runs a program to its end. Throws InputError where there is no such program. */
export function runTool(
  command: string,
  args: readonly string[],
  { cwd, signal, input }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, signal, stdio: ['pipe', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (data: Buffer) => out.push(data))
    child.stderr.on('data', (data: Buffer) => err.push(data))
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new InputError(`there is no program ${command}`) : error),
    )
    child.on('close', (status) => {
      resolve({ status, stdout: textOf(out), stderr: textOf(err) })
    })
    // A program that ends before it has read everything closes the pipe; its status says what was wrong.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(error)
    })
    child.stdin.end(input)
  })
}

const textOf = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString('utf8')

/** The programs that compile and run a tree, and how each is called. */
export interface Toolchain {
  /** What stands before gcc and readelf: `aarch64-linux-gnu-`, empty on an arm64 host. */
  readonly cross: string
  /** Runs arm64 programs; null where the host does. */
  readonly emulator: string | null
  /** First line of `gcc --version`: objects of another one are not used again. */
  readonly compiler: string
}

/** The first line of what a program says of itself; null: there is none. */
async function versionOf(program: string): Promise<string | null> {
  try {
    const { stdout } = await runTool(program, ['--version'])
    return stdout.split('\n')[0] ?? ''
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
}

const EMULATORS = ['qemu-aarch64-static', 'qemu-aarch64']
const BUILD_PROGRAMS = ['make', 'flex', 'bison', 'bc', 'perl']
const PACKAGES =
  'gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static make flex bison bc perl'

/**
 * Finds the programs. `cross` as the user gave it, else as the host needs it.
 * @throws InputError naming all that are missing, and the Debian packages that have them
 */
export async function findToolchain(
  hostIsArm64: boolean,
  given: string | undefined,
): Promise<Toolchain> {
  const cross = given ?? (hostIsArm64 ? '' : 'aarch64-linux-gnu-')
  const missing: string[] = []
  const compiler = await versionOf(`${cross}gcc`)
  if (compiler === null) missing.push(`${cross}gcc`)
  for (const program of BUILD_PROGRAMS)
    if ((await versionOf(program)) === null) missing.push(program)
  let emulator: string | null = null
  if (!hostIsArm64) {
    for (const name of EMULATORS) {
      if (emulator === null && (await versionOf(name)) !== null) emulator = name
    }
    if (emulator === null) missing.push('qemu-aarch64-static')
  }
  if (missing.length === 0 && compiler !== null) return { cross, emulator, compiler }
  throw new InputError(
    `a kernel tree is compiled and run with programs that are not here: ${missing.join(', ')}; on Debian: apt-get install ${PACKAGES}`,
  )
}
