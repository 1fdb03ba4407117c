import { InputError } from '@pagetrail/engine'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isDirty, type KernelTree } from '../tree/kernel-tree.ts'
import { runTool } from '../tree/tools.ts'

/** The left side of a patch: a folder, and what it is called. */
export interface Base {
  readonly dir: string
  readonly name: string
}

/** What compiling the page-table code needs none of: without it a checkout is a fifth as large. */
const LEFT_OUT = [
  ':(exclude,glob)drivers/**/*.[ch]',
  ':(exclude,glob)sound/**/*.[ch]',
  ':(exclude,glob)fs/*/**/*.c',
  ':(exclude,glob)net/*/**/*.c',
  ':(exclude,glob)tools/testing/**',
  ':(exclude,glob)Documentation/*/**',
  ':(exclude,glob)arch/[b-z]*/**/*.c',
  ':(exclude,glob)**/*.dts',
  ':(exclude,glob)**/*.dtsi',
]

/**
 * A commit of the tree's own repository as a folder in the cache. `ref` null: what the work tree was changed from,
 * HEAD. Neither the work tree nor its `.git` is written to.
 *
 * @throws InputError where there is no such commit, or nothing would be compared
 */
export async function checkoutBase(
  tree: KernelTree,
  ref: string | null,
  cache: string,
  signal?: AbortSignal,
): Promise<Base> {
  const git = (...args: string[]) =>
    runTool('git', ['--no-optional-locks', '-C', tree.path, ...args], { signal })
  const inside = await git('rev-parse', '--show-toplevel')
  if (inside.status !== 0 || inside.stdout.trim() !== tree.path) {
    throw new InputError(
      `${tree.path} is not the top of a git work tree: give the other side as a folder (--base DIR)`,
    )
  }
  const wanted = ref ?? 'HEAD'
  const commit = (await git('rev-parse', '--verify', '--quiet', `${wanted}^{commit}`)).stdout.trim()
  if (commit === '') throw new InputError(`${tree.path} has no commit ${wanted}`)
  if (ref === null && !(await isDirty(tree.path))) {
    throw new InputError(
      `${tree.path} does not differ from its HEAD: name a base to compare it with, as in --base HEAD~1`,
    )
  }
  const name = `${wanted}-${commit.slice(0, 12)}`.replaceAll('/', '_')
  const dir = join(cache, 'bases', name)
  if (!existsSync(dir)) await unpack(tree, commit, dir, signal)
  return { dir, name }
}

async function unpack(
  tree: KernelTree,
  commit: string,
  dir: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const part = `${dir}.${process.pid}`
  mkdirSync(part, { recursive: true })
  const archive = `git --no-optional-locks -C "$1" archive --format=tar "$2" -- . ${LEFT_OUT.map((p) => `'${p}'`).join(' ')}`
  const script = `set -e; ${archive} > "$3.tar"; tar -xf "$3.tar" -C "$3"; rm "$3.tar"`
  const { status, stderr } = await runTool('sh', ['-c', script, 'sh', tree.path, commit, part], {
    signal,
  })
  if (status !== 0) {
    rmSync(part, { recursive: true, force: true })
    throw new InputError(`git archive ${commit} in ${tree.path} fails:\n${stderr.trim()}`)
  }
  // Another process may have been first.
  if (existsSync(dir)) rmSync(part, { recursive: true })
  else renameSync(part, dir)
}
