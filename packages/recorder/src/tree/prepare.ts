import { InputError } from '@pagetrail/engine'
import { createHash, type Hash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { checkConfig, configArguments, type TreeGeometry } from './geometries.ts'
import type { KernelTree } from './kernel-tree.ts'
import { runTool, type Toolchain } from './tools.ts'

/** A build folder that kbuild has configured and prepared: generated headers, and the flags it compiles with. */
export interface Prepared {
  readonly path: string
  /** Of gcc, for the tree that is compiled; relative folders are those of {@link path}. */
  readonly flags: readonly string[]
  /** SHA-256 of its `.config`. */
  readonly config: string
}

export interface PrepareOptions {
  /** Where everything that is made goes. */
  readonly cache: string
  readonly toolchain: Toolchain
  readonly signal?: AbortSignal | undefined
  readonly onStep?: ((what: string) => void) | undefined
}

/** The file whose compilation shows kbuild's flags: it has none of its own. */
const PLAIN_FILE = 'mm/init-mm'
const STAMP = 'prepared.json'

/**
 * The prepared build folder of a tree and a geometry, made by kbuild in the cache if there is none: half a minute. Two
 * trees share one if all that goes into it is equal: Kconfig, scripts, tables from which headers are generated. Nothing
 * is written into the tree.
 *
 * @throws InputError with kbuild's own message where it fails
 */
export async function prepareTree(
  tree: KernelTree,
  geometry: TreeGeometry,
  options: PrepareOptions,
): Promise<Prepared> {
  const key = inputsDigest(tree, geometry, options.toolchain.compiler)
  const path = join(options.cache, 'prepared', `${geometry.name}-${key.slice(0, 24)}`)
  if (!existsSync(join(path, STAMP))) {
    // Elsewhere, and moved at once: another process may be doing the same. Who is second uses what is there.
    const part = `${path}.${process.pid}`
    await make(tree, geometry, part, options)
    if (existsSync(join(path, STAMP))) rmSync(part, { recursive: true })
    else {
      rmSync(path, { recursive: true, force: true })
      renameSync(part, path)
    }
  }
  const { source } = JSON.parse(readFileSync(join(path, STAMP), 'utf8')) as { source: string }
  const config = readFileSync(join(path, '.config'))
  return {
    path,
    flags: flagsOf(path, source, tree.path),
    config: createHash('sha256').update(config).digest('hex'),
  }
}

async function make(
  tree: KernelTree,
  geometry: TreeGeometry,
  path: string,
  { toolchain, signal, onStep }: PrepareOptions,
): Promise<void> {
  onStep?.(`configuring Linux ${tree.version} for ${geometry.name}, once`)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  const kbuild = async (...targets: string[]) => {
    const args = [
      '-s',
      '-C',
      tree.path,
      `O=${path}`,
      'ARCH=arm64',
      `CROSS_COMPILE=${toolchain.cross}`,
    ]
    const { status, stderr } = await runTool('make', [...args, '-j2', ...targets], { signal })
    if (status !== 0)
      throw new InputError(`make ${targets.join(' ')} in ${tree.path} fails:\n${tail(stderr)}`)
  }
  await kbuild('tinyconfig')
  const script = join(tree.path, 'scripts/config')
  const changes = ['--file', join(path, '.config'), ...configArguments(geometry)]
  const { status, stderr } = await runTool(script, changes, { signal })
  if (status !== 0) throw new InputError(`scripts/config of ${tree.path} fails:\n${tail(stderr)}`)
  await kbuild('olddefconfig')
  checkConfig(readFileSync(join(path, '.config'), 'utf8'), geometry)
  await kbuild('prepare')
  await kbuild(`${PLAIN_FILE}.o`)
  // Last: a folder without it was interrupted.
  writeFileSync(join(path, STAMP), JSON.stringify({ source: tree.path }))
}

const tail = (text: string): string => text.trim().split('\n').slice(-12).join('\n')

/** All that goes into a prepared folder, so that it can be used again for another tree in which this is the same. */
function inputsDigest(tree: KernelTree, geometry: TreeGeometry, compiler: string): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([compiler, configArguments(geometry)]))
  const folders = ['scripts', 'arch/arm64/tools', 'include/asm-generic', 'arch/arm64/include']
  for (const folder of folders)
    addFiles(hash, tree.path, folder, folder.includes('include') ? /Kbuild$/ : /./)
  addFiles(hash, tree.path, '', /^Kconfig/)
  for (const file of [
    'Makefile',
    'arch/arm64/Makefile',
    'kernel/time/timeconst.bc',
    'kernel/bounds.c',
  ]) {
    addFile(hash, tree.path, file)
  }
  return hash.digest('hex')
}

/** Folders in which no Kconfig file is that arm64 reads. */
const PASSED_OVER = new Set(['.git', 'Documentation', 'tools', 'samples', 'LICENSES'])

function addFiles(hash: Hash, root: string, folder: string, pattern: RegExp): void {
  const path = join(root, folder)
  if (!existsSync(path)) return
  const entries = readdirSync(path, { withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )
  for (const entry of entries) {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      if (!PASSED_OVER.has(name)) addFiles(hash, root, name, pattern)
    } else if (entry.isFile() && pattern.test(entry.name)) addFile(hash, root, name)
  }
}

function addFile(hash: Hash, root: string, name: string): void {
  const path = join(root, name)
  if (!existsSync(path)) return
  const text = readFileSync(path)
  hash.update(`${name}\0${text.length}\0`).update(text)
}

/** Flags that say how much to complain, what to write beside the object, or what a harness has no use for. */
const DROPPED = /^(-Wp,|-W[a-z]|-g|-fsanitize|-mbranch-protection)/

/**
 * kbuild's flags of {@link PLAIN_FILE}, from the command that it kept, with the tree that is compiled in the place of
 * the one that was prepared.
 */
function flagsOf(prepared: string, source: string, tree: string): string[] {
  const kept = readFileSync(join(prepared, `${PLAIN_FILE.replace('/', '/.')}.o.cmd`), 'utf8')
  const command = kept.split('\n')[0]?.replace(/^\S+ := /, '') ?? ''
  const words: readonly string[] = command.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []
  return words
    .slice(1, words.indexOf('-c'))
    .filter((word) => !DROPPED.test(word))
    .map((word) => word.replaceAll(/'([^']*)'/g, '$1'))
    .map((word) => withTree(word, source, tree))
}

function withTree(word: string, source: string, tree: string): string {
  const at = word.indexOf(source)
  return at === -1 ? word : `${word.slice(0, at)}${tree}${word.slice(at + source.length)}`
}
