import { diffMarkdown, diffRuns } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import {
  fenced,
  markdownCell,
  markdownCode,
  markdownText,
} from '../../../packages/recorder/src/say/markdown.ts'
import { runOf } from '../../support/runs.ts'
import { eventsOf, initOf, setMemoryRo } from '../../support/sample-run.ts'

test('what Markdown would act on is escaped, what stands within a word is not', () => {
  expect(markdownText('set_memory_ro <img> [a](b) *x* `y` &amp; \\ \u202E')).toBe(
    'set_memory_ro \\<img> \\[a\\](b) \\*x\\* \\`y\\` \\&amp; \\\\ \\\\u{202e}',
  )
  expect(markdownCell('a | b')).toBe('a \\| b')
})

test('code is ended by no name', () => {
  expect(markdownCode('plain')).toBe('`plain`')
  expect(markdownCode('a``b')).toBe('``` a``b ```')
  expect(fenced('diff', ['- a', '```', 'b\nc'])).toEqual([
    '````diff',
    '- a',
    '```',
    'b\\nc',
    '````',
  ])
})

test('a comparison whose names are Markdown has the headings and blocks of any other', () => {
  const name = '# x\n```\n<script>|'
  const call = eventsOf(
    setMemoryRo(1).map((json) => Object.assign({}, json, 'fn' in json && { fn: name })),
  )
  const start = eventsOf([initOf(1)], null)
  const [a, b] = [
    runOf([...start, ...call], { label: name }),
    runOf([...start, ...call.toSpliced(3, 1)], { id: 2, label: `${name}2` }),
  ]
  const text = diffMarkdown(diffRuns(a, b, { pairs: true }))
  const lines = text.split('\n')
  expect(lines.filter((line) => line.startsWith('# '))).toHaveLength(1)
  expect(lines.filter((line) => /^`{3,}/.test(line)).length % 2).toBe(0)
  const blocks = /^(`{3,}).*?^\1$/gms
  const spans = /(`+) .*? \1(?!`)/g
  expect(text.replaceAll(blocks, '').replaceAll(spans, '')).not.toMatch(/(?<!\\)<script/)
})
