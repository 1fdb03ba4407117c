import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processIo } from '../../../../packages/tui/src/command/io.ts'
import { straightToScreens } from '../../../../packages/tui/src/verbs/program/open-screens.ts'

const { stdin, stdout, stderr } = process
const terminal = { stdin, stdout, stderr }
const io = { ...processIo(), terminal, env: { TERM: 'xterm' } }

test.each([
  [['runs']],
  [['tui', 'before.trace.gz']],
  [['--db']],
  [['--db', '--json']],
  [['--db', 'x.db', 'diff', '1', '2']],
  [['--color', 'never', '1']],
  [['1', '2', '3']],
  [['tui', 'tui']],
  [['1', '--json']],
  [['clean-ro/4k-48/6.18']],
  [['--help']],
  [['1x']],
])('what may mean something else is left to the program: %j', async (argv) => {
  expect(await straightToScreens(argv, io)).toBeNull()
})

test('a file that has a number for its name is imported, which the program does', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'pagetrail-number-')), '1')
  writeFileSync(file, '')
  const here = process.cwd()
  process.chdir(join(file, '..'))
  try {
    expect(await straightToScreens(['tui', '1'], io)).toBeNull()
  } finally {
    process.chdir(here)
  }
})

test('a pipe, or a terminal that can show no screens, is left to the program', async () => {
  expect(await straightToScreens([], { ...io, terminal: null })).toBeNull()
  expect(await straightToScreens([], { ...io, env: { TERM: 'dumb' } })).toBeNull()
})

test('what is wrong with the file or the run is said by the program', async () => {
  const fails = { ...io, env: { TERM: 'xterm', PAGETRAIL_DB: '/dev/null/none.db' } }
  expect(await straightToScreens(['7'], { ...fails, terminal: quiet() })).toBeNull()
})

/** A terminal that shows nothing; raw mode is all that is done to it before the run is found. */
function quiet() {
  return { ...terminal, stdin: Object.assign(Object.create(stdin), { setRawMode: () => stdin }) }
}
