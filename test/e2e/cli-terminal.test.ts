import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { folder } from '../support/cli.ts'
import { hasPrograms } from '../hooks/compilers.ts'
import { SCENARIO } from '../support/demo.ts'
import { PtyScreen } from '../support/terminal/pty.ts'

/** The command on a terminal, as a user runs it. */
const root = join(import.meta.dirname, '..', '..')
const command = join(root, 'node_modules', '.bin', 'pagetrail')

let open: PtyScreen[] = []
afterEach(() => {
  for (const screen of open) screen.kill('SIGKILL')
  open = []
})

function recorded() {
  const cwd = folder()
  const env = { PAGETRAIL_DB: join(cwd, 'runs.db'), XDG_STATE_HOME: cwd }
  spawnSync(command, ['record', SCENARIO], { cwd, env: { ...process.env, ...env } })
  return (args: readonly string[] = [], more: Readonly<Record<string, string>> = {}) => {
    const options = { columns: 120, rows: 36, cwd, env: { ...env, ...more } }
    const screen = new PtyScreen(command, args, options)
    open.push(screen)
    return screen
  }
}

test('without a verb the terminal UI opens, and leaves with 0', async () => {
  const screen = recorded()()
  await screen.until('three-pages')
  screen.write('q')
  expect((await screen.exited).exitCode).toBe(0)
})

test('npm start on a terminal ends in the terminal UI on the four runs', async () => {
  const cwd = folder()
  const demo = join(root, 'packages', 'tui', 'demo', 'start.ts')
  const options = { columns: 120, rows: 36, cwd, env: { XDG_STATE_HOME: cwd } }
  const screen = new PtyScreen(process.execPath, [demo], options)
  open.push(screen)
  await screen.until((text) => screen.isAlternate() && text.includes('modules-6.18'))
  expect(screen.text()).toContain('4 runs')
  screen.write('q')
  expect((await screen.exited).exitCode).toBe(0)
})

test('sql without a query is a prompt: answers, mistakes, Ctrl-C in a query, Ctrl-D', async () => {
  const screen = recorded()(['sql'])
  await screen.until('sql> ')
  screen.write('select count(*) as stores\r')
  await screen.until('...> ')
  screen.write('from desc_write where run = 1;\r')
  await screen.until(/stores\s+─+\s+5\s+sql>\s*$/)
  screen.write('selct 1;\r')
  await screen.until(/SELCT is refused.*\s+sql>\s*$/)
  screen.write(
    'with recursive n(i) as (select 1 union all select i + 1 from n) select sum(i) from n;\r',
  )
  await screen.until(/from n;\s*$/)
  screen.write('\x03')
  await screen.until(/cancelled; the 0 rows found until then are shown\s+sql>\s*$/)
  screen.write('\x04')
  expect((await screen.exited).exitCode).toBe(0)
})

test('colours on a terminal, none with NO_COLOR', async () => {
  const run = recorded()
  const coloured = run(['runs'])
  await coloured.exited
  expect(coloured.raw()).toContain('\x1b[1mID')
  const plain = run(['runs'], { NO_COLOR: '1' })
  await plain.exited
  expect(plain.raw()).toContain('ID')
  expect(plain.raw()).not.toContain('\x1b[1m')
})

describe.runIf(hasPrograms('less'))('long output', () => {
  const LESS = { PAGER: 'less', LESS: 'FRX' }

  test('goes to the pager; leaving it early ends the command quietly', async () => {
    const screen = recorded()(['replay', '1'], LESS)
    // The last row is less's own: it waits for a key.
    await screen.until(/set_memory_ro[^]*\n:\s*$/)
    screen.write('q')
    const { exitCode } = await screen.exited
    expect({ exitCode, text: screen.text() }).toEqual({ exitCode: 0, text: expect.any(String) })
    expect(screen.text()).not.toMatch(/EPIPE|Error|pagetrail:/)
  })

  test('is there to its end, Ctrl-C does not end it, and the status is that of the verb', async () => {
    const screen = recorded()(['diff'], LESS)
    await screen.until(/\n:\s*$/)
    screen.write('G')
    await screen.until(/\(END\)\s*$/)
    // The terminal sends it to both; less has its own answer.
    process.kill(screen.pid, 'SIGINT')
    screen.write('q')
    expect((await screen.exited).exitCode).toBe(1)
  })

  test('does not wait for a key with --no-pager, nor where it fits the screen', async () => {
    const run = recorded()
    for (const args of [['replay', '1', '--no-pager'], ['runs']]) {
      const screen = run(args, LESS)
      expect((await screen.exited).exitCode).toBe(0)
      expect(screen.text()).not.toMatch(/\n:\s*$|\(END\)/)
    }
  })

  test('with a pager that is not there says so', async () => {
    const screen = recorded()(['replay', '1'], { PAGER: 'nosuchpager -x' })
    expect((await screen.exited).exitCode).toBe(2)
    expect(screen.text()).toContain('the pager nosuchpager -x cannot be run')
  })
})
