import { expect, test } from 'vitest'
import { VERBS } from '../packages/tui/src/verbs/program/verb-table.ts'
import { hasPrograms } from './hooks/compilers.ts'
import { pagetrail } from './support/cli.ts'
import { commandsOf, DOCUMENTS, isForm, textOf } from './support/document-commands.ts'
import { inFolder, readersFolder } from './support/readers-folder.ts'
import { parseCommandLine, runCommandLine } from './support/small-shell.ts'

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
          const { status, err } = await runCommandLine(command)
          if (![0, 1, 3].includes(status)) failed.push(`${command}: ${status} ${err}`)
        }
        expect(failed).toEqual([])
      })
    },
    120_000,
  )
}

test('what stands for commands has verbs and options that there are', async () => {
  const wrong: string[] = []
  for (const { document, command } of COMMANDS.filter((each) => isForm(each.command))) {
    for (const { argv } of parseCommandLine(command).flatMap(({ stages }) => stages)) {
      if (argv[0] !== 'pagetrail') continue
      const verb = VERBS.find(({ name }) => argv.includes(name))
      const { out } = await pagetrail(['help', verb?.name ?? 'nosuch'])
      const options = argv.filter((word) => word.startsWith('--'))
      if (verb === undefined || options.some((option) => !out.includes(option)))
        wrong.push(`${document}: ${command}`)
    }
  }
  expect(wrong).toEqual([])
})

test('what is not run here is known by name, each with the reason', () => {
  const listed = new Map<string, Set<string>>()
  for (const { command } of COMMANDS) {
    const why = isForm(command) ? undefined : whyElsewhere(command)
    if (why !== undefined)
      listed.set(why, (listed.get(why) ?? new Set()).add(withoutComment(command)))
  }
  expect(Object.fromEntries([...listed].map(([why, names]) => [why, [...names]])))
    .toMatchInlineSnapshot(`
      {
        "a kernel tree": [
          "pagetrail patch ~/linux --base v6.18",
          "pagetrail patch ~/linux",
          "pagetrail patch ~/linux --base v7.3 --format markdown > review.md",
          "pagetrail patch ~/linux --format html > review.html",
          "pagetrail patch ~/linux-patched --base ~/linux partial-block half-changed",
          "pagetrail record clean-ro --tree ~/linux --tree ~/linux-patched; pagetrail diff; pagetrail check -1",
          "pagetrail tree ~/linux",
          "pagetrail tree ~/linux --explore two-in-one-block",
          "pagetrail conform --tree ~/linux corpus/*.jsonl.gz",
          "pagetrail patch ~/linux --base v7.3 --format html > review.html",
          "pagetrail record half-changed --tree ~/linux-base --tree ~/linux",
          "pagetrail patch ~/linux --base v7.3 mine.json",
          "pagetrail tree ~/linux --explore two-in-one-block --preemptions 3",
        ],
        "a kernel's vmlinux": [
          "pagetrail capture-script --vmlinux vmlinux > capture.sh",
          "pagetrail capture-script --vmlinux build-a/vmlinux > capture-a.sh",
          "pagetrail capture-script --vmlinux build-b/vmlinux > capture-b.sh",
        ],
        "a program of the reader's": [
          "./my-page-table | pagetrail import -",
        ],
        "a terminal": [
          "pagetrail tui before after",
          "pagetrail",
          "pagetrail tui modules",
          "pagetrail tui before.trace.gz after.trace.gz",
          "pagetrail tui 1",
        ],
        "another machine": [
          "scp capture.sh host:",
          "ssh host sh capture.sh --live insmod my.ko | pagetrail import --follow -",
          "clickhouse client --host db.lab --query "select kernel, uniq(run) from event group by kernel"",
          "clickhouse client --host db.lab --query "select * from s3Cluster('lab', 'https://lab.s3.amazonaws.com/fleet/run=*/*.parquet')"",
          "aws s3 sync fleet s3://lab/fleet",
          "rsync -a fleet/ lab:/srv/fleet/",
          "ssh host sh capture.sh -o modules.trace modprobe nls_ascii",
          "scp host:modules.trace .",
          "ssh host sh capture.sh --live modprobe nls_ascii | pagetrail import --follow --label modules -",
        ],
        "root on the kernel that is captured": [
          "sh capture.sh -o modules.trace modprobe nls_ascii",
          "mount -t tracefs nodev /sys/kernel/tracing",
          "sh /capture.sh -o /out.trace /bin/workload",
          "cat /out.trace > /dev/vport0p1",
          "vng --run --rw -- sh capture.sh -o out.trace modprobe nls_ascii",
          "sh capture-a.sh -o before.trace.gz modprobe nls_ascii",
          "dmesg > dmesg.txt",
        ],
        "the clone's own commands": [
          "npm start",
          "npm test",
          "npx vitest run test/engine",
          "npm run format",
          "node bench/walk.ts",
          "npm install pagetrail",
        ],
      }
    `)
})
