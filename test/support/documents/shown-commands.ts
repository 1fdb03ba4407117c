import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pagetrail } from '../cli.ts'
import { inFolder, readersFolder } from './readers-folder.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')

/**
 * A document, with below each `$ pagetrail …` of an indented block what that command prints. The commands run in order,
 * on one database, in the reader's folder.
 */
export async function withOutputs(text: string): Promise<string> {
  return inFolder(readersFolder(text), () => shown(text))
}

async function shown(text: string): Promise<string> {
  const lines: string[] = []
  let under: string | null = null
  for (const line of text.split('\n')) {
    const [, indent, command] = /^( {4,})\$ pagetrail (.+)$/.exec(line) ?? []
    if (under !== null && command === undefined && (line === '' || line.startsWith(under))) continue
    if (under !== null) lines.push('')
    under = indent ?? null
    lines.push(line)
    if (command !== undefined) lines.push(...(await outputOf(command, indent!)))
  }
  return lines.join('\n')
}

/** What a command prints, each line behind `indent`. */
async function outputOf(command: string, indent: string): Promise<string[]> {
  const words = (command.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''))
  const { out, err } = await answerTo([...words, '--db', 'pages.db'])
  const printed = `${out}${err}`.trimEnd()
  return printed.split('\n').map((text) => (text === '' ? '' : `${indent}${text}`))
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
