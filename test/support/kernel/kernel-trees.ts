import { type KernelTree, treeGeometry, Workshop } from '@pagetrail/recorder'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * Kernel trees for tests: those that harness/fetch-tree.sh has put into the cache. Nothing of a kernel is in the
 * repository, so where there is none the tests that need one are listed as not run.
 */
const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'pagetrail')
const TREES = join(CACHE, 'trees')
export const BUILD_CACHE = join(CACHE, 'tree')

/** 4K pages, 48 bits. */
export const USUAL = treeGeometry({ page_shift: 12, va_bits: 48 })

const runs = (program: string): boolean => spawnSync(program, ['--version']).status === 0
const hasTools = (): boolean =>
  ['aarch64-linux-gnu-gcc', 'qemu-aarch64-static', 'make', 'flex', 'bison', 'bc'].every(runs)

/** The newest tree of a release in the cache, or of any release that the corpus knows. */
export function treeFolder(release?: string): string | null {
  const names = existsSync(TREES)
    ? readdirSync(TREES).filter((name) => name.startsWith('linux-'))
    : []
  for (const wanted of release === undefined ? ['7.3', '6.18', '6.17', '6.12'] : [release]) {
    const found = names
      .filter((name) => new RegExp(`^linux-${wanted}(\\.|$)`).test(name))
      .toSorted()
      .at(-1)
    if (found !== undefined) return join(TREES, found)
  }
  return null
}

const toolsHere = hasTools()

/** Whether this machine can compile and run a tree, and has one. */
export const hasTree = (release?: string): boolean => toolsHere && treeFolder(release) !== null

/** A workshop of a test, on the cache that all share. */
export async function testWorkshop(): Promise<Workshop> {
  const workshop = await Workshop.open({
    cache: BUILD_CACHE,
    hostIsArm64: process.arch === 'arm64',
  })
  onTestFinished(() => workshop.close())
  return workshop
}

export async function testTree(workshop: Workshop, release?: string): Promise<KernelTree> {
  const folder = treeFolder(release)
  if (folder === null) throw new Error('a test that needs a tree runs only where hasTree()')
  return workshop.openTree(folder)
}
