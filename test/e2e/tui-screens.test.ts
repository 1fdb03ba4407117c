import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { PtyScreen } from '../support/terminal/pty.ts'

/** The screens of the documents, drawn by the program in a real terminal: docs/screens/. */
const root = join(import.meta.dirname, '..', '..')
const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')
const folder = mkdtempSync(join(tmpdir(), 'pagetrail-screens-'))
const command = (...args: string[]) =>
  execFileSync(process.execPath, [program, ...args], { cwd: folder })
let open: PtyScreen[] = []

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'packages', 'tui', 'build.ts')])
  for (const kernel of ['6.17.13', '6.18.15']) {
    const file = join(root, 'packages', 'tui', 'demo', `modules_small-${kernel}.trace.gz`)
    command('import', file, '--label', `modules-${kernel}`)
  }
  command('record', 'two-owners', '--flavour', '7.3')
})
afterEach(() => {
  for (const s of open) s.kill('SIGKILL')
  open = []
})

/** Name, what is opened, keys, and what shows that the screen is whole. */
const SCREENS: readonly (readonly [name: string, runs: string[], keys: string[], whole: RegExp])[] =
  [
    ['runs', [], ['m', 'j'], /▶ +#2 .*│ +workload +modules_small/s],
    ['path', ['1', '2'], ['n'], /path ≠[^]*▶-[^]*page tables[^]*▁/],
    ['maps', ['1', '2'], [':999\r', 't'], /▶. +999 [^]*A against B[^]*compared differ[^]*▁/],
    ['calls', ['1', '2'], ['c'], /▶ .* set_memory_ro[^]*▁/],
    ['findings', ['3'], ['c'], /error: lost-update[^]*remedy/],
    ['lanes', ['3'], [':50\r'], /▶! +50 [^]*is lost[^]*after event 50/],
    ['why', ['2'], [':41\r', 'w'], /Why[^]*▶ +#41 /],
    ['map', ['2'], ['/level == pte\r', 'G', 't'], /Map of the table[^]*seen/],
    [
      'timeline',
      ['2'],
      ['z', 'L', 'L'],
      /Timeline ━[^]*findings +·*!.*[^]*events \d+ to \d+[^]*calls \d/,
    ],
  ]

test.each(SCREENS)('docs/screens/%s.svg', async (name, runs, keys, whole) => {
  const s = new PtyScreen(process.execPath, [program, ...runs], {
    columns: name === 'runs' ? 98 : 120,
    rows: name === 'runs' ? 20 : 32,
    cwd: folder,
    env: { XDG_STATE_HOME: mkdtempSync(join(folder, 'state-')) },
  })
  open.push(s)
  await s.until(/▶/)
  for (const key of keys) {
    s.write(key)
    await s.settled()
  }
  await s.until(name === 'runs' ? /▶ +#2 / : whole)
  await s.settled()
  const file = join(root, 'docs', 'screens', `${name}.svg`)
  await expect(s.svg(`Pagetrail: ${name}`)).toMatchFileSnapshot(file)
})

test('the tour shows these screens and no others', () => {
  const tour = readFileSync(join(root, 'docs', 'tour.md'), 'utf8')
  const shown = [...tour.matchAll(/\(screens\/(\w+)\.svg\)/g)].map(([, name]) => name)
  expect(shown.toSorted()).toEqual(SCREENS.map(([name]) => name).toSorted())
})
