import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder, pagetrail } from './cli.ts'

const root = join(import.meta.dirname, '..', '..')
const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')
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

/**
 * A document, with below each `$ pagetrail …` of an indented block what that command prints. The commands run in order,
 * on one database, in a folder that has the captures above and the files that the document shows.
 */
export async function withOutputs(text: string): Promise<string> {
  const at = folder()
  for (const [name, file] of Object.entries(CAPTURES)) copyFileSync(file, join(at, name))
  for (const [, indent, name, content] of text.matchAll(SHOWN_FILE)) {
    const lines = content!.split('\n').map((line) => line.slice(indent!.length))
    writeFileSync(join(at, name!), lines.join('\n'))
  }
  const lines: string[] = []
  let under: string | null = null
  for (const line of text.split('\n')) {
    const [, indent, command] = /^( {4,})\$ pagetrail (.+)$/.exec(line) ?? []
    if (under !== null && command === undefined && (line === '' || line.startsWith(under))) continue
    if (under !== null) lines.push('')
    under = indent ?? null
    lines.push(line)
    if (command !== undefined) lines.push(...(await outputOf(command, indent!, at)))
  }
  return lines.join('\n')
}

/** What a command prints, each line behind `indent`. */
async function outputOf(command: string, indent: string, at: string): Promise<string[]> {
  const here = new Set(readdirSync(at))
  const words = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
  const argv = words.map((word) => (here.has(word) ? join(at, word) : word))
  const { out, err } = await answerTo([...argv, '--db', join(at, 'pages.db')])
  const shown = `${out}${err}`.replaceAll(`${at}/`, '').trimEnd()
  return shown.split('\n').map((text) => (text === '' ? '' : `${indent}${text}`))
}

/** A module of the reader's finds pagetrail/engine by the program's own resolution, which only the program has. */
function answerTo(argv: readonly string[]): Promise<{ out: string; err: string }> {
  if (!argv.includes('--module')) return pagetrail(argv)
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...argv], { encoding: 'utf8' })
  return Promise.resolve({ out: stdout, err: stderr })
}

/** The links of a document that lead to a file, without their places in it. */
export const linksOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map((m) => m[1]!)
