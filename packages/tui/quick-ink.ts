import type { Plugin } from 'esbuild'
import { readFile } from 'node:fs/promises'

const QUICK_WIDTH = `${import.meta.dirname}/src/text/quick-width.ts`
/** Lines whose cells are kept from frame to frame: some screens full of them, in some ten megabytes. */
const KEPT_LINES = 600
const FORGETS = 'caches = new OutputCaches();'
const KEEPS = 'caches = keptCaches();'
const KEPT = `
let kept = new OutputCaches();
function keptCaches() {
  if (kept.styledChars.size > ${KEPT_LINES} || kept.widths.size > ${10 * KEPT_LINES}) kept = new OutputCaches();
  return kept;
}
`

/** In Ink's place stands what a program for people needs, not what its developers do. */
export const INK_DEFINES = {
  'process.env.NODE_ENV': '"production"',
  'process.env.DEV': '"false"',
  // Its layout engine would fetch() its own code from a data: URL, for which Node loads an HTTP client: a seventh of
  // the time to the first frame. Without fetch() it decodes the URL itself.
  fetch: 'undefined',
}

/**
 * Makes Ink draw the same frames in less than half the time. It takes every line apart into grapheme clusters and
 * measures each of them, anew in each frame. Here it keeps what it made of the lines of earlier frames, and measures
 * lines of signs that are one column wide, as nearly all are, without looking at clusters.
 *
 * Fails the build where Ink is not what this was made for.
 */
export const quickInk: Plugin = {
  name: 'quick-ink',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^string-width$/ }, ({ importer }) =>
      // Libraries only: what stands in asks the real one itself.
      importer.includes('node_modules') ? { path: QUICK_WIDTH } : undefined,
    )
    onLoad({ filter: /[\\/]ink[\\/]build[\\/]output\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      if (source.split(FORGETS).length !== 2) {
        throw new Error(`${path} does not have "${FORGETS}" once: is it another version of Ink?`)
      }
      return { contents: source.replace(FORGETS, KEEPS) + KEPT, loader: 'js' }
    })
  },
}
