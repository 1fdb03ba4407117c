import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** What `npm pack` makes of the package, in a folder of its own. */
export function pack(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-pack-'))
  npm(root, 'pack', './packages/pagetrail', '--pack-destination', folder)
  return join(folder, readdirSync(folder)[0]!)
}

export interface Installation {
  readonly folder: string
  readonly command: string
  /** Runs a program with the Node of this installation; both streams, and the status. */
  run(file: string, ...args: readonly string[]): { status: number | null; out: string; err: string }
}

/** A folder with nothing in it but what npm installs: a user's project on this Node. */
export function install(node: string, ...packages: readonly string[]): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-project-'))
  mkdirSync(join(folder, 'state'))
  // "commonjs" is what `npm init` writes.
  writeFileSync(join(folder, 'package.json'), '{"name":"project","type":"commonjs"}')
  npm(folder, 'install', '--ignore-scripts', '--prefer-offline', ...packages)
  const env = { ...process.env, PAGETRAIL_DB: '', XDG_STATE_HOME: join(folder, 'state') }
  return {
    folder,
    command: join(folder, 'node_modules', 'pagetrail', 'bin', 'pagetrail.js'),
    run(file, ...args) {
      const ran = spawnSync(node, [file, ...args], { cwd: folder, env, encoding: 'utf8' })
      return { status: ran.status, out: ran.stdout, err: ran.stderr }
    },
  }
}

/** The npm beside the Node that runs this; its noise is kept back unless it fails. */
export function npm(cwd: string, ...args: readonly string[]): void {
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
