import {
  checkRun,
  fitScenario,
  type LibraryScenario,
  openRuns,
  recordScenario,
  type RunFile,
  scenarioNamed,
  SCENARIOS,
} from '@pagetrail/recorder'
import { GEOMETRIES, type GeometryChoice, geometryName } from '@pagetrail/engine'
import { expect, test } from 'vitest'

const geometryNamed = (name: string): GeometryChoice =>
  GEOMETRIES.find((g) => geometryName(g.page_shift, g.va_bits) === name)!

/** What came of a scenario: what each call returned, and which rules it breaks. */
function outcome(runFile: RunFile, { name }: LibraryScenario, json: unknown, on: GeometryChoice) {
  const options = { flavour: '7.3', name, created: 0, geometry: on }
  const { run, results } = recordScenario(runFile, json, options)
  const broken = checkRun(runFile.source(run)).findings.filter((f) => f.severity !== 'note')
  return {
    name,
    results: results.map(({ fn, ret, outcome: came }) => ({ fn, ret, came })),
    broken: [...new Set(broken.map(({ rule }) => rule))].toSorted(),
  }
}

test.each(['16k-52', '64k-48'])(
  'what a built-in scenario shows, it shows on %s, or says why it cannot',
  async (geometry) => {
    const on = geometryNamed(geometry)
    const runFile = await openRuns(':memory:', { mode: 'write' })
    const tried = SCENARIOS.map((scenario) => {
      const { json, unfit } = fitScenario(scenario, on)
      return { scenario, json, unfit }
    })
    const there = tried.filter(({ unfit }) => unfit === null)
    expect(there.map(({ scenario, json }) => outcome(runFile, scenario, json, on))).toEqual(
      there.map(({ scenario }) => outcome(runFile, scenario, scenario.json, scenario.geometry)),
    )
    expect(there.length).toBeGreaterThan(100)
    const refused = new Set(tried.map(({ unfit }) => unfit).filter((why) => why !== null))
    expect([...refused].toSorted()).toEqual([
      'it begins with a block of a pud, and only 4K pages have those',
      'it begins with contiguous blocks, 16 of them with 4K pages and 32 with others',
      'it has tables besides those of init_mm',
      'it is about 4K pages with 39 bits',
      'its again_at counts callbacks, which differ on other tables',
      'its cont_at counts callbacks, which differ on other tables',
      'its schedule counts steps, which differ on other tables',
    ])
    runFile.close()
  },
  60_000,
)

const fields = (name: string, geometry: string) =>
  fitScenario(scenarioNamed(name), geometryNamed(geometry)).json

test('pages stay pages, blocks blocks, spans spans, and the end of one its end', () => {
  expect(fields('clean-ro', '16k-47')).toMatchObject({
    geometry: { page_shift: 14, va_bits: 47 },
    init: [
      { va: '0xffffc01080000000', count: 4, pa_step: '0x4000' },
      { va: '0xffff804000100000', count: 4, pa_step: '0x4000' },
    ],
    areas: [{ size: '0x14000', pages: [{ count: 4 }], nr_pages: 4 }],
    calls: [{ fn: 'set_memory_ro', addr: '0xffffc01080000000', numpages: 4 }],
  })
  expect(fields('access-whole-span', '64k-48')).toMatchObject({
    init: [{ level: 'pte', count: 32, pa_step: '0x10000' }],
    areas: [{ size: '0x210000' }],
    calls: [{ numpages: 32 }, {}, {}],
  })
  expect(fields('access-whole-span', '16k-47')).toMatchObject({
    init: [{ level: 'pte', count: 128, pa_step: '0x4000' }],
  })
  // With LPA2, bits 9:8 are address bits, not shareability.
  const { init } = fields('clean-ro', '16k-52') as { init: { desc: string }[] }
  expect(BigInt(init[0]!.desc) & 0x300n).toBe(0n)
})

test('on its own geometry a scenario is what it was; one that has no room says so', () => {
  const { json } = scenarioNamed('clean-ro')
  expect(fitScenario(scenarioNamed('clean-ro'), geometryNamed('4k-48')).json).toBe(json)
  expect(fitScenario(scenarioNamed('clean-ro'), geometryNamed('64k-42'))).toEqual({
    json: null,
    unfit: 'its addresses need more space than 64k-42 has',
  })
})
