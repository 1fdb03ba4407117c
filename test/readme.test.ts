import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { VERBS } from '../packages/tui/src/verbs/program/verb-table.ts'
import { linksOf, withOutputs } from './support/documents/shown-commands.ts'

const root = join(import.meta.dirname, '..')
const README = join(root, 'README.md')
const howto = join(root, 'docs', 'howto')
const HOWTOS = readdirSync(howto).map((name) => join(howto, name))

/** The rows of the table of verbs, from the verbs themselves. */
function withVerbs(text: string): string {
  const rows = VERBS.map(({ name, summary }) => `| \`${name}\` | ${summary} |`)
  return text.replace(/(\| verb \| does \|\n\|---\|---\|\n)(\|.*\n)*/, `$1${rows.join('\n')}\n`)
}

test('README.md shows what the commands print; npm run docs:readme brings it up to date', async () => {
  const text = withVerbs(readFileSync(README, 'utf8'))
  await expect(await withOutputs(text)).toMatchFileSnapshot(README)
})

test.for(HOWTOS)('%s shows what the commands print', async (file, { expect }) => {
  await expect(await withOutputs(readFileSync(file, 'utf8'))).toMatchFileSnapshot(file)
})

test('README.md and the how-tos link to files that exist, and README.md to every how-to', () => {
  const broken = [README, ...HOWTOS].flatMap((file) =>
    linksOf(file).filter((link) => !existsSync(join(dirname(file), link))),
  )
  expect(broken).toEqual([])
  const linked = new Set(linksOf(README).map((link) => join(root, link)))
  expect(HOWTOS.filter((file) => !linked.has(file))).toEqual([])
})
