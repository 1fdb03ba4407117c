import { InputError } from '@pagetrail/engine'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Kind } from '../event/kinds.ts'
import { COMPILED } from './edits.ts'
import type { TreeGeometry } from './geometries.ts'
import type { KernelTree } from './kernel-tree.ts'
import { type Overlay, overlayOf } from './overlay.ts'
import { type Prepared, type PrepareOptions, prepareTree } from './prepare.ts'
import { stubsFor } from './stubs.ts'
import { type Ran, runTool } from './tools.ts'

export interface BuildOptions extends PrepareOptions {
  /** Folder of the harness's own C, and that of pagetrail.h. */
  readonly harness: string
  readonly hooks: string
}

/** A tree's page-table code as a program. */
export interface BuiltTree {
  readonly tree: KernelTree
  readonly geometry: TreeGeometry
  /** Of the program, an arm64 executable. */
  readonly program: string
  /** Kinds of events that its runs show. */
  readonly shows: readonly Kind[]
  /** Edits that found nothing, by what they looked for. */
  readonly missed: readonly string[]
  /** Functions of the kernel that are not part of it: a call of one ends there. */
  readonly stubs: readonly string[]
  /** SHA-256 of each compiled file by its path in the tree, of the configuration, and of the harness's own files. */
  readonly digests: {
    readonly files: Readonly<Record<string, string>>
    config: string
    harness: string
  }
}

/** Files of the harness that are compiled with a C library, and with the tree's headers. */
const OWN_FILES = ['arena', 'cpus', 'events', 'given', 'scenario', 'search', 'symbols'] as const
const KERNEL_FILE = 'kernel_calls.c'
const OWN_HEADERS = [
  'observe.h',
  'force.h',
  'state.h',
  'mmu_tail.h',
  'pageattr_tail.h',
  'fixmap_pointer.h',
]

/** What a configuration of gcc 12 lacks and the layout of the fixmap, and descriptors, depend on. */
const DEFINES = ['ACPI_APEI_GHES', 'ARM_SDE_INTERFACE', 'ARM64_BTI_KERNEL'].map(
  (name) => `-DCONFIG_${name}=1`,
)

const sha256 = (...texts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(String(text.length)).update('\0').update(text)
  return hash.digest('hex')
}

/**
 * Compiles the page-table code of a tree, whole files with the tree's own headers, into a program in the cache. What
 * has been compiled before, from the same text by the same compiler, is used again.
 *
 * @throws InputError where a file does not compile: the compiler's first message, with file and line of the tree, and
 * the command
 */
export async function buildTree(
  tree: KernelTree,
  geometry: TreeGeometry,
  options: BuildOptions,
): Promise<BuiltTree> {
  const prepared = await prepareTree(tree, geometry, options)
  const overlay = overlayOf((path) => textOf(join(tree.path, path)))
  const compiler = new Compiler(tree, prepared, overlay, options)
  options.onStep?.(`compiling ${tree.name} (Linux ${tree.version}, ${geometry.name})`)
  const objects = await compiler.objects()
  const { program, stubs } = await compiler.link(objects)
  const files = Object.fromEntries(
    [...overlay.files.keys()].map((path) => [path, sha256(readFileSync(join(tree.path, path)))]),
  )
  const own = [...OWN_HEADERS, KERNEL_FILE, ...OWN_FILES.map((name) => `${name}.c`)]
  const harness = sha256(...own.map((name) => readFileSync(join(options.harness, name))))
  return {
    tree,
    geometry,
    program,
    stubs,
    shows: overlay.shows,
    missed: overlay.missed,
    digests: { files, config: prepared.config, harness },
  }
}

function textOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

class Compiler {
  readonly #tree: KernelTree
  readonly #prepared: Prepared
  readonly #options: BuildOptions
  readonly #gcc: string
  /** Folder of the edited copies. */
  readonly #overlay: string
  readonly #flags: readonly string[]
  readonly #ownFlags: readonly string[]

