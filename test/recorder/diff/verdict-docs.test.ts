import {
  type Diff,
  diffRuns,
  type DiffVerdict,
  openRuns,
  recordScenario,
  VERDICTS,
} from '@pagetrail/recorder'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

import { REVIEWED, type Reviewed } from './reviewed-verdicts.ts'
import { changedVerdicts, changesText, REASONS } from './verdict-changes.ts'

const FLAVOURS = ['6.12', '6.17', 'seed-v1', '6.18', '7.3'] as const

/** Cells of the table; the least word that tells them apart. */
const WORD: Readonly<Record<DiffVerdict, string>> = {
  identical: 'identical',
  'same effects by another path': 'path',
  unknown: 'unknown',
  'same outcome, different effects': 'effects',
  'different outcome': 'outcome',
}

/** Nothing is lost of a run of the engine, so that no verdict of two is unknown. */
const COLUMNS = VERDICTS.filter((verdict) => verdict !== 'unknown')

const inputs = new Map(
  gunzipSync(
    readFileSync(join(import.meta.dirname, '../../fixtures/scenarios/named-4k-48.jsonl.gz')),
  )
    .toString()
    .trimEnd()
    .split('\n')
    .map((line): [string, object] => {
      const { name, ...input }: { name: string } = JSON.parse(line)
      return [name, input]
    }),
)

interface Compared {
  readonly returned: readonly string[]
  /** By left, then right; a run against itself for its numbers. */
  readonly diffs: readonly (readonly Diff[])[]
}

async function compare(name: string): Promise<Compared> {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const runs = FLAVOURS.map((flavour) =>
    recordScenario(runFile, inputs.get(name), { flavour, name, created: 0 }),
  )
  const sources = runs.map(({ run }) => runFile.source(run))
  const diffs = sources.map((left) => sources.map((right) => diffRuns(left, right)))
  runFile.close()
  const returned = runs.map(({ results }) =>
    results.map(({ ret, outcome }) => (outcome === 'returned' ? `${ret}` : outcome)).join(', '),
  )
  return { returned, diffs }
}

const compared = new Map<string, Compared>()
for (const { name } of REVIEWED) compared.set(name, await compare(name))
const changes = await changedVerdicts(inputs)

const verdictsOf = ({ diffs }: Compared): DiffVerdict[] =>
  diffs.flatMap((row, left) => row.slice(left + 1).map(({ verdict }) => verdict))

const NUMBERS = [
  ['callbacks', 'callbacks'],
  ['stores', 'writes'],
  ['redundant', 'redundantWrites'],
  ['barriers', 'barriers'],
  ['flushes', 'flushes'],
  ['TLBI', 'tlbi'],
  ['splits', 'splits'],
  ['tables', 'tablesAllocated'],
  ['warnings', 'warnings'],
] as const

const line = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replace('|', 'against ')).join(' | ')} |`

function section({ name, about, why }: Reviewed): string {
  const { returned, diffs } = compared.get(name)!
  const against = FLAVOURS.slice(1)
  const head = ['', 'returned', ...NUMBERS.map(([label]) => label), ...against.map((f) => `|${f}`)]
  const rows = FLAVOURS.map((flavour, left) => {
    const costs = diffs[left]![left]!.cost.left
    const cells = against.map((_, i) => (i + 1 > left ? WORD[diffs[left]![i + 1]!.verdict] : ''))
    return [flavour, returned[left]!, ...NUMBERS.map(([, cost]) => `${costs[cost]}`), ...cells]
  })
  const reasons = VERDICTS.filter((verdict) => why[verdict] !== undefined)
  return [
    `## ${name}`,
    '',
    about,
    '',
    line(head),
    line(head.map((_, i) => (i < 2 || i > 1 + NUMBERS.length ? '---' : '--:'))),
    ...rows.map(line),
    '',
    ...reasons.map((verdict) => `- ${WORD[verdict]}: ${why[verdict]}`),
    '',
  ].join('\n')
}

const HEAD = `# Verdicts, reviewed

Made by \`test/recorder/diff/verdict-docs.test.ts\` from runs of the engine (4K pages, 48 bits); the reasons are written by hand in
\`reviewed-verdicts.ts\` beside it. Do not edit.

Each scenario ran on the five versions, and each pair of runs was diffed: *identical*; *path*: same effects by another path;
*effects*: same outcome, different effects; *outcome*: different outcome. Every verdict was read against a description of the
versions' sources, and none had to be overruled. The letters of all pairs of 321 scenarios are in \`test/e2e/golden/diff-verdicts.tsv\`.

`

/** How the scenarios of this page came out for each pair of versions. */
function summary(): string {
  const pairs = FLAVOURS.flatMap((left, i) =>
    FLAVOURS.slice(i + 1).map((right, j) => [left, right, i, i + 1 + j] as const),
  )
  const rows = pairs.map(([left, right, i, j]) => {
    const found = [...compared.values()].map(({ diffs }) => diffs[i]![j]!.verdict)
    const counts = COLUMNS.map((verdict) => found.filter((v) => v === verdict).length)
    return line([`${left} and ${right}`, ...counts.map((n) => (n === 0 ? '–' : `${n}`))])
  })
  return [
    '## In short',
    '',
    `Of the ${compared.size} scenarios of this page, how many have each verdict, by pair of versions:`,
    '',
    line(['', ...COLUMNS.map((verdict) => WORD[verdict])]),
    line(['---', ...COLUMNS.map(() => '--:')]),
    ...rows,
    '',
    'Where nothing but pages is mapped, all five leave the same behind by another path: callbacks, lazy sections and barriers',
    'are what changed. Outcomes part where a block, a hole, an invalid entry or the alias of a part of an area is met.',
    '',
    'A row of a scenario is a version: what the calls returned, what they cost, and its verdict against each later version.',
    '',
    '',
  ].join('\n')
}

test('docs/verdicts.md', async () => {
  const page = HEAD + summary() + changesText(changes) + REVIEWED.map(section).join('\n')
  await expect(page).toMatchFileSnapshot(join(import.meta.dirname, '../../../docs/verdicts.md'))
})

test.each(REVIEWED)('$name: each verdict has its reason, and no other', ({ name, why }) => {
  const occurring = new Set(verdictsOf(compared.get(name)!))
  expect(new Set(Object.keys(why))).toEqual(occurring)
})

test('a diff is the same from the other side', () => {
  for (const [name, { diffs }] of compared) {
    diffs.forEach((row, left) =>
      row.forEach(({ verdict }, right) => {
        expect(verdict, `${name} ${FLAVOURS[left]} ${FLAVOURS[right]}`).toBe(
          left === right ? 'identical' : diffs[right]![left]!.verdict,
        )
      }),
    )
  }
})

test('no verdict is another than in 0.1 without a reason that the runs show', () => {
  expect(changes.filter(({ reasons }) => reasons.length === 0)).toEqual([])
  // A flush or a form of entries is no reason for anything else.
  const steps = new Set(changes.map(({ from, to, verdict }) => [from, to, verdict].join(' ')))
  expect([...steps]).toEqual(['effects path same effects by another path'])
  const named = new Set(changes.flatMap(({ reasons }) => reasons))
  expect(named).toEqual(new Set(REASONS.map(({ name }) => name)))
})
