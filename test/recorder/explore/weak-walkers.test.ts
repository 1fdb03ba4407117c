import { describe, expect, test } from 'vitest'

import { parseScenario } from '@pagetrail/engine'
import { exploreScenario, scenarioNamed } from '@pagetrail/recorder'

/** Rules that some schedule breaks. */
function broken(name: string, weak: boolean): readonly string[] {
  const { json, geometry } = scenarioNamed(name)
  const given = Object(json)
  const features = { ...given.features, weak_walkers: weak }
  const scenario = parseScenario({ ...given, features }, { flavour: '6.18', geometry })
  return exploreScenario(scenario).findings.map(({ property }) => property.name)
}

/** Verdicts of herd7 7.58 on the same windows (`Sometimes`: the rule is broken), and of the model. */
describe('windows whose verdict another tool gave', () => {
  test.each([
    ['weak-protect-flushed', []],
    ['weak-protect-no-tlbi', ['stale-access']],
    ['weak-protect-no-dsb-before', ['stale-access']],
    ['weak-unmap-flushed', []],
    ['weak-map-dmb', []],
    ['weak-map-dsb-dmb', ['spurious-fault']],
    ['weak-map-dsb-dsb', ['spurious-fault']],
    ['weak-map-dsb-only', ['spurious-fault']],
    ['weak-own-dsb-isb', []],
    ['weak-own-dsb', ['spurious-fault']],
    ['weak-own-dsb-ets2', []],
    ['weak-own-none', ['spurious-fault']],
    ['weak-bbm', []],
    ['weak-bbm-no-tlbi', ['stale-access']],
    ['weak-bbm-no-dsb-before', ['stale-access']],
    ['weak-bbm-no-break', ['stale-access']],
  ])('%s: %j', (name, rules) => {
    expect(broken(name, true)).toEqual(rules)
  })

  test('weak-protect-reader-no-sync needs a data access that its CPU reorders: not seen', () => {
    expect(broken('weak-protect-reader-no-sync', true)).toEqual([])
  })
})

describe('found by weak walkers only', () => {
  test.each([
    ['weak-protect-no-dsb-before', 'stale-access'],
    ['weak-map-no-barrier', 'spurious-fault'],
    ['weak-own-dsb', 'spurious-fault'],
    ['weak-table-early', 'spurious-fault'],
  ])('%s: %s', (name, rule) => {
    expect(broken(name, false)).not.toContain(rule)
    expect(broken(name, true)).toContain(rule)
  })

  test('near miss: the split of the kernel has a dsb before it links its table', () => {
    expect(broken('weak-table-dsb', true)).toEqual([])
  })
})