  constructor(tree: KernelTree, prepared: Prepared, overlay: Overlay, options: BuildOptions) {
    this.#tree = tree
    this.#prepared = prepared
    this.#options = options
    this.#gcc = `${options.toolchain.cross}gcc`
    this.#overlay = this.#written(overlay)
    this.#flags = this.#kernelFlags()
    this.#ownFlags = [
      '-std=gnu99',
      '-O2',
      '-Wall',
      '-Wextra',
      '-Werror',
      `-I${options.hooks}`,
      `-I${options.harness}`,
    ]
  }

  /** The overlay in a folder named by its content: equal trees share it, and it is never changed. */
  #written(overlay: Overlay): string {
    const parts = [...overlay.files].flat()
    const folder = join(
      this.#options.cache,
      'overlay',
      sha256(overlay.treeHeader, ...parts).slice(0, 24),
    )
    if (existsSync(join(folder, 'tree.h'))) return folder
    for (const [path, text] of overlay.files) put(join(folder, placeOf(path)), text)
    put(join(folder, 'tree.h'), overlay.treeHeader)
    return folder
  }

  /** The edited headers are found before the tree's, and what stands beside a file by its name as well. */
  #kernelFlags(): string[] {
    const { flags } = this.#prepared
    const first = flags.findIndex((flag) => flag.startsWith('-I'))
    const tree = this.#tree.path
    return [
      ...flags.slice(0, first),
      ...[`${this.#overlay}/include`, this.#overlay, this.#options.harness].map(
        (folder) => `-I${folder}`,
      ),
      ...['mm', 'arch/arm64/mm'].flatMap((folder) => ['-iquote', join(tree, folder)]),
      ...flags.slice(first),
      ...DEFINES,
      '-include',
      join(this.#options.harness, 'force.h'),
      '-ffunction-sections',
      '-fdata-sections',
      '-w',
    ]
  }

  /** Two at a time: what takes longest is one file. */
  async objects(): Promise<string[]> {
    const { harness } = this.#options
    const kernel = [
      ...COMPILED.map((path) => join(this.#overlay, placeOf(path))),
      join(harness, KERNEL_FILE),
    ]
    const jobs = [
      ...kernel.map((source) => ({ source, flags: this.#flags })),
      ...OWN_FILES.map((name) => ({ source: join(harness, `${name}.c`), flags: this.#ownFlags })),
    ]
    // The largest first.
    const order = jobs.toSorted(
      (a, b) =>
        Number(basename(b.source) === 'memory.c') - Number(basename(a.source) === 'memory.c'),
    )
    const made = new Map<string, string>()
    const worker = async () => {
      for (let job = order.shift(); job !== undefined; job = order.shift()) {
        made.set(job.source, await this.#object(job.source, job.flags))
      }
    }
    await Promise.all([worker(), worker()])
    return jobs.map(({ source }) => made.get(source) ?? '')
  }

  #run(args: readonly string[], input?: string): Promise<Ran> {
    const { signal } = this.#options
    return runTool(this.#gcc, args, {
      cwd: this.#prepared.path,
      signal,
      ...(input !== undefined && { input }),
    })
  }

  /** Named by the preprocessed text, in which all headers are. */
  async #object(source: string, flags: readonly string[]): Promise<string> {
    // gcc says nothing of line markers that are not there, so that the folder's name is not part of the text.
    const preprocessed = await this.#run([...flags, '-E', '-P', source])
    if (preprocessed.status !== 0) throw this.#failed(source, flags, preprocessed)
    const codeFlags = flags.filter(
      (flag) => /^-[fmOs]/.test(flag) && !flag.startsWith('-fmacro-prefix-map'),
    )
    const key = sha256(this.#options.toolchain.compiler, codeFlags.join(' '), preprocessed.stdout)
    const object = join(this.#options.cache, 'objects', `${key.slice(0, 32)}.o`)
    if (existsSync(object)) return object
    mkdirSync(dirname(object), { recursive: true })
    const made = `${object}.${process.pid}`
    const compiled = await this.#run([...flags, '-c', '-o', made, source])
    if (compiled.status !== 0) throw this.#failed(source, flags, compiled)
    renameSync(made, object)
    return object
  }

  #failed(source: string, flags: readonly string[], { stderr }: Ran): InputError {
    const lines = stderr.split('\n')
    const at = lines.findIndex((line) => /\berror: /.test(line))
    const message = lines
      .slice(Math.max(0, at), at + 4)
      .join('\n')
      .replaceAll(`${this.#overlay}/`, '')
    const command = [this.#gcc, ...flags, '-c', source].join(' ')
    return new InputError(
      `${this.#tree.path} does not compile:\n${message.replaceAll(`${this.#tree.path}/`, '')}\nby: cd ${this.#prepared.path} && ${command}`,
    )
  }

  /** Links; what is still missing becomes stubs, which end the call that gets there. */
  async link(objects: readonly string[]): Promise<{ program: string; stubs: readonly string[] }> {
    const { cache, toolchain } = this.#options
    const program = join(cache, 'programs', sha256(toolchain.compiler, ...objects).slice(0, 32))
    const list = `${program}.stubs.json`
    if (existsSync(list))
      return { program, stubs: JSON.parse(readFileSync(list, 'utf8')) as string[] }
    mkdirSync(dirname(program), { recursive: true })
    const part = `${program}.${process.pid}`
    const linked = await this.#linked(part, objects)
    const missing = [
      ...new Set(
        [...linked.stderr.matchAll(/undefined reference to `([^']+)'/g)].map((m) => m[1] ?? ''),
      ),
    ]
    let stubs: readonly string[] = []
    if (missing.length > 0) {
      const source = `${part}.stubs.c`
      const { text, functions } = await stubsFor(missing, objects, `${toolchain.cross}readelf`)
      stubs = functions
      writeFileSync(source, text)
      const again = await this.#linked(part, [...objects, source])
      if (again.status !== 0)
        throw new InputError(`${this.#tree.path} cannot be linked:\n${again.stderr}`)
    } else if (linked.status !== 0)
      throw new InputError(`${this.#tree.path} cannot be linked:\n${linked.stderr}`)
    renameSync(part, program)
    put(list, JSON.stringify(stubs))
    return { program, stubs }
  }

  #linked(program: string, objects: readonly string[]): Promise<Ran> {
    return this.#run(['-static', '-Wl,--gc-sections', '-o', program, ...objects])
  }
}

/** Where a file of the tree stands in the overlay: headers in the one include folder that is searched first. */
const placeOf = (path: string): string =>
  path.endsWith('.h') ? path.replace(/^.*?include\//, 'include/') : path

/** At once: another process may be writing the same, or reading it. */
function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const part = `${path}.${process.pid}`
  writeFileSync(part, text)
  renameSync(part, path)
}
