import { execFileSync } from 'node:child_process'
import { build } from 'esbuild'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { INK_DEFINES, quickInk } from '../tui/quick-ink.ts'
import { declarations } from './declarations.ts'

/**
 * Makes what `npm pack` takes: JavaScript with source maps, declarations, the command, and the licences of what is
 * bundled. One dependency is left for npm, SQLite, which is a native module.
 */
const here = import.meta.dirname
const root = resolve(here, '../..')
const at = (path: string) => join(here, path)
const BANNER =
  "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);"

for (const made of ['dist', 'bin', 'man', 'completions']) {
  await rm(at(made), { recursive: true, force: true })
}

const { metafile } = await build({
  absWorkingDir: root,
  outdir: at('dist'),
  entryPoints: {
    index: 'packages/pagetrail/src/index.ts',
    import: 'packages/pagetrail/src/import.ts',
    export: 'packages/pagetrail/src/export.ts',
    check: 'packages/pagetrail/src/check.ts',
    engine: 'packages/engine/src/index.ts',
    main: 'packages/tui/src/main.ts',
    io: 'packages/tui/src/command/io.ts',
    app: 'packages/tui/src/live/run-app.tsx',
    worker: 'packages/tui/src/data/worker.ts',
    'side-thread': 'packages/recorder/src/apart/side-thread.ts',
    'sql-child': 'packages/recorder/src/sql/child.ts',
    translator: 'packages/recorder/src/import/apart/translator.ts',
    watchdog: 'packages/recorder/src/sql/watchdog.ts',
  },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  jsx: 'automatic',
  external: ['better-sqlite3'],
  alias: { 'react-devtools-core': './packages/tui/src/live/no-devtools.ts' },
  plugins: [quickInk],
  define: INK_DEFINES,
  banner: { js: BANNER },
  minifySyntax: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
})

await declarations(root, at('dist/types'))
await mkdir(at('man'))
await writeFile(at('man/pagetrail.1'), command('man'))
await mkdir(at('completions'))
for (const shell of ['bash', 'zsh', 'fish']) {
  await writeFile(at(`completions/pagetrail.${shell}`), command('completion', shell))
}
await cp(join(root, 'packages/tui/bin'), at('bin'), { recursive: true })
await cp(join(root, 'LICENSE'), at('LICENSE'))
await writeFile(at('LICENSES-bundled.txt'), await licences(Object.keys(metafile.inputs)))

/** What the command of the clone prints. */
function command(...args: readonly string[]): string {
  const bin = join(root, 'packages/tui/bin/pagetrail.js')
  return execFileSync(process.execPath, [bin, ...args], { encoding: 'utf8' })
}

/** The licence of each package that is bundled, under its name and version. */
async function licences(inputs: readonly string[]): Promise<string> {
  const folders = new Set(
    inputs.flatMap((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  )
  const texts = await Promise.all(
    [...folders].toSorted().map((folder) => licence(join(root, folder))),
  )
  return `${[...new Set(texts)].toSorted().join(`\n${'-'.repeat(72)}\n`)}`
}

async function licence(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  )
  const file = (await readdir(folder)).find((entry) => /^licen[sc]e/i.test(entry))
  const text = file === undefined ? '' : `\n${await readFile(join(folder, file), 'utf8')}`
  return `${name} ${version} (${license})\n${text}`
}
