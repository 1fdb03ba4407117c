import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from './cli.ts'

const root = join(import.meta.dirname, '..', '..')
const demo = join(root, 'packages', 'tui', 'demo')
const fixtures = join(root, 'test', 'fixtures', 'traces')

/** What the reader of a page has captured. */
const CAPTURES = {
  // Probes at entries and returns only, on 6.18.
  'modules.trace': join(fixtures, 'modules_small-6.18-lean-kaslr.trace.gz'),
  'before.trace.gz': join(demo, 'modules_small-6.17.13.trace.gz'),
  'after.trace.gz': join(demo, 'modules_small-6.18.15.trace.gz'),
}

/** A file that the page shows: a block of code whose fence names it, as in ```json edge.json. */
const SHOWN_FILE = /^( *)```\w+ (\S+)\n([^]*?)^ *```$/gm

/** Parts of the clone that pages name by their path. */
const CLONED = ['examples', 'hooks', 'packages', 'bench']

/** A folder as the reader of a document has it: the captures above, the clone, the files that the document shows. */
export function readersFolder(text: string): string {
  const at = folder()
  for (const [name, file] of Object.entries(CAPTURES)) copyFileSync(file, join(at, name))
  for (const name of CLONED) symlinkSync(join(root, name), join(at, name))
  for (const [, indent, name, content] of text.matchAll(SHOWN_FILE)) {
    const lines = content!.split('\n').map((line) => line.slice(indent!.length))
    writeFileSync(join(at, name!), lines.join('\n'))
  }
  return at
}

/** Works in a folder, and comes back from it. */
export async function inFolder<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = process.cwd()
  process.chdir(path)
  try {
    return await work()
  } finally {
    process.chdir(before)
  }
}
