import { RULES, rulesNamed } from '@pagetrail/recorder'
import { describe, expect, test } from 'vitest'
import { PAGE, RO, RW, Script, VMALLOC } from './script.ts'

/** set_memory_ro on one page as 7.3 does it. */
function clean() {
  const s = new Script().init('pte', VMALLOC, RW).begin('set_memory_ro', VMALLOC).lazyEnter()
  s.walk(VMALLOC, VMALLOC + PAGE)
    .change('pte', VMALLOC, RW, RO)
    .walked()
    .barrier()
    .lazyLeave()
  return s
    .flush(VMALLOC, VMALLOC + PAGE)
    .tlbi(VMALLOC)
    .end('set_memory_ro')
}

describe('the rules', () => {
  test('have names of their own, a sentence and a remedy each', () => {
    expect(new Set(RULES.map((rule) => rule.name)).size).toBe(RULES.length)
    for (const rule of RULES) {
      expect(rule.sentence, rule.name).toMatch(/\.$/)
      expect(rule.remedies.length, rule.name).toBeGreaterThan(0)
    }
  })

  test('cover every hazard with a rule of its own, but H8 and H11', () => {
    // H8 compares locks by exploring; H11 is torn-span's finding when a member is invalid.
    const covered = new Set<string>(RULES.map((rule) => rule.hazard))
    const all = Array.from({ length: 18 }, (_, i) => `H${i + 1}`)
    expect(all.filter((hazard) => !covered.has(hazard))).toEqual(['H8', 'H11'])
  })

  test('are picked by name or hazard; an unknown one is an error that lists them', () => {
    expect(rulesNamed(['torn-span', 'h7']).map((rule) => rule.name)).toEqual([
      'torn-span',
      'lost-update',
      'lost-table',
      'unseen-store',
    ])
    expect(() => rulesNamed(['torn'])).toThrow(/no rule or hazard torn; there are partial-block, /)
  })
})

describe('a report', () => {
  test('of a clean call is clean by every rule, and each has decided', () => {
    const report = clean().report()
    expect(report.findings).toEqual([])
    expect(report.verdicts.filter((v) => v.status !== 'clean')).toEqual([])
    expect(report.events).toBe(13)
  })

  test('lists at most 200 findings of a rule and counts the others', () => {
    const s = new Script()
    for (let i = 0; i < 250; i++) s.add('warn', { fn: 'f', once: false, fired: true })
    const report = s.report('warned')
    expect(report.findings).toHaveLength(200)
    expect(report.verdicts[0]?.count).toBe(250)
  })

  test('names at most 16 events as proof, the last ones included', () => {
    const s = new Script().begin('set_direct_map_invalid_noflush', VMALLOC, 40)
    for (let i = 0n; i < 40n; i++) s.change('pte', VMALLOC + i * PAGE, RW, RW & ~1n)
    const [found] = s.end('set_direct_map_invalid_noflush').check('flush-never')
    expect(found?.proof).toHaveLength(16)
    expect(found?.proof.at(-1)).toBe(2 + 39 * 3)
  })

  test('a start state that would fill memory is refused with its event', () => {
    const s = new Script().add('init', {
      level: 'pte',
      va: VMALLOC,
      new: RW,
      count: 2_000_000_000,
      pa_step: PAGE,
    })
    expect(() => s.report()).toThrow('event 0: an init lists 2000000000 entries; at most 16777216')
  })

  test('findings come in the order in which they became certain', () => {
    const s = new Script().begin('set_memory_ro', VMALLOC).change('pte', VMALLOC, RW, RO)
    const seqs = s
      .end('set_memory_ro')
      .add('bug', { fn: 'f' })
      .report()
      .findings.map((f) => f.proof.at(-1))
    expect(seqs).toEqual([4, 5])
  })
})
