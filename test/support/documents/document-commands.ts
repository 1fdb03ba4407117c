import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..')

/** Documents for readers, by their path in the clone. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'packages/pagetrail/README.md',
].concat(
  ...['docs', 'docs/howto'].map((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md') && name !== 'api-surface.md')
      .map((name) => `${folder}/${name}`),
  ),
)

export const textOf = (document: string): string => readFileSync(join(root, document), 'utf8')

/** What the first word of a command may be: a line of a block that begins otherwise is output, or code. */
const PROGRAMS =
  /^(?:pagetrail|npm|npx|node|cc|gcc|rustc|sh|ssh|scp|rsync|aws|mount|cat|vng|dmesg|duckdb|clickhouse|\.\/\S+)(?= |$)/

/** The commands that a document shows, in order: lines of blocks of code, and whole commands within sentences. */
export function commandsOf(text: string): string[] {
  const commands: string[] = []
  let fence = false
  for (const line of text.split('\n')) {
    if (/^ *```/.test(line)) fence = !fence
    else if (fence) continue
    else if (/^ {4,}/.test(line)) {
      const own = line.trim().replace(/^\$ /, '')
      if (PROGRAMS.test(own) && isCommand(line)) commands.push(own)
    } else {
      for (const [, own] of line.matchAll(/`(pagetrail [a-z-]+ [^`]+)`/g)) commands.push(own!)
    }
  }
  return commands
}

/** Output of `pagetrail …` may begin with its name and a colon. */
const isCommand = (line: string): boolean => !/^ *pagetrail: /.test(line)

/** A form, not a command: words in capitals, or an ellipsis, stand for something. */
export const isForm = (command: string): boolean =>
  /(?:^|[\s=])(?:[A-Z]{3,}|[AB])(?:…)?(?=\s|$)|…/.test(command.replace(/'[^']*'|"[^"]*"/g, ''))
