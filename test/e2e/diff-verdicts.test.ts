import {
  diffRuns,
  type DiffVerdict,
  type EventSource,
  openRuns,
  recordScenario,
} from '@pagetrail/recorder'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'

const FLAVOURS = ['6.12', '6.17', 'seed-v1', '6.18', '7.3'] as const
const PAIRS = FLAVOURS.flatMap((left, i) =>
  FLAVOURS.slice(i + 1).map((right) => [left, right] as const),
)

/** One letter each, so that a scenario is a line. */
const LETTER: Readonly<Record<DiffVerdict, string>> = {
  identical: '=',
  'same effects by another path': 'p',
  unknown: '?',
  'same outcome, different effects': 'e',
  'different outcome': 'o',
}

interface Scenario {
  readonly name: string
}

const scenarios = (): Scenario[] =>
  gunzipSync(readFileSync(new URL('../fixtures/scenarios/named-4k-48.jsonl.gz', import.meta.url)))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Scenario)

/** Every pair of flavours of a scenario, as letters. */
async function verdictsOf(scenario: Scenario): Promise<string[]> {
  const { name, ...input } = scenario
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const runs = new Map<string, EventSource>()
  for (const flavour of FLAVOURS) {
    const { run } = recordScenario(runFile, input, { flavour, name, created: 0 })
    runs.set(flavour, runFile.source(run))
  }
  const letters = PAIRS.map(
    ([left, right]) => LETTER[diffRuns(runs.get(left)!, runs.get(right)!).verdict],
  )
  runFile.close()
  return letters
}

describe('every scenario in every pair of flavours', () => {
  const verdicts = new Map<string, string[]>()
  beforeAll(async () => {
    for (const scenario of scenarios()) verdicts.set(scenario.name, await verdictsOf(scenario))
  })

  const verdict = (scenario: string, left: string, right: string): string | undefined =>
    verdicts.get(scenario)?.[PAIRS.findIndex((pair) => pair[0] === left && pair[1] === right)]

  test('comes to the verdict that was reviewed', async () => {
    const head = ['scenario', ...PAIRS.map((pair) => pair.join('|'))].join('\t')
    const rows = [...verdicts].map(([name, letters]) => [name, ...letters].join('\t'))
    await expect(`${head}\n${rows.join('\n')}\n`).toMatchFileSnapshot('golden/diff-verdicts.tsv')
  })

  /** What the specification says of the versions, scenario by scenario. */
  test.each([
    // The pagewalk does what apply_to_page_range did on mapped pages, with more callbacks.
    ['set_memory_ro_4p_of_8_rodata1', '6.17', '6.18', 'p'],
    // Linear aliases: of the whole area until 6.18, of what was asked for in 7.3.
    ['set_memory_ro_4p_of_8_rodata1', '6.18', '7.3', 'o'],
    ['set_memory_ro_1p_rodata1', '6.18', '7.3', '='],
    // An area that may hold blocks is refused from 6.17 on.
    ['area_huge_vmap_flag', '6.12', '6.17', 'o'],
    // Making valid flushes in 6.12 only.
    ['valid_off_on_1', '6.12', '6.17', 'p'],
    ['valid_off_on_1', '6.17', '6.18', 'p'],
    // Present-invalid entries map nothing either: another form that nobody sees.
    ['valid_off_on_1', '6.18', '7.3', 'p'],
    // Missing tables are made by apply_to_page_range and skipped by the pagewalk.
    ['hole_everything', '6.17', '7.3', 'e'],
    // A whole block: an error before, changed after; part of one is split where the CPU allows it.
    ['pmd_exact_bbml0', '6.17', '6.18', 'o'],
    ['pmd_one_page_bbml0', '6.17', '6.18', 'p'],
    ['pmd_one_page_bbml1', '6.17', '6.18', 'o'],
    ['pmd_one_page_bbml1', '6.18', '7.3', '='],
    // A block made invalid cannot be made valid again before 7.3.
    ['pmd_exact_valid_off_on_bbml0', '6.18', '7.3', 'o'],
    // Without rodata=full 6.18 splits and 7.3 does not.
    ['bbml_no_rodata_full', '6.18', '7.3', 'o'],
    // From 512 pages on everything is flushed, in 6.12 from 513.
    ['flush_threshold_range0', '6.12', '6.17', 'p'],
    // A leave inside a section ends it until 6.18; from 7.3 on sections count.
    ['nested_lazy_alloc', '6.18', '7.3', 'p'],
    ['nested_lazy', '6.18', '7.3', '='],
    ['end_is_guard_ro', '6.18', '7.3', 'o'],
  ])('%s, %s against %s: %s', (scenario, left, right, letter) => {
    expect(verdict(scenario, left, right)).toBe(letter)
  })
})
