import { join } from 'node:path'
import { buildTree, type BuiltTree } from './build.ts'
import type { TreeGeometry } from './geometries.ts'
import { HarnessProcess } from './harness-process.ts'
import { type KernelTree, openTree } from './kernel-tree.ts'
import { findToolchain, type Toolchain } from './tools.ts'
import type { PrepareOptions } from './prepare.ts'

/** Folders of the project that a tree is compiled with. */
const ROOT = join(import.meta.dirname, '../../../..')
const HARNESS = join(ROOT, 'harness')
const HOOKS = join(ROOT, 'hooks/c')

export interface WorkshopOptions extends Omit<PrepareOptions, 'toolchain'> {
  readonly hostIsArm64: boolean
  /** Prefix of the compiler, where it is not the host's usual one. */
  readonly cross?: string | undefined
}

/** Where trees are built and run: tools are looked for once, each build is made once, each program started once. */
export class Workshop {
  readonly #options: WorkshopOptions
  readonly #toolchain: Toolchain
  readonly #builds = new Map<string, Promise<BuiltTree>>()
  readonly #running = new Map<string, HarnessProcess>()

  private constructor(options: WorkshopOptions, toolchain: Toolchain) {
    this.#options = options
    this.#toolchain = toolchain
  }

  /** @throws InputError where programs are missing */
  static async open(options: WorkshopOptions): Promise<Workshop> {
    return new Workshop(options, await findToolchain(options.hostIsArm64, options.cross))
  }

  get compiler(): string {
    return this.#toolchain.compiler
  }

  openTree(dir: string): Promise<KernelTree> {
    return openTree(dir)
  }

  build(tree: KernelTree, geometry: TreeGeometry): Promise<BuiltTree> {
    const key = `${tree.path}\0${geometry.name}`
    const known = this.#builds.get(key)
    if (known) return known
    const { cache, signal, onStep } = this.#options
    const made = buildTree(tree, geometry, {
      cache,
      toolchain: this.#toolchain,
      harness: HARNESS,
      hooks: HOOKS,
      signal,
      onStep,
    })
    this.#builds.set(key, made)
    return made
  }

  /** Files of the tree have changed: it is to be built again. */
  forget(tree: KernelTree): void {
    for (const key of this.#builds.keys()) {
      if (key.startsWith(`${tree.path}\0`)) this.#builds.delete(key)
    }
  }

  /** The running program of a build. After {@link discard}, a new one. */
  harness(built: BuiltTree): HarnessProcess {
    const known = this.#running.get(built.program)
    if (known) return known
    const started = new HarnessProcess(built, this.#toolchain)
    this.#running.set(built.program, started)
    return started
  }

  /** Its program has ended, or is to be. */
  discard(built: BuiltTree): void {
    this.#running.get(built.program)?.close()
    this.#running.delete(built.program)
  }

  close(): void {
    for (const process of this.#running.values()) process.close()
    this.#running.clear()
  }
}
