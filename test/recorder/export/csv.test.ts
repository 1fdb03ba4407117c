import { csvChunks, memorySource, type TraceEvent } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

import { eventsOf, SAMPLE_RUN, setMemoryRo } from '../../support/sample-run.ts'

/** A reader of RFC 4180 that knows nothing of the writer. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^,\n]*)([,\n])/g)) {
    const [, cell = '', separator] = match
    rows.at(-1)!.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (separator === '\n') rows.push([])
  }
  return rows.slice(0, -1)
}

function tableOf(events: readonly TraceEvent[]): Record<string, string>[] {
  const [head, ...rows] = parseCsv([...csvChunks(memorySource(SAMPLE_RUN, events))].join(''))
  return rows.map((row) => {
    expect(row).toHaveLength(head!.length)
    return Object.fromEntries(row.map((cell, i) => [head![i]!, cell]))
  })
}

test('one row per event, 64-bit values unsigned and exact', () => {
  const rows = tableOf(eventsOf(setMemoryRo(1)))
  expect(rows).toHaveLength(13)
  expect(rows[4]).toMatchObject({
    label: 'sample',
    seq: '4',
    kind: 'desc_write',
    level: 'pte',
    va: '0xffff8000c0000000',
    old: '0x68000500040703',
    new: '0x60000500040783',
    ts: '',
  })
})

test('quotes, commas and line ends survive', () => {
  const text = 'a "b", c\nd'
  const [row] = tableOf(eventsOf([{ kind: 'note', text }]))
  expect(JSON.parse(row!['text']!)).toBe(text)
})

test('a name with two types is two columns', () => {
  const area = {
    kind: 'area',
    va: '0x0',
    end: '0x2000',
    flags: '0x2',
    nr_pages: 1,
    pages: [{ pfn: '0x5', count: 1 }],
  }
  const rows = tableOf(
    eventsOf([area, { kind: 'tlbi', insn: 'x', va: null, pages: 7, scale: null, num: null }]),
  )
  expect(rows[0]).toMatchObject({ pages: '', pages_json: '[{"pfn":"0x5","count":1}]' })
  expect(rows[1]).toMatchObject({ pages: '7', pages_json: '' })
})
