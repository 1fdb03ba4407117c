import { checkoutBase, type KernelTree } from '@pagetrail/recorder'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openTree } from '../../../packages/recorder/src/tree/kernel-tree.ts'
import { folder } from '../../support/cli.ts'

const git = (dir: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    cwd: dir,
    encoding: 'utf8',
  })

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** A repository with two commits, and one change that is not committed. */
function repository(): KernelTree {
  const path = realpathSync(folder())
  git(path, 'init', '-q')
  write(path, 'Makefile', 'VERSION = 7\nPATCHLEVEL = 3\n')
  write(path, 'Kconfig', '')
  write(path, 'arch/arm64/mm/pageattr.c', 'one\n')
  write(path, 'drivers/net/a.c', 'left out\n')
  write(path, 'drivers/net/Kconfig', 'kept\n')
  git(path, 'add', '-A')
  git(path, 'commit', '-qm', 'one')
  write(path, 'arch/arm64/mm/pageattr.c', 'two\n')
  git(path, 'commit', '-qam', 'two')
  write(path, 'arch/arm64/mm/pageattr.c', 'three\n')
  return { path, name: 'linux', version: '7.3', release: '7.3', describe: null }
}

/** Every file below a folder with its time of change. */
const listing = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => `${name} ${statSync(join(dir, name)).mtimeMs}`)
    .toSorted()

test('looking at a tree writes nothing into it or its .git, also where times have changed', async () => {
  const { path } = repository()
  utimesSync(join(path, 'Kconfig'), new Date(0), new Date(0))
  const before = listing(path)
  const tree = await openTree(path)
  expect(tree.describe).toMatch(/^[0-9a-f]+-dirty$/)
  expect(listing(path)).toEqual(before)
})

describe('checkoutBase()', () => {
  test('HEAD, where something is not committed; nothing is written into the tree or its .git', async () => {
    const tree = repository()
    const before = listing(tree.path)
    const { dir, name } = await checkoutBase(tree, null, folder())
    expect(name).toMatch(/^HEAD-[0-9a-f]{12}$/)
    expect(readFileSync(join(dir, 'arch/arm64/mm/pageattr.c'), 'utf8')).toBe('two\n')
    expect(existsSync(join(dir, 'drivers/net/Kconfig'))).toBe(true)
    expect(existsSync(join(dir, 'drivers/net/a.c'))).toBe(false)
    expect(listing(tree.path)).toEqual(before)
  })

  test('another commit, unpacked once', async () => {
    const tree = repository()
    const cache = folder()
    const { dir } = await checkoutBase(tree, 'HEAD~1', cache)
    expect(readFileSync(join(dir, 'arch/arm64/mm/pageattr.c'), 'utf8')).toBe('one\n')
    writeFileSync(join(dir, 'mark'), '')
    await checkoutBase(tree, 'HEAD~1', cache)
    expect(existsSync(join(dir, 'mark'))).toBe(true)
  })

  test('refused: no such commit, nothing that differs, no repository, not its top', async () => {
    const tree = repository()
    await expect(checkoutBase(tree, 'v9', folder())).rejects.toThrow('has no commit v9')
    git(tree.path, 'commit', '-qam', 'three')
    await expect(checkoutBase(tree, null, folder())).rejects.toThrow(
      'name a base to compare it with',
    )
    const plain = { ...tree, path: realpathSync(folder()) }
    await expect(checkoutBase(plain, null, folder())).rejects.toThrow('--base DIR')
    const below = { ...tree, path: join(tree.path, 'drivers') }
    await expect(checkoutBase(below, 'HEAD', folder())).rejects.toThrow('not the top')
  })
})
