import { diffJsonLines, diffRuns, QUESTIONS } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { engineRuns, pagesScenario } from '../../../support/runs.ts'
import { AREA, hex } from '../../../support/sample-run.ts'

/** 7.3 leaves the alias of a page outside the range as it was. */
const ro = { fn: 'set_memory_ro', addr: hex(AREA), numpages: 1 }
type Line = Record<string, unknown>

async function linesOf(limit: number, by?: (typeof QUESTIONS)[number]): Promise<Line[]> {
  const [a, b] = await engineRuns(pagesScenario(3, [ro]), '6.18', '7.3')
  const diff = diffRuns(a!, b!, { limit, ...(by && { by }) })
  return [...diffJsonLines(diff)].map((line) => JSON.parse(line) as Line)
}

test('a header, the answers, and an end line that says how many there were', async () => {
  const lines = await linesOf(10)
  expect(lines[0]).toMatchObject({
    type: 'header',
    format: 1,
    verb: 'diff',
    left: { flavour: '6.18' },
    right: { flavour: '7.3' },
    addresses: 'raw',
  })
  expect(lines[1]).toMatchObject({
    type: 'verdict',
    verdict: 'different outcome',
    answer: 'different',
  })
  expect(lines.at(-1)).toEqual({
    type: 'end',
    rows: lines.length - 2,
    complete: true,
    incomplete: [],
  })
  const types = new Set(lines.map(({ type }) => type))
  for (const type of [
    'outcome',
    'mapping',
    'effect',
    'effect-difference',
    'path',
    'divergence',
    'cost',
    'group',
  ]) {
    expect(types).toContain(type)
  }
})

test('64-bit values are hexadecimal strings', async () => {
  const mapping = (await linesOf(10)).find(({ type }) => type === 'mapping')
  expect(mapping).toMatchObject({
    va: '0xffff000100041000',
    end: '0xffff000100043000',
    left: { pa: '0x500041000' },
    right: { attributes: '0x68000000000703' },
  })
})

test('a list that was cut makes the answer incomplete', async () => {
  const lines = await linesOf(1)
  expect(lines.filter(({ type }) => type === 'effect-difference')).toHaveLength(1)
  expect(lines.find(({ type }) => type === 'effect')).toMatchObject({ differences: 2 })
  expect(lines.at(-1)).toMatchObject({ complete: false })
})

test('one question has its lines only', async () => {
  const types = (await linesOf(10, 'outcome')).map(({ type }) => type)
  expect(new Set(types)).toEqual(
    new Set(['header', 'verdict', 'lanes', 'lane', 'outcome', 'mapping', 'end']),
  )
})
