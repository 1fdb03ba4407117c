import { InputError } from '@pagetrail/engine'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runTool } from './tools.ts'

/** A folder of kernel sources, looked at and found fit. It is only ever read. */
export interface KernelTree {
  /** Absolute, links resolved. */
  readonly path: string
  /** The folder's name, for labels. */
  readonly name: string
  /** `7.3.4`, or `7.3-rc2`, of its Makefile. */
  readonly version: string
  /** `7.3`. */
  readonly release: string
  /** `git describe --dirty`; null where it is not a git work tree of its own. */
  readonly describe: string | null
}

/** The oldest release that the harness was compared with. */
const OLDEST = [6, 12] as const

/** @throws InputError for a folder that is not such a tree, with what is wrong */
export async function openTree(dir: string): Promise<KernelTree> {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`${dir} is not a folder; --tree takes a kernel's source folder`)
  }
  const path = realpathSync(dir)
  if (!existsSync(join(path, 'Makefile')) || !existsSync(join(path, 'Kconfig'))) {
    throw new InputError(`${dir} is not a kernel tree: it has no Makefile and Kconfig`)
  }
  if (!existsSync(join(path, 'arch/arm64/mm/pageattr.c'))) {
    throw new InputError(
      `${dir} has no arch/arm64/mm/pageattr.c: it is not a kernel tree with arm64`,
    )
  }
  if (existsSync(join(path, '.config')) || existsSync(join(path, 'include/config'))) {
    throw new InputError(
      `${dir} has been configured or built in place, which kbuild refuses beside a build elsewhere: make mrproper, or give a clean work tree (git worktree add)`,
    )
  }
  const { version, release, parts } = versionOf(path, dir)
  if (parts[0] < OLDEST[0] || (parts[0] === OLDEST[0] && parts[1] < OLDEST[1])) {
    throw new InputError(
      `${dir} is Linux ${version}; ${OLDEST.join('.')} is the oldest that can be run`,
    )
  }
  return { path, name: basename(path), version, release, describe: await describeOf(path) }
}

function versionOf(path: string, dir: string) {
  const makefile = readFileSync(join(path, 'Makefile'), 'utf8')
  const value = (name: string): string | undefined =>
    new RegExp(`^${name} *= *(.*?) *$`, 'm').exec(makefile)?.[1]
  const [major, minor] = [Number(value('VERSION')), Number(value('PATCHLEVEL'))]
  if (!Number.isInteger(major) || !Number.isInteger(minor)) {
    throw new InputError(`${dir}/Makefile has no VERSION and PATCHLEVEL: it is not a kernel tree`)
  }
  const sub = value('SUBLEVEL')
  const release = `${major}.${minor}`
  const tail = sub === undefined || sub === '0' || sub === '' ? '' : `.${sub}`
  const parts: readonly [number, number] = [major, minor]
  return { version: `${release}${tail}${value('EXTRAVERSION') ?? ''}`, release, parts }
}

/** As `git describe --dirty` says, which itself would write the index anew. */
async function describeOf(path: string): Promise<string | null> {
  if (!existsSync(join(path, '.git'))) return null
  const { status, stdout } = await runTool('git', ['-C', path, 'describe', '--always'])
  if (status !== 0) return null
  return `${stdout.trim()}${(await isDirty(path)) ? '-dirty' : ''}`
}

/** Whether a work tree has changes that are not committed. */
export async function isDirty(path: string): Promise<boolean> {
  const status = [
    '--no-optional-locks',
    '-C',
    path,
    'status',
    '--porcelain',
    '--untracked-files=no',
  ]
  return (await runTool('git', status)).stdout !== ''
}
