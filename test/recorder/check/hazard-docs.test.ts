import { RULES, SCENARIOS } from '@pagetrail/recorder'
import { beforeAll, describe, expect, test } from 'vitest'
import { BY_HAND, HAZARDS, RULE_CASES } from './hazards.ts'
import { hazardsDoc } from './hazards-doc.ts'
import { FLAVOURS, type Library, recordLibrary } from './library.ts'
import { reviewDoc } from './review-doc.ts'
import { saidOf } from './review-explore.ts'
import { REVIEW } from './review-items.ts'

let library: Library
beforeAll(async () => {
  library = await recordLibrary()
})

describe('the scenario library', () => {
  test('names every scenario once, with a sentence', () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length)
    for (const { name, sentence } of SCENARIOS) {
      expect(name).toMatch(/^[a-z0-9-]+$/)
      expect(sentence, name).toMatch(/^\S.*\.$/s)
    }
  })

  test('no rule fires on the clean scenarios, and every rule decides', () => {
    const clean = SCENARIOS.filter(({ group }) => group === 'clean')
    expect(clean.length).toBeGreaterThan(5)
    for (const { name } of clean) {
      for (const flavour of FLAVOURS)
        expect(library.findings(name, flavour), `${name} ${flavour}`).toEqual([])
    }
  })

  test('on a simulated run no rule is undecided', () => {
    for (const [name, flavour, { report }] of library.all()) {
      const open = report.verdicts.filter(({ status }) => status === 'undecided')
      expect(open, `${name} ${flavour}`).toEqual([])
    }
  })
})

describe('each rule fires on one scenario and not on its near miss', () => {
  test.each(Object.entries(RULE_CASES))('%s', (rule, { fires, near }) => {
    expect(library.fires(...fires, rule)).toBe(true)
    expect(library.fires(...near, rule)).toBe(false)
  })

  test('or is shown on events written by hand; none is left out', () => {
    const shown = [...Object.keys(RULE_CASES), ...BY_HAND].toSorted()
    expect(shown).toEqual(RULES.map(({ name }) => name).toSorted())
    for (const [name, flavour] of library.all()) {
      for (const rule of BY_HAND)
        expect(library.fires(name, flavour, rule), `${rule} on ${name}`).toBe(false)
    }
  })
})

test('docs/hazards.md', async () => {
  const named = HAZARDS.flatMap(({ scenarios }) => scenarios)
  expect(named.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name))).toEqual([])
  await expect(hazardsDoc(library)).toMatchFileSnapshot('../../../docs/hazards.md')
})

describe('the review', () => {
  test('has 90 items, and names only scenarios that there are', () => {
    expect(REVIEW.map(({ n }) => n)).toEqual(Array.from({ length: 90 }, (_, i) => i + 1))
    const names = REVIEW.flatMap((item) => (item.by === 'scenario' ? item.scenarios : []))
    expect(names.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name))).toEqual(
      [],
    )
  })

  const shown = REVIEW.filter((item) => item.by === 'scenario')
  test.each(shown)('$n $item', ({ holds, shows }) => {
    expect(holds(library), shows(library)).toBe(true)
  })

  const seen = REVIEW.filter((item) => item.by === 'capture')
  test.each(seen)('$n $item', ({ holds, shows }) => {
    expect(holds(library), shows(library)).toBe(true)
  })

  const searched = REVIEW.filter((item) => item.by === 'explore')
  test.each(searched)('$n $item', ({ holds, searches }) => {
    expect(holds(), searches.map(saidOf).join()).toBe(true)
  })

  test('docs/review.md', async () => {
    await expect(reviewDoc(library)).toMatchFileSnapshot('../../../docs/review.md')
  })
})
