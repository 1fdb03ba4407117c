import { build } from 'esbuild'

const dir = `${import.meta.dirname}/`

/** Node strips types but knows no JSX: only the terminal UI is bundled; the workspace's packages run from source. */
await build({
  entryPoints: { app: `${dir}src/app/index.tsx` },
  outdir: `${dir}dist`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  jsx: 'automatic',
  external: ['@pagetrail/*'],
  alias: { 'react-devtools-core': `${dir}src/no-devtools.ts` },
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  banner: {
    js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);",
  },
  sourcemap: true,
  logLevel: 'warning',
})
