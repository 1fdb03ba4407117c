import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Installation, install, npm, pack } from '../support/packed.ts'
import { PtyScreen } from '../support/terminal/pty.ts'

const root = join(import.meta.dirname, '..', '..')
const API = join(root, 'docs', 'api.md')
/** The oldest line of Node that the package promises, as npm has it. */
const OLD = '22.23.0'

let tarball: string
let here: Installation
const p = (...args: readonly string[]) => here.run(here.command, ...args)

beforeAll(() => {
  tarball = pack()
  here = install(process.execPath, tarball)
})

const manifest = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

/** The programs of docs/api.md, in its order, by the names it gives them. */
function programs(): [string, string][] {
  const texts = [...readFileSync(API, 'utf8').matchAll(/```ts(?: \S+)?\n([\s\S]*?)```/g)].map(
    (m) => m[1]!,
  )
  const names = ['record.mts', 'read.mts', 'ask.mts', 'my.ts']
  expect(texts).toHaveLength(names.length)
  return names.map((name, i) => [name, texts[i]!])
}

/** docs/api.md with what its programs print, each below its program. */
function printed(run: Installation['run']): string {
  const outputs = programs()
    .filter(([name]) => name.endsWith('.mts'))
    .map(([name]) => {
      const { status, out, err } = run(name)
      expect({ name, status, err }).toEqual({ name, status: 0, err: '' })
      return out
    })
  return readFileSync(API, 'utf8').replace(
    /```text\n[\s\S]*?```/g,
    () => `\`\`\`text\n${outputs.shift()}\`\`\``,
  )
}

function writePrograms({ folder }: Installation): void {
  for (const [name, text] of programs()) writeFileSync(join(folder, name), text)
}

describe('the packed file, in an empty folder', () => {
  test('is at most 2 MB, runs no script, and is what package.json of the command says', () => {
    expect(statSync(tarball).size).toBeLessThan(2_000_000)
    const mine = manifest(join(here.folder, 'node_modules/pagetrail/package.json'))
    const recorder = manifest(join(root, 'packages/recorder/package.json'))
    expect(mine.version).toBe(manifest(join(root, 'packages/tui/package.json')).version)
    expect(mine.engines.node).toBe(`>=${mine.config.node}`)
    expect(mine.dependencies['better-sqlite3']).toBe(recorder.dependencies['better-sqlite3'])
    expect(Object.keys(mine.scripts).filter((name) => /install/.test(name))).toEqual([])
  })

  test('the main job: record, diff, check, sql, a scenario file, an export', () => {
    expect(p('--version').out).toBe('0.2.0\n')
    expect(p('record', 'clean-ro')).toMatchObject({ status: 0, err: '' })
    expect(p('diff', '-q').out).toContain('same effects by another path')
    expect(p('record', 'two-owners', '--flavour', '7.3').status).toBe(0)
    expect(p('check', '-1', '--rules', 'lost-update').status).toBe(1)
    const { out } = p('sql', '--format', 'csv', 'select count(*) as runs from run')
    expect(out).toBe('runs\n3\n')
    expect(p('export', '-1', '-o', 'out.jsonl').status).toBe(0)
    expect(p('import', 'out.jsonl').status).toBe(0)
    expect(p('verify').status).toBe(0)
  })

  test('the programs of docs/api.md type-check against its declarations', () => {
    writePrograms(here)
    const types = join(root, 'node_modules', '@types')
    const options = { target: 'es2024', module: 'nodenext', strict: true, noEmit: true }
    const compilerOptions = { ...options, types: ['node'], typeRoots: [types], skipLibCheck: false }
    const files = programs().map(([name]) => name)
    const config = join(here.folder, 'tsconfig.json')
    writeFileSync(config, JSON.stringify({ compilerOptions, files }))
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', config], { stdio: 'pipe' })
    // The same compiler sees what is wrong: these declarations are not `any`.
    const wrong = "import { openRuns } from 'pagetrail'\nopenRuns(1, { mode: 'read' })\n"
    writeFileSync(join(here.folder, 'my.ts'), wrong)
    expect(() => execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', config])).toThrow(
      'Command failed',
    )
  })

  test('and print what the document shows', async () => {
    writePrograms(here)
    await expect(printed(here.run)).toMatchFileSnapshot(API)
  })

  test("a user's module is recorded", () => {
    writePrograms(here)
    const { status, out } = here.run(here.command, 'record', 'clean-ro', '--module', 'my.ts')
    expect({ status, out }).toMatchObject({ status: 0 })
    expect(out).toContain('clean-ro/4k-48/does-nothing')
  })

  test('the terminal UI opens on its runs, asks its worker, and leaves', async () => {
    const s = new PtyScreen(process.execPath, [here.command, '-1'], {
      columns: 120,
      rows: 36,
      cwd: here.folder,
      env: { XDG_STATE_HOME: join(here.folder, 'state') },
    })
    await s.until(/▶ +0 /)
    await s.press('jjj', /▶ +3 /)
    s.write('qq')
    expect((await s.exited).exitCode).toBe(0)
  })
})

test(`on Node ${OLD}: record, diff, sql, a module, the programs`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-node-'))
  npm(
    folder,
    'install',
    '--ignore-scripts',
    '--prefer-offline',
    `node-linux-${process.arch}@${OLD}`,
  )
  const node = join(folder, `node_modules/node-linux-${process.arch}/bin/node`)
  const old = install(node, tarball)
  const older = (...args: readonly string[]) => old.run(old.command, ...args)
  expect(old.run('-p', 'process.versions.node').out).toBe(`${OLD}\n`)
  writePrograms(old)
  expect(older('record', 'clean-ro')).toMatchObject({ status: 0, err: '' })
  expect(older('diff', '-q').out).toContain('same effects by another path')
  expect(older('sql', '--format', 'csv', 'select count(*) as runs from run').out).toBe('runs\n2\n')
  expect(older('record', 'clean-ro', '--module', 'my.ts').status).toBe(0)
  expect(printed(old.run)).toBe(readFileSync(API, 'utf8'))
})
