import { build, type BuildOptions, type Plugin } from 'esbuild'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { INK_DEFINES, quickInk } from './quick-ink.ts'

const dir = `${import.meta.dirname}/`
const outdir = `${dir}dist`

const common: BuildOptions = {
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  banner: {
    js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);",
  },
  sourcemap: true,
  logLevel: 'warning',
}

const recorder = join(dir, '../recorder')

/** SQLite is a native module, and the recorder's: it stays where the recorder finds it. */
const sqliteFrom = (folder: string): Plugin => ({
  name: 'sqlite',
  setup({ onResolve }) {
    const file = createRequire(`${recorder}/package.json`).resolve('better-sqlite3')
    const path = `./${relative(folder, file)}`
    onResolve({ filter: /^better-sqlite3$/ }, () => ({ path, external: true }))
  },
})
const sqlite = sqliteFrom(outdir)

/**
 * Node strips types but knows no JSX. All that the screens take is in the bundle: one file instead of nine hundred is
 * most of the time to the first frame.
 */
await build({
  ...common,
  entryPoints: { app: `${dir}src/live/run-app.tsx` },
  jsx: 'automatic',
  plugins: [quickInk, sqlite],
  alias: { 'react-devtools-core': `${dir}src/live/no-devtools.ts` },
  define: INK_DEFINES,
})

/** Its worker threads load one file instead of two hundred: a third of the time to the first frame. */
await build({
  ...common,
  entryPoints: { worker: `${dir}src/data/worker.ts` },
  // What it imports later on is a file of its own, whose compiled code is kept.
  splitting: true,
  chunkNames: 'worker-[name]',
  plugins: [sqlite],
})

/** The threads of the recorder likewise. A list says of what each was made: it is not run when that has changed. */
const began = Date.now()
const threads = {
  'side-thread': 'src/apart/side-thread.ts',
  translator: 'src/import/apart/translator.ts',
}
for (const [name, source] of Object.entries(threads)) {
  const folder = join(recorder, 'dist')
  const list = join(folder, `${name}.json`)
  // Nobody runs what is not whole yet, or never will be.
  rmSync(list, { force: true })
  const { metafile } = await build({
    ...common,
    outdir: folder,
    entryPoints: { [name]: join(recorder, source) },
    splitting: true,
    chunkNames: `${name}-[name]`,
    plugins: [sqliteFrom(folder)],
    metafile: true,
  })
  const from = Object.keys(metafile.inputs).map((path) => relative(folder, resolve(path)))
  writeFileSync(`${list}.${process.pid}`, JSON.stringify({ began, from }))
  renameSync(`${list}.${process.pid}`, list)
}
