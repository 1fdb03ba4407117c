// Plain JavaScript for the Node that is there, 20 or newer: installs what the clone needs, and is silent if that works.
// With --tests all of it, else what `npm start` needs; what is there already is never taken away.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PNPM = 'pnpm@12.21.0'

const all = process.argv.includes('--tests') || existsSync('node_modules/.bin/vitest')
if (!existsSync('node_modules')) process.stderr.write('installing into ./node_modules …\n')
const args = ['--yes', PNPM, 'install', '--frozen-lockfile', '--config.confirm-modules-purge=false']
const { status, error, stdout, stderr } = spawnSync('npx', all ? args : [...args, '--prod'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'pipe'],
})
if (error) throw error
if (status !== 0) {
  process.stderr.write(`${stdout}${stderr}`)
  process.exitCode = status ?? 1
}
