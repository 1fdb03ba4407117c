import {
  baselineOf,
  checkGate,
  checkGithub,
  checkJson,
  checkJunit,
  checkLines,
  checkSarif,
  type Json,
  toJson,
} from '@pagetrail/recorder'
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

  test('has what code scanning asks for: lines of a file, fingerprints, severities', () => {
    const [run] = log.runs
    expect(run.results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'script.jsonl' },
      region: { startLine: 7, startColumn: 1, endLine: 8, endColumn: 1 },
    })
    const { partialFingerprints: prints } = run.results[0]
    expect(prints['pagetrail/v1']).toMatch(/^[0-9a-f]{16}$/)
    expect(prints.primaryLocationLineHash).toBe(prints['pagetrail/v1'])
    expect(run.automationDetails).toEqual({ id: 'pagetrail check/script/' })
    expect(run.tool.driver.version).toBe('0.1.0')
    expect(run.tool.driver.rules[0].defaultConfiguration).toEqual({ level: 'error' })
  })

  test('a name of anybody is a part of a URI', () => {
    const { run, ...rest } = report()
    const odd = { ...rest, run: { ...run, label: 'a#1?\ud800', file: 'di r/a#1?\ud800.jsonl' } }
    const sarif = JSON.stringify(checkSarif(odd, '0.1.0'))
    expect(sarif).toContain('"uri":"di%20r/a%231%3F%EF%BF%BD.jsonl"')
    expect(sarif).toContain('"pagetrail check/a%231%3F%EF%BF%BD/"')
  })

  test('says what was undecided as a notification', () => {
    const [invocation] = log.runs[0].invocations as { [key: string]: Json }[]
    expect(invocation?.['executionSuccessful']).toBe(true)
    expect(invocation?.['toolExecutionNotifications']).toMatchObject([
      { level: 'warning', associatedRule: { id: 'lazy-unbalanced' } },
    ])
  })
})

describe('a gate for a CI', () => {
  test('errors fail it, warnings where asked; rules without evidence are counted', () => {
    expect(checkGate(report(), 'error')).toMatchObject({ undecided: 1, known: [], unlisted: 0 })
    expect(checkGate(report(), 'error').failing).toHaveLength(1)
    const warned = report()
    const findings = warned.findings.map((f) => ({ ...f, severity: 'warning' as const }))
    expect(checkGate({ ...warned, findings }, 'error').failing).toEqual([])
    expect(checkGate({ ...warned, findings }, 'warning').failing).toHaveLength(1)
  })

  test('what an earlier report has does not fail, wherever its addresses were', () => {
    const json = [...checkJson(report())].map((line) => toJson(line)).join('\n')
    const sarif = JSON.stringify(checkSarif(report(), '0.1.0'), null, 2)
    for (const text of [json, sarif, json.replace(/0x[0-9a-f]+/g, '0x1234')]) {
      const gate = checkGate(report(), 'warning', baselineOf(text, 'known'))
      expect(gate.failing).toEqual([])
      expect(gate.known).toHaveLength(1)
    }
  })

  test('a file that is no report is refused, by its line', () => {
    const [header] = [...checkJson(report())].map((line) => toJson(line))
    expect(() => baselineOf(`${header}\nrubbish`, 'known.jsonl')).toThrow(
      /^known\.jsonl:2: not a line of a report/,
    )
  })

  test('JUnit: a case for each rule, failed, skipped or passed', () => {
    const text = [...checkJunit(report(), checkGate(report(), 'error'))].join('\n')
    expect(text).toContain('tests="2" failures="1" errors="0" skipped="1"')
    expect(text).toContain('<failure type="error" message="set_memory_ro returned')
    expect(text).toMatch(/\nerror: set_memory_ro returned .*: script\.jsonl:7 \(events 2 4 5\)\n/)
    expect(text).toContain('skipped="1" time="0" file="script.jsonl">')
    expect(text).toContain('name="flush-missing" time="0"')
    expect(text).toContain('<skipped message="needs lazy MMU sections')
  })

  test('JUnit: one failure for all findings of a rule, its text says them all', () => {
    const once = report()
    const [finding] = once.findings
    const other = { ...finding!, message: 'a second one', fingerprint: '0'.repeat(16) }
    const both = { ...once, findings: [finding!, other] }
    const text = [...checkJunit(both, checkGate(both, 'error'))].join('\n')
    expect(text.match(/<failure /g)).toHaveLength(1)
    expect(text).toMatch(/<failure type="error" message="set_memory_ro .* and 1 more">/)
    expect(text).toContain('error: a second one: script.jsonl:7')
  })

  test('GitHub: an annotation of the line, but not of what is known', () => {
    const found = [...checkGithub(report(), checkGate(report(), 'error'))]
    expect(found[0]).toMatch(
      /^::error file=script\.jsonl,line=7,title=flush-missing::set_memory_ro /,
    )
    expect(found.at(-1)).toBe('pagetrail check script: 1 failing, 0 known, 1 rule undecided')
    const same = report()
    const known = new Set(same.findings.map((f) => f.fingerprint))
    const quiet = [...checkGithub(same, checkGate(same, 'error', known))]
    expect(quiet.filter((line) => line.startsWith('::error'))).toEqual([])
  })

  test('GitHub: what it would drop stands in the log, behind an annotation that says so', () => {
    const once = report()
    const [finding] = once.findings
    const note = { ...finding!, severity: 'note' as const }
    const many = { ...once, findings: [...Array.from({ length: 30 }, () => note), finding!] }
    const lines = [...checkGithub(many, checkGate(many, 'error'))]
    expect(lines[0]).toMatch(/^::error /)
    expect(lines[1]).toMatch(/^::notice title=1 rule undecided::lazy-unbalanced needs /)
    expect(lines.filter((line) => line.startsWith('::notice '))).toHaveLength(10)
    expect(lines[10]).toMatch(/^::notice title=pagetrail%3A 22 more::and 22 more /)
    expect(lines.filter((line) => line.startsWith('notice: script.jsonl:7: '))).toHaveLength(22)
  })
})
