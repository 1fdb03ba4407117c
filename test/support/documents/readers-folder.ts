import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../cli.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const demo = join(root, 'packages', 'tui', 'demo')
const fixtures = join(root, 'test', 'fixtures', 'traces')

/** What the reader of a page has captured. */
const CAPTURES = {
  // Probes at entries and returns only, on 6.18.
  'modules.trace': join(fixtures, 'modules_small-6.18-lean-kaslr.trace.gz'),
  'before.trace.gz': join(demo, 'modules_small-6.17.13.trace.gz'),
  'after.trace.gz': join(demo, 'modules_small-6.18.15.trace.gz'),
  'before-again.trace.gz': join(fixtures, 'modules_small-6.17-localclock.trace.gz'),
  'known.trace': join(demo, 'modules_small-6.18.15.trace.gz'),
  'out.trace': join(fixtures, 'modules_small-7.3.trace.gz'),
  'run.jsonl.gz': join(root, 'test', 'fixtures', 'v0.1', 'runs.jsonl.gz'),
}

/** What `dmesg` of a kernel says that has a `pt_to_printk()`. */
const LOG = [
  'Booting Linux on physical CPU 0x0',
  'pagetrail: {"pagetrail":2,"run":{"label":"kunit","shows":["barrier"]}}',
  'pagetrail: {"seq":0,"cpu":0,"op":null,"kind":"barrier"}',
  'pagetrail: {"end":{"events":1,"calls":0}}',
]

/** A file that the page shows: a block of code whose fence names it, as in ```json edge.json. */
const SHOWN_FILE = /^( *)```\w+ (\S+)\n([^]*?)^ *```$/gm

/** Parts of the clone that pages name by their path. */
const CLONED = ['examples', 'hooks', 'packages', 'bench', 'test']

/** A folder as the reader of a document has it: the captures above, the clone, the files that the document shows. */
export function readersFolder(text: string): string {
  const at = folder()
  for (const [name, file] of Object.entries(CAPTURES)) copyFileSync(file, join(at, name))
  for (const name of CLONED) symlinkSync(join(root, name), join(at, name))
  writeFileSync(join(at, 'dmesg.txt'), LOG.map((line) => `[    0.000000] ${line}\n`).join(''))
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
