import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { folder } from '../support/cli.ts'
import { capture, SCENARIO } from '../support/demo.ts'

/** The command as a user runs it. */
const root = join(import.meta.dirname, '..', '..')
const command = join(root, 'node_modules', '.bin', 'pagetrail')

function shell() {
  const cwd = folder()
  const env = { ...process.env, PAGETRAIL_DB: join(cwd, 'runs.db') }
  return {
    cwd,
    env,
    run: (...args: string[]) => spawnSync(command, args, { cwd, env, encoding: 'utf8' }),
    sh: (line: string) => spawnSync('sh', ['-c', line, command], { cwd, env, encoding: 'utf8' }),
  }
}

test('record, runs, replay', () => {
  const { run } = shell()
  expect(run('record', SCENARIO)).toMatchObject({ status: 0, stderr: '' })
  const runs = run('runs')
  expect(runs.stdout).toContain('three-pages-then-half-a-block/4k-48/6.18')
  const replay = run('replay', '-1', '--filter', 'kind == op_end')
  expect(replay.stdout).toMatch(/set_memory_ro = 0\n.*set_memory_nx = -EINVAL\n$/)
})

test('--version loads nothing of what verbs need: scripts ask for it before anything else', () => {
  const { cwd, env } = shell()
  // Prints how many files a process has loaded when it ends.
  const counter = `import { registerHooks } from 'node:module'
    let files = 0
    registerHooks({ load(url, context, next) { files++; return next(url, context) } })
    process.on('exit', () => process.stderr.write(String(files)))`
  const url = `data:text/javascript,${encodeURIComponent(counter)}`
  const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')
  const loaded = (...args: string[]) =>
    spawnSync(process.execPath, ['--import', url, program, ...args], { cwd, env, encoding: 'utf8' })
  const version = loaded('--version')
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(Number(version.stderr)).toBeLessThan(20)
  expect(Number(loaded('--help').stderr)).toBeGreaterThan(100)
})

test('what a module throws outside of its calls is reported as text that no terminal obeys: 2', () => {
  const { cwd, run } = shell()
  const module = join(cwd, 'late.ts')
  writeFileSync(
    module,
    `setTimeout(() => { throw new Error('late \\u001b[2J\\nsecond') }, 0)\nexport default {}\n`,
  )
  const { status, stderr } = run('record', SCENARIO, '--module', module)
  expect(stderr).toContain('failed outside of any call: late \\x1b[2J\n  second')
  expect(status).toBe(2)
})

test('a closed pipe ends the output quietly', () => {
  const { run, sh } = shell()
  run('import', capture('6.18.15'))
  const { stdout, stderr } = sh('{ "$0" replay 1; echo "status $?" >&2; } | head -n 1')
  expect(stdout.split('\n')).toHaveLength(2)
  expect(stderr).toBe('status 0\n')
})

test('Ctrl-C stops an import from a pipe, and keeps what came: 130', async () => {
  const { run, cwd, env } = shell()
  const child = spawn(command, ['import', '-', '--label', 'pipe'], { cwd, env })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  let said = ''
  child.stderr.on('data', (data) => (said += data))
  // It is closed on us before all was read.
  child.stdin.on('error', (error) => expect(error.message).toBe('write EPIPE'))
  child.stdin.write(gunzipSync(readFileSync(capture('6.17.13'))))
  await expect.poll(() => run('runs').stdout, { timeout: 10_000 }).toContain('recording')
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  expect(said).toBe('pagetrail: interrupted; what was imported is kept\n')
  expect(run('runs').stdout).toMatch(/pipe +ftrace .* interrupted/)
})

test('an older Node is told what is needed: 2', () => {
  const { cwd } = shell()
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`
  const args = [
    '--import',
    `data:text/javascript,${encodeURIComponent(older)}`,
    join(root, 'packages', 'tui', 'bin', 'pagetrail.js'),
    'runs',
  ]
  const ran = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
  expect(ran).toMatchObject({ status: 2, stdout: '' })
  expect(ran.stderr).toMatch(/^pagetrail: needs Node 24 or newer, this is 20.20.2/)
})

test('a file that is no database, a folder that does not exist: one sentence and 2', () => {
  const { run } = shell()
  const noDatabase = run('runs', '--db', SCENARIO)
  expect(noDatabase.status).toBe(2)
  expect(noDatabase.stderr).toMatch(/^pagetrail: .* is not a Pagetrail database; .*\n$/)
  const noFolder = run('record', SCENARIO, '--db', '/nowhere/runs.db')
  expect(noFolder.status).toBe(2)
  expect(noFolder.stderr).toMatch(/^pagetrail: .* there is no folder \/nowhere; .*\n$/)
})
