import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openTree } from '../../../packages/recorder/src/tree/kernel-tree.ts'
import { folder } from '../../support/cli.ts'

/** A folder with these files. */
function treeWith(files: Readonly<Record<string, string>>): string {
  const root = folder()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const makefile = (version: number, patchlevel: number, rest = '') =>
  `VERSION = ${version}\nPATCHLEVEL = ${patchlevel}\n${rest}`
const SOUND = { Makefile: makefile(7, 3), Kconfig: '', 'arch/arm64/mm/pageattr.c': '' }

describe('openTree()', () => {
  test.each([
    ['7.3', makefile(7, 3)],
    ['7.3', makefile(7, 3, 'SUBLEVEL = 0\nEXTRAVERSION =\n')],
    ['7.3.4', makefile(7, 3, 'SUBLEVEL = 4\nEXTRAVERSION =\n')],
    ['7.4-rc2', makefile(7, 4, 'SUBLEVEL = 0\nEXTRAVERSION = -rc2\n')],
  ])('Linux %s', async (version, text) => {
    const tree = await openTree(treeWith({ ...SOUND, Makefile: text }))
    expect(tree).toMatchObject({ version, release: version.slice(0, 3), describe: null })
  })

  test.each([
    ['has no Makefile and Kconfig', { Kconfig: '' }],
    ['it is not a kernel tree with arm64', { Makefile: makefile(7, 3), Kconfig: '' }],
    ['has no VERSION and PATCHLEVEL', { ...SOUND, Makefile: 'all:\n' }],
    ['is Linux 6.11; 6.12 is the oldest', { ...SOUND, Makefile: makefile(6, 11) }],
    ['is Linux 5.15', { ...SOUND, Makefile: makefile(5, 15) }],
    ['configured or built in place', { ...SOUND, '.config': '' }],
    ['configured or built in place', { ...SOUND, 'include/config/auto.conf': '' }],
  ])('refused: %s', async (why, files) => {
    await expect(openTree(treeWith(files))).rejects.toThrow(why)
  })

  test('refused: no folder', async () => {
    await expect(openTree(join(folder(), 'none'))).rejects.toThrow('is not a folder')
  })
})
