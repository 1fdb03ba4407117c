// Plain JavaScript for the Node that is there, 20 or newer: installs what the clone needs, silent where that works,
// and then runs the named programs, one after the other, by the Node that was installed. A shell that has run one
// `node` already would go on with that one. With --tests everything is installed, else what `npm start` needs; what
// is there already is never taken away.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PNPM = 'pnpm@12.21.0'

const wantsTests = process.argv.includes('--tests')
const programs = process.argv.slice(2).filter((argument) => argument !== '--tests')

function install() {
  const all = wantsTests || existsSync('node_modules/.bin/vitest')
  if (!existsSync('node_modules')) process.stderr.write('installing into ./node_modules …\n')
  const args = [
    '--yes',
    PNPM,
    'install',
    '--frozen-lockfile',
    '--config.confirm-modules-purge=false',
  ]
  const { status, error, stdout, stderr } = spawnSync('npx', all ? args : [...args, '--prod'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (error) throw error
  if (status !== 0) process.stderr.write(`${stdout}${stderr}`)
  return status ?? 1
}

function run(program) {
  const { status, error } = spawnSync('node', [program], { stdio: 'inherit' })
  if (error) throw error
  return status ?? 1
}

let status = install()
for (const program of programs) if (status === 0) status = run(program)
process.exitCode = status
