import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { testFolder } from '../support/files.ts'

const PROGRAM = join(import.meta.dirname, '../../packages/tui/bin/pagetrail.js')

function moduleOf(body: string, top = ''): { folder: string; argv: string[] } {
  const folder = testFolder()
  const file = join(folder, 'own.ts')
  writeFileSync(
    file,
    `${top}\nexport const base = '6.18'\nexport const calls = { set_memory_ro: () => { ${body} } }\n`,
  )
  const db = join(folder, 'own.db')
  return { folder, argv: [PROGRAM, '--db', db, 'record', 'clean-ro', '--module', file] }
}

test.each([
  ['ends the process', 'process.exit(0)', '', 'ended before it was done'],
  ['ends it while it is loaded', 'return 0', 'process.exit(0)', 'ended before it was done'],
  ['never loads', 'return 0', 'await new Promise(() => {})', 'ended before it was done'],
  ['fails later', 'setTimeout(() => { throw new Error("late") }); return 0', '', 'late'],
  ['rejects later', 'void Promise.reject(new Error("late")); return 0', '', 'late'],
])('a module that %s is exit status 2, with a sentence', (_, body, top, message) => {
  const { argv } = moduleOf(body, top)
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  expect(stderr).toContain(message)
  expect(stderr).not.toMatch(/\n\s+at /)
  expect(status).toBe(2)
})

test('a module whose timers go on for ever does not keep the command', () => {
  const { argv } = moduleOf('setInterval(() => {}, 1000); return 0')
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  expect(stdout).toContain('set_memory_ro = 0')
  expect(stderr).toContain('that the module left open were ended')
  expect(status).toBe(0)
})

test('a module that throws is shown where it did', () => {
  const { argv } = moduleOf('throw new Error("wrong")')
  const thrown = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  expect(thrown.stderr).toMatch(/threw Error: wrong\n\s+at set_memory_ro \(.*own\.ts:3:\d+\)\n$/)
  expect(thrown.status).toBe(2)
})

test('Ctrl-C ends a module that loops; its run is there, as interrupted', async () => {
  const { argv } = moduleOf('for (;;);')
  const child = spawn(process.execPath, argv, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const list = () =>
    spawnSync(process.execPath, [...argv.slice(0, 3), 'runs'], { encoding: 'utf8' }).stdout
  while (!list().includes('recording')) await wait(200)
  child.kill('SIGINT')
  expect(await ended).toEqual([null, 'SIGINT'])
  expect(list()).toContain('interrupted')
})

test('a terminal that says it has no columns is served', () => {
  const args = [
    '-qec',
    `stty cols 0 rows 0; '${process.execPath}' '${PROGRAM}' runs --help`,
    '/dev/null',
  ]
  const { status, stdout } = spawnSync('script', args, { encoding: 'utf8', timeout: 20_000 })
  expect(status).toBe(0)
  expect(stdout).toContain('List the runs in the database')
})
