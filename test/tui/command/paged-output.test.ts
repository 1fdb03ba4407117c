import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { main } from '../../../packages/tui/src/main.ts'
import type { Io } from '../../../packages/tui/src/command/io.ts'
import { ClosedPipe } from '../../../packages/tui/src/command/closed-pipe.ts'
import { PagedOutput, pagerCommand } from '../../../packages/tui/src/command/paged-output.ts'
import type { Pager } from '../../../packages/tui/src/command/pager.ts'
import { folder, memoryIo, type RunOptions } from '../../support/cli.ts'
import { database } from '../../support/stored.ts'

/** A terminal of ten rows, and a pager that notes what it was given. */
function terminal(options: RunOptions = {}, pager: Partial<Pager> = {}) {
  const { io, out, err } = memoryIo({ tty: true, ...options })
  const started: string[] = []
  const given: string[] = []
  const world: Io = {
    ...io,
    stdout: Object.defineProperty({ ...io.stdout }, 'rows', { value: 10 }),
    startPager(command) {
      started.push(command)
      return {
        write: (text) => Promise.resolve(void given.push(text)),
        end: () => Promise.resolve(0),
        ...pager,
      }
    },
  }
  return { io: world, out, err, started, given: () => given.join('') }
}

const lines = (n: number): string => Array.from({ length: n }, (_, i) => `line ${i}\n`).join('')

test('what fits the screen is written as it is, when it is all there', async () => {
  const { io, out, started } = terminal()
  const paged = new PagedOutput(io, 'less')
  await paged.world().stdout.write(lines(9))
  expect(out()).toBe('')
  await paged.end()
  expect({ out: out(), started }).toEqual({ out: lines(9), started: [] })
})

test('from the line on that does not fit, all of it goes to the pager', async () => {
  const { io, out, started, given } = terminal()
  const paged = new PagedOutput(io, 'less')
  const { stdout } = paged.world()
  await stdout.write(lines(6))
  await stdout.write(lines(6))
  await stdout.write('more\n')
  await paged.end()
  expect({ out: out(), started, given: given() }).toEqual({
    out: '',
    started: ['less'],
    given: `${lines(6)}${lines(6)}more\n`,
  })
})

test('a line that is longer than the screen is wide takes several of its rows', async () => {
  const { io, started } = terminal()
  const paged = new PagedOutput(io, 'less')
  await paged.world().stdout.write(`${'x'.repeat(1000)}\n`)
  await paged.end()
  expect(started).toEqual(['less'])
})

test('remarks are seen at once before the answer, and in their place after it', async () => {
  const { io, out, err, given } = terminal()
  const paged = new PagedOutput(io, 'less')
  const { stdout, stderr } = paged.world()
  await stderr.write('compiling …\n')
  expect(err()).toBe('compiling …\n')
  await stdout.write(lines(3))
  await stderr.write('a remark\n')
  await stderr.write('\r\x1b[K 10 %')
  expect(err()).toBe('compiling …\n\r\x1b[K 10 %')
  await stdout.write(lines(9))
  await stderr.write('\r\x1b[K 20 %')
  expect(stderr.isTTY).toBe(false)
  await paged.end()
  expect(given()).toBe(`${lines(3)}a remark\n${lines(9)}`)
  expect(out()).toBe('')
})

test('verbs use it on a terminal, and never on a pipe, with --no-pager, or where PAGER says so', async () => {
  const db = await database()
  const ran = async (args: readonly string[], env: Record<string, string>, tty = true) => {
    const { io, started, out } = terminal({ env: { PAGER: 'more -s', ...env }, tty })
    const status = await main([...args, '--db', db], io)
    expect(status).toBe(0)
    return { started, out: out() !== '' }
  }
  const replay = ['replay', '1']
  expect(await ran(replay, {})).toEqual({ started: ['more -s'], out: false })
  expect(await ran(replay, { PAGETRAIL_PAGER: 'most' })).toEqual({ started: ['most'], out: false })
  const none = { started: [], out: true }
  expect(await ran(replay, {}, false)).toEqual(none)
  expect(await ran(['--no-pager', ...replay], {})).toEqual(none)
  expect(await ran([...replay, '--no-pager'], {})).toEqual(none)
  const without = { PAGER: ['', 'cat'], PAGETRAIL_PAGER: [''], TERM: ['dumb'] }
  for (const [name, values] of Object.entries(without))
    for (const value of values) expect(await ran(replay, { [name]: value })).toEqual(none)
  expect(await ran(['runs'], {})).toEqual(none)
})

test('less is looked for; without it there is no pager', () => {
  const bin = folder()
  writeFileSync(join(bin, 'less'), '', { mode: 0o755 })
  expect(pagerCommand({ PATH: `/nowhere:${bin}` })).toBe('less')
  expect(pagerCommand({ PATH: '/nowhere' })).toBeNull()
  expect(pagerCommand({})).toBeNull()
})

test('a pager that was left early ends the verb quietly; one that cannot be run is named', async () => {
  const args = ['replay', '1', '--db', await database()]
  const env = { PAGER: 'nosuch' }
  const left = terminal({ env }, { write: () => Promise.reject(new ClosedPipe()) })
  expect(await main(args, left.io)).toBe(0)
  expect(left.err()).toBe('')
  // A verdict that nobody has read to its end is none: 0 would say that the run is clean.
  const checked = terminal({ env }, { write: () => Promise.reject(new ClosedPipe()) })
  const html = ['check', '1', '--format', 'html', '--db', await database()]
  expect(await main(html, checked.io)).toBe(3)
  const missing = terminal({ env }, { end: () => Promise.resolve(127) })
  expect(await main(args, missing.io)).toBe(2)
  expect(missing.err()).toContain('the pager nosuch cannot be run')
})
