import { GEOMETRIES, parseScenario } from '@pagetrail/engine'
import { scenarioNamed, SCENARIOS } from '@pagetrail/recorder'
import { expect, test } from 'vitest'

test('every scenario of the library is one that the engine accepts, on every flavour', () => {
  for (const { name, json, geometry } of SCENARIOS) {
    for (const flavour of ['6.12', '6.17', 'seed-v1', '6.18', '7.3']) {
      expect(() => parseScenario(json, { flavour, geometry }), name).not.toThrow()
    }
    expect(
      GEOMETRIES.some(
        (g) => g.page_shift === geometry.page_shift && g.va_bits === geometry.va_bits,
      ),
    ).toBe(true)
  }
})

test('one is found by name; a misspelt name is an error that says which is near', () => {
  expect(scenarioNamed('clean-ro')).toMatchObject({ group: 'clean', geometry: { page_shift: 12 } })
  expect(() => scenarioNamed('claen-ro')).toThrow(/no scenario claen-ro.*clean-ro/)
})
