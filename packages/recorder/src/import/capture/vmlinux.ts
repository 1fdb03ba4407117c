import { type ChildProcess, spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { InputError } from '@pagetrail/engine'
import { type Disassembled, functionsOf } from './disassembly.ts'
import { callsFlush, isWatched, type Sites, sitesIn } from './sites.ts'

/** What a kernel's own binary says of the places to probe. */
export interface Vmlinux extends Sites {
  /** `Linux version …`, the text of /proc/version: two builds of one version differ in it. */
  readonly banner: string
  /** Functions of the binary by name, with how many there are: kprobes take a name that stands once. */
  readonly functions: ReadonlyMap<string, number>
}

/** Prefixes of the binary tools that are tried, as CROSS_COMPILE of a kernel's build gives them. */
const PREFIXES = [
  'aarch64-linux-gnu-',
  'llvm-',
  '',
  'aarch64-none-linux-gnu-',
  'aarch64-suse-linux-',
]

const INSTALL =
  'install binutils-aarch64-linux-gnu or llvm, or name the prefix with --cross-compile'

/**
 * Reads a vmlinux with `nm` and `objdump`: the functions it has, and the places inside of them where entries are stored
 * and where barriers, TLBI and lazy MMU sections are. Debug information is not needed.
 * @throws InputError if the file or the tools cannot be used
 */
export async function readVmlinux(path: string, prefix: string | null): Promise<Vmlinux> {
  const banner = await bannerOf(path)
  const tools = await toolsFor(path, prefix)
  const functions = new Map<string, number>()
  for await (const line of output(`${tools}nm`, [path])) {
    const name = /^[0-9a-f]+ [tTwW] (.+)$/.exec(line)?.[1]
    if (name !== undefined) functions.set(name, (functions.get(name) ?? 0) + 1)
  }
  if (functions.size === 0)
    throw new InputError(`${path}: has no symbols; take the vmlinux that the build left`)
  const found: Disassembled[] = []
  const lines = output(`${tools}objdump`, ['-d', '--no-show-raw-insn', '--section=.text', path])
  for await (const fn of functionsOf(lines, isWatched, callsFlush)) found.push(fn)
  return { banner, functions, ...sitesIn(found) }
}

const BANNER = 'Linux version '

/** The banner with its build number; one without stands in the file too, as a format. */
async function bannerOf(path: string): Promise<string> {
  let rest = ''
  try {
    for await (const chunk of createReadStream(path, {
      encoding: 'latin1',
      highWaterMark: 1 << 20,
    })) {
      rest += chunk as string
      for (let at = rest.indexOf(BANNER); at !== -1; at = rest.indexOf(BANNER, at + 1)) {
        const banner = /^Linux version \d[^\n\0]{8,400} #\d[^\n\0]{1,200}(?=\n)/.exec(
          rest.slice(at, at + 640),
        )?.[0]
        if (banner !== undefined) return banner
      }
      rest = rest.slice(-640)
    }
  } catch (error) {
    throw new InputError(
      `${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  throw new InputError(`${path}: is not a vmlinux: it holds no "Linux version" of its own`)
}

/** The prefix of an objdump that knows this file's machine. */
async function toolsFor(path: string, prefix: string | null): Promise<string> {
  for (const tried of prefix === null ? PREFIXES : [prefix]) {
    const says = await firstOutput(`${tried}objdump`, ['-f', path])
    if (says !== null && /aarch64/i.test(says)) return tried
  }
  const tool = prefix === null ? 'no objdump here' : `${prefix}objdump does not run, or it`
  throw new InputError(`${path}: ${tool} reads aarch64 code: ${INSTALL}`)
}

async function firstOutput(command: string, args: readonly string[]): Promise<string | null> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const started = new Promise<boolean>((resolve) => {
    child.once('spawn', () => resolve(true))
    child.once('error', () => resolve(false))
  })
  return (await started) ? text(child.stdout) : null
}

/** Lines that a tool prints. @throws InputError if it fails */
async function* output(command: string, args: readonly string[]): AsyncGenerator<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const complaint = text(child.stderr)
  const ended = exitOf(child)
  yield* createInterface({ input: child.stdout, crlfDelay: Infinity })
  const status = await ended
  if (status !== 0) {
    const [first = ''] = (await complaint).split('\n')
    throw new InputError(`${command} failed with status ${status}: ${first}`)
  }
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
