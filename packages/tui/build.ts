import { build, type BuildOptions, type Plugin } from 'esbuild'
import { createRequire } from 'node:module'
import { relative } from 'node:path'
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

/** SQLite is a native module, and the recorder's: it stays where the recorder finds it. */
const sqlite: Plugin = {
  name: 'sqlite',
  setup({ onResolve }) {
    const file = createRequire(`${dir}../recorder/package.json`).resolve('better-sqlite3')
    const path = `./${relative(outdir, file)}`
    onResolve({ filter: /^better-sqlite3$/ }, () => ({ path, external: true }))
  },
}

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
