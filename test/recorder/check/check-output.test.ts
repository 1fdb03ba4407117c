import { checkJson, checkSarif, checkLines, type Json } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'
import { PAGE, RO, RW, Script, VMALLOC } from './script.ts'

/** A flush that is owed, and a capture that shows no lazy MMU mode. */
function report() {
  const s = new Script({ source: 'ftrace' })
    .begin('set_memory_ro', VMALLOC)
    .change('pte', VMALLOC, RW, RO)
  s.flush(VMALLOC + PAGE, VMALLOC + 2n * PAGE).end('set_memory_ro')
  return s.report('flush-missing', 'lazy-unbalanced')
}

test('text: what is broken, the events, the remedies, what is undecided, one line of summary', () => {
  expect([...checkLines(report())].join('\n')).toMatchInlineSnapshot(`
    "error: flush-missing (H4), 1 finding
      When a call that promises it returns, no TLB holds a translation of its range that the tables contradict.
      - call 0: set_memory_ro returned while TLBs may still allow what the tables forbid, at [0xffff8000c0000000, 0xffff8000c0001000) (1 store): only [0xffff8000c0001000, 0xffff8000c0002000) was flushed
        events #2 #4 #5
      remedy: Flush the range before returning, also after an error, as __change_memory_common() does.
      remedy: Entry points named _noflush leave it to their caller, who must flush before the memory is used for anything else.
      remedy: Eliding the flush of an enable-only change is sound only if every change before it was flushed.

    undecided: lazy-unbalanced (H5) needs lazy MMU sections (lazy_mmu_enter, lazy_mmu_leave)

    script: 6 events, 2 rules: 0 clean, 1 with findings, 1 undecided; see above"
  `)
})

test('JSON lines: header, findings, verdicts, end; addresses as hexadecimal strings', () => {
  const lines = [...checkJson(report())]
  expect(lines.map((line) => line['type'])).toEqual(['header', 'finding', 'rule', 'rule', 'end'])
  expect(lines[1]).toMatchObject({
    rule: 'flush-missing',
    va: '0xffff8000c0000000',
    proof: [2, 4, 5],
  })
  expect(lines.at(-1)).toEqual({
    type: 'end',
    rows: 3,
    clean: false,
    undecided: 1,
    complete: false,
  })
})

describe('SARIF 2.1.0', () => {
  const log = JSON.parse(JSON.stringify(checkSarif(report(), '0.1.0')))

  test('has the shape that the schema demands', () => {
    expect(log.version).toBe('2.1.0')
    const [run] = log.runs
    expect(run.tool.driver).toMatchObject({ name: 'pagetrail', semanticVersion: '0.1.0' })
    for (const rule of run.tool.driver.rules) {
      expect(rule.id).toMatch(/^[a-z-]+$/)
      expect(rule.shortDescription.text).toMatch(/\.$/)
    }
    for (const result of run.results) {
      expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId)
      expect(['error', 'warning', 'note']).toContain(result.level)
      expect(result.message.text.length).toBeGreaterThan(0)
      expect(result.locations[0].logicalLocations[0]).toEqual({
        fullyQualifiedName: 'script#5',
        kind: 'event',
      })
      const ids = [...result.locations, ...result.relatedLocations].map((l: { id: number }) => l.id)
      expect(new Set(ids).size).toBe(ids.length)
    }
  })

  test('says what was undecided as a notification', () => {
    const [invocation] = log.runs[0].invocations as { [key: string]: Json }[]
    expect(invocation?.['executionSuccessful']).toBe(true)
    expect(invocation?.['toolExecutionNotifications']).toMatchObject([
      { level: 'warning', associatedRule: { id: 'lazy-unbalanced' } },
    ])
  })
})
