import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { VERBS } from '../packages/tui/src/verbs/program/table.ts'
import { folder, pagetrail } from './support/cli.ts'

const README = join(import.meta.dirname, '..', 'README.md')
/** What the reader has captured, in the README: probes at entries and returns only, on 6.18. */
const CAPTURE = join(
  import.meta.dirname,
  'fixtures',
  'traces',
  'modules_small-6.18-lean-kaslr.trace.gz',
)

const COMMAND = '    $ pagetrail '

/** Runs the commands of indented blocks that begin with `$ pagetrail`, and puts their output below them. */
async function withOutputs(text: string): Promise<string> {
  const root = folder()
  const db = join(root, 'readme.db')
  copyFileSync(CAPTURE, join(root, 'modules.trace'))
  const lines: string[] = []
  let skipping = false
  for (const line of text.split('\n')) {
    const command = line.startsWith(COMMAND)
    if (skipping && !command && (line === '' || line.startsWith('    '))) continue
    if (skipping) lines.push('')
    skipping = command
    lines.push(line)
    if (!command) continue
    const argv = argumentsOf(line.slice(COMMAND.length), root)
    const { out, err } = await pagetrail([...argv, '--db', db])
    const shown = `${out}${err}`.trimEnd().split('\n')
    lines.push(...shown.map((text) => (text === '' ? '' : `    ${text}`)))
  }
  return lines.join('\n')
}

const argumentsOf = (command: string, root: string): string[] =>
  (command.match(/'[^']*'|\S+/g) ?? [])
    .map((word) => word.replaceAll("'", ''))
    .map((word) => (word === 'modules.trace' ? join(root, word) : word))

/** The rows of the table of verbs, from the verbs themselves. */
function withVerbs(text: string): string {
  const rows = VERBS.map(({ name, summary }) => `| \`${name}\` | ${summary} |`)
  return text.replace(/(\| verb \| does \|\n\|---\|---\|\n)(\|.*\n)*/, `$1${rows.join('\n')}\n`)
}

test('README.md shows what the commands print; npm run docs:readme brings it up to date', async () => {
  const text = withVerbs(readFileSync(README, 'utf8'))
  await expect(await withOutputs(text)).toMatchFileSnapshot(README)
})

test('README.md links to files that exist', () => {
  const links = [...readFileSync(README, 'utf8').matchAll(/\]\(([^)]+)\)/g)].map((m) => m[1]!)
  expect(links.filter((link) => !existsSync(join(README, '..', link)))).toEqual([])
})
