import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { VERBS } from '../packages/tui/src/verbs/program/verb-table.ts'
import { hasPrograms } from './hooks/compilers.ts'
import { pagetrail } from './support/cli.ts'
import { commandsOf, DOCUMENTS, isForm, textOf } from './support/documents/document-commands.ts'
import { otherForms } from './support/json-values.ts'
import { inFolder, readersFolder } from './support/documents/readers-folder.ts'
import { parseCommandLine, runCommandLine } from './support/documents/small-shell.ts'

/** What a test cannot run, by why. The commands that are meant are listed below, one by one. */
const ELSEWHERE: readonly (readonly [why: string, commands: RegExp])[] = [
  [
    'root on the kernel that is captured',
    /^(?:sh \S*capture\S*|mount|cat \/out\.trace|vng|dmesg) /,
  ],
  ['another machine', /^(?:ssh|scp|rsync|aws|clickhouse client) /],
  ['a kernel tree', /~\/linux/],
  ["a kernel's vmlinux", /--vmlinux/],
  ['a terminal', /^pagetrail(?: tui .*)?$/],
  ["the clone's own commands", /^(?:npm|npx|node) /],
  ["a program of the reader's", /^\.\/my-/],
]

const whyElsewhere = (command: string): string | undefined =>
  ELSEWHERE.find(([, commands]) => commands.test(withoutComment(command)))?.[0]

const withoutComment = (command: string): string => command.replace(/\s+#.*$/, '')

/** Every command of every document, with where it can be run. */
const COMMANDS = DOCUMENTS.flatMap((document) =>
  commandsOf(textOf(document)).map((command) => ({ document, command })),
)

/**
 * A reader of these has runs already, or would have them of a kernel tree; of README.md and the other how-tos the
 * commands themselves make them.
 */
const HAS_RUNS = /^docs\/(?:[^/]+|howto\/check-my-patch\.md)$/

const PREPARED = [
  ['import', 'before.trace.gz', 'after.trace.gz', 'modules.trace'],
  ['record', 'clean-ro'],
] as const

/** Commands of a document that are run here. */
const runnable = (text: string): string[] =>
  commandsOf(text).filter((each) => !isForm(each) && whyElsewhere(each) === undefined)

/** Programs of others that a document's commands need, but those that are asked in this process. */
const programsOf = (text: string): string[] =>
  runnable(text)
    .flatMap((command) => parseCommandLine(command).flatMap(({ stages }) => stages))
    .map(({ argv }) => argv[0] ?? '')
    .filter((name) => !/^(?:pagetrail|duckdb|clickhouse|\.\/.*)$/.test(name))

for (const document of DOCUMENTS.filter((each) => runnable(textOf(each)).length > 0)) {
  const text = textOf(document)
  test.runIf(hasPrograms(...programsOf(text)))(
    `the commands of ${document} run as they are printed`,
    async () => {
      await inFolder(readersFolder(text), async () => {
        if (HAS_RUNS.test(document)) for (const argv of PREPARED) await pagetrail(argv)
        const failed: string[] = []
        for (const command of runnable(text)) {
          const { status, out, err } = await runCommandLine(command)
          if (![0, 1, 3].includes(status)) failed.push(`${command}: ${status} ${err}`)
          failed.push(...otherForms(out).map((value) => `${command}: ${value}`))
        }
        for (const file of globSync('**/*.{json,jsonl,sarif}')) {
          const values = otherForms(readFileSync(file, 'utf8'))
          failed.push(...values.map((value) => `${file}: ${value}`))
        }
        expect(failed).toEqual([])
      })
    },
    120_000,
  )
}

/** What of a command's `pagetrail …` there is not: its verb, or an option of it. */
async function unknownIn(command: string): Promise<string[]> {
  const stages = parseCommandLine(command).flatMap(({ stages: own }) => own)
  const unknown = stages
    .filter(({ argv }) => argv[0] === 'pagetrail')
    .map(async ({ argv }) => {
      const verb = VERBS.find(({ name }) => argv.includes(name))?.name ?? 'tui'
      if (verb === 'tui' && argv.length > 1 && argv[1] !== 'tui') return [`${argv[1]}`]
      const { out } = await pagetrail(['help', verb])
      return argv.filter((word) => word.startsWith('--') && !out.includes(word))
    })
  return (await Promise.all(unknown)).flat()
}

test('what stands for commands has verbs and options that there are', async () => {
  for (const { document, command } of COMMANDS.filter((each) => isForm(each.command)))
    expect(await unknownIn(command), `${document}: ${command}`).toEqual([])
})

/** By name, so that a run of the tests lists what it does not run, and why. */
const listed = new Map(
  COMMANDS.filter(({ command }) => !isForm(command)).flatMap(({ command }) => {
    const why = whyElsewhere(command)
    return why === undefined ? [] : [[withoutComment(command), why] as const]
  }),
)

test.each([...listed])(
  'not run here, only its options are looked up: %s (it needs %s)',
  async (command) => {
    expect(await unknownIn(command)).toEqual([])
  },
)
