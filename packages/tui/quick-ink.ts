import type { Plugin } from 'esbuild'
import { readFile } from 'node:fs/promises'

const QUICK_WIDTH = `${import.meta.dirname}/src/text/quick-width.ts`
/** Lines whose cells are kept from frame to frame: some screens full of them, in some ten megabytes. */
const KEPT_LINES = 600
/** Finished rows that are kept: a few tens of screens, in a few megabytes. */
const KEPT_ROWS = 2_000

type Change = readonly [was: string, is: string]

/** A frame asks twice for the text of each line without what a terminal would obey: when it is laid out and drawn. */
const OF_TEXT: readonly Change[] = [
  [
    "import sanitizeAnsi from './sanitize-ansi.js';",
    `import sanitize from './sanitize-ansi.js';
const sanitized = new Map();
function sanitizeAnsi(text) {
  const known = sanitized.get(text);
  if (known !== undefined) return known;
  if (sanitized.size >= ${KEPT_ROWS}) sanitized.clear();
  const clean = sanitize(text);
  sanitized.set(text, clean);
  return clean;
}`,
  ],
]

/** Rows do not depend on each other: each is made of what is written to it. */
const OF_ROWS: readonly Change[] = [
  ['caches = new OutputCaches();', 'caches = keptCaches();\n    rows = null;\n    isRow = false;'],
  [
    'const characterLines = [[]];',
    'const known = this.caches.lines.get(text);\n        const characterLines = [[]];',
  ],
  [
    'for (const character of this.caches.getStyledChars(text)) {',
    'for (const character of known ? [] : this.caches.getStyledChars(text)) {',
  ],
  [
    'let lines = characterLines.map(line => styledCharsToString(line));',
    `let lines = known ?? characterLines.map(line => styledCharsToString(line));
        if (!known) this.caches.lines.set(text, lines);`,
  ],
  ['return this.sliceLineToColumns(line, from, to);', 'return slice(this, line, from, to);'],
  [
    '            const characters = this.caches.getStyledChars(line);',
    `            if (this.rows) {
                this.rows[y + index].push(x, line);
                continue;
            }
            const characters = this.caches.getStyledChars(line);`,
  ],
  [
    '        const output = [];',
    `        if (!this.isRow) this.rows = Array.from({ length: this.height }, () => []);
        const output = [];`,
  ],
  [
    'for (let x = 0; x < this.width; x++) {',
    'for (let x = 0; x < this.width && !this.rows; x++) {',
  ],
  [
    'const generatedOutput = output\n            .map(line => {',
    `const generatedOutput = output
            .map((line, y) => {
            if (this.rows) return rowText(this.width, this.rows[y]);`,
  ],
]
const KEPT = `
const newCaches = () => Object.assign(new OutputCaches(), { lines: new Map(), slices: new Map() });
let kept = newCaches();
function keptCaches() {
  if (kept.styledChars.size > ${KEPT_LINES} || kept.widths.size > ${10 * KEPT_LINES}) kept = newCaches();
  return kept;
}
function slice(output, line, from, to) {
  const key = from + ',' + to + ',' + line;
  const known = output.caches.slices.get(key);
  if (known !== undefined) return known;
  const text = output.sliceLineToColumns(line, from, to);
  output.caches.slices.set(key, text);
  return text;
}
const rows = new Map();
function rowText(width, writes) {
  if (writes.length === 0) return '';
  const key = width + '\\n' + writes.join('\\n');
  const known = rows.get(key);
  if (known !== undefined) return known;
  const row = new Output({ width, height: 1 });
  row.isRow = true;
  for (let i = 0; i < writes.length; i += 2) row.write(writes[i], 0, writes[i + 1], { transformers: [] });
  const text = row.get().output;
  if (rows.size >= ${KEPT_ROWS}) rows.clear();
  rows.set(key, text);
  return text;
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
 * measures each of them, anew in each frame. Here it keeps what it made of the rows and lines of earlier frames, and
 * measures lines of signs that are one column wide, as nearly all are, without looking at clusters.
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
    const change = (filter: RegExp, changes: readonly Change[], added = '') =>
      onLoad({ filter }, async ({ path }) => {
        const source = await readFile(path, 'utf8')
        const changed = changes.reduce((text, [was, is]) => {
          if (text.split(was).length === 2) return text.replace(was, () => is)
          throw new Error(`${path} does not have "${was}" once: is it another version of Ink?`)
        }, source)
        return { contents: changed + added, loader: 'js' }
      })
    change(/[\\/]ink[\\/]build[\\/]output\.js$/, OF_ROWS, KEPT)
    change(/[\\/]ink[\\/]build[\\/]squash-text-nodes\.js$/, OF_TEXT)
  },
}
