import { answerTo, diffRuns, diffLines, type DiffPaint, QUESTIONS } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'

import { capture } from '../../../support/demo.ts'
import { captures, engineRuns, fixture, pagesScenario, runOf } from '../../../support/runs.ts'
import { AREA, eventsOf, hex, initOf, setMemoryRo } from '../../../support/sample-run.ts'

const ro = { fn: 'set_memory_ro', addr: hex(AREA), numpages: 3 }
const golden = (name: string): string => `golden/${name}.txt`
const page = (lines: Iterable<string>): string => `${[...lines].join('\n')}\n`

describe('a page to read and act on', () => {
  test('three pages read-only, 6.17 and 6.18', async () => {
    const [a, b] = await engineRuns(pagesScenario(3, [ro]), '6.17', '6.18')
    await expect(page(diffLines(diffRuns(a!, b!)))).toMatchFileSnapshot(golden('three-pages'))
  })

  test('part of a block: an error on one side, a split on the other', async () => {
    const block = {
      geometry: { page_shift: 12, va_bits: 48 },
      features: { bbml: 1, cpu_bbml: 1 },
      init: [
        {
          va: hex(0xffff_0000_4000_0000n),
          level: 'pmd',
          desc: '0x68000440000705',
          count: 1,
          pa_step: '0x0',
        },
      ],
      areas: [],
      calls: [
        { fn: 'set_memory_valid', addr: hex(0xffff_0000_4000_5000n), numpages: 1, enable: 0 },
      ],
    }
    const [a, b] = await engineRuns(block, '6.17', '6.18')
    await expect(page(diffLines(diffRuns(a!, b!)))).toMatchFileSnapshot(golden('part-of-a-block'))
  })

  test('modules loaded on 6.17 and 6.18', async () => {
    const [a, b] = await captures(capture('6.17.13'), capture('6.18.15'))
    await expect(page(diffLines(diffRuns(a!, b!)))).toMatchFileSnapshot(golden('modules-6.17-6.18'))
  })

  test('modules loaded on 6.12 and 7.3', async () => {
    const [a, b] = await captures(
      fixture('modules_small-6.12.trace.gz'),
      fixture('modules_small-7.3.trace.gz'),
    )
    await expect(page(diffLines(diffRuns(a!, b!)))).toMatchFileSnapshot(golden('modules-6.12-7.3'))
  })
})

test('no line is wider than the terminal', async () => {
  const [a, b] = await captures(
    fixture('modules_small-6.12.trace.gz'),
    fixture('modules_small-7.3.trace.gz'),
  )
  const diff = diffRuns(a!, b!)
  for (const width of [40, 80, 120]) {
    for (const line of diffLines(diff, { width })) expect(line.length).toBeLessThanOrEqual(width)
  }
})

test('one question shows its answer only', async () => {
  const [a, b] = await engineRuns(pagesScenario(3, [ro]), '6.17', '6.18')
  for (const by of QUESTIONS) {
    const titles = [...diffLines(diffRuns(a!, b!, { by }))].filter((line) =>
      /^(outcome|effect|path|cost) {2}/.test(line),
    )
    expect(titles.map((line) => line.split(' ')[0])).toEqual([by])
  }
})

const mark = (text: string): string => `\u001b[1m${text}\u001b[0m`

test('what stands out is painted, and nothing else changes', async () => {
  const [a, b] = await engineRuns(pagesScenario(3, [ro]), '6.12', '7.3')
  const diff = diffRuns(a!, b!)
  const paint: DiffPaint = { title: mark, left: mark, right: mark, changed: mark, dim: mark }
  const painted = [...diffLines(diff, { paint })]
  expect(painted.some((line) => line.includes('\u001b'))).toBe(true)
  expect(painted.map((line) => line.replaceAll(/\u001b\[\dm/g, ''))).toEqual([...diffLines(diff)])
})

test('answers for exit statuses', () => {
  const events = [...eventsOf([initOf(2)], null), ...eventsOf(setMemoryRo(2))]
  const same = diffRuns(runOf(events), runOf(events))
  expect([null, ...QUESTIONS].map((by) => answerTo(same, by).answer)).toEqual(
    Array.from({ length: 5 }, () => 'same'),
  )
  const cheaper = diffRuns(runOf(events), runOf(events.filter(({ kind }) => kind !== 'barrier')))
  expect([null, ...QUESTIONS].map((by) => answerTo(cheaper, by).answer)).toEqual([
    'different',
    'same',
    'same',
    'different',
    'different',
  ])
})

test('a name that would steer the terminal is shown, not obeyed', () => {
  const events = eventsOf([{ kind: 'op_begin', fn: 'f\u001b[2J', va: null, end: null, args: null }])
  const diff = diffRuns(runOf(events, { label: 'a\u0007' }), runOf([], { label: 'b' }))
  const text = page(diffLines(diff))
  expect([...text].filter((letter) => letter < ' ' && letter !== '\n')).toEqual([])
  expect(text).toContain('2J')
})
