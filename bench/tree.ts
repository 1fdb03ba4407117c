import {
  eventToJson,
  openRuns,
  recordOnTree,
  recordScenario,
  treeGeometry,
  Workshop,
} from '@pagetrail/recorder'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { randomScenario } from '../test/support/programs/random-scenario.ts'

/**
 * The engine against a kernel tree's own code, on random scenarios; and how long a build and a run take. Run it with
 * `node bench/tree.ts DIR [scenarios] [first seed]`; limit: no scenario differs.
 */
const [dir, scenarios = '10000', first = '0'] = process.argv.slice(2)
if (dir === undefined) throw new Error('which tree? node bench/tree.ts DIR')

const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'pagetrail', 'tree')
const workshop = await Workshop.open({ cache, hostIsArm64: process.arch === 'arm64' })
const tree = await workshop.openTree(dir)
const geometry = treeGeometry({ page_shift: 12, va_bits: 48 })
let began = performance.now()
const built = await workshop.build(tree, geometry)
console.log(`build        ${((performance.now() - began) / 1000).toFixed(1)} s`)

const runFile = await openRuns(':memory:', { mode: 'write' })
/** Events without their numbers and places. */
const placeless = (run: Parameters<typeof runFile.source>[0]): string[] =>
  [...runFile.source(run).events()].map((event) =>
    JSON.stringify({ ...eventToJson(event), seq: 0, src: null }),
  )

began = performance.now()
let events = 0
let different = 0
for (let seed = Number(first); seed < Number(first) + Number(scenarios); seed++) {
  const json = randomScenario(seed)
  const options = { name: `random-${seed}`, created: 0 }
  const onTree = await recordOnTree(runFile, workshop.harness(built), built, json, options)
  const onEngine = recordScenario(runFile, json, {
    ...options,
    flavour: tree.release,
    geometry: geometry.choice,
  })
  const [a, b] = [placeless(onEngine.run), placeless(onTree.run)]
  events += a.length
  const at = a.findIndex((line, i) => line !== b[i])
  const results = JSON.stringify(onTree.results) === JSON.stringify(onEngine.results)
  if (at !== -1 || a.length !== b.length || !results || onTree.incomplete !== null) {
    different++
    const where = at === -1 ? Math.min(a.length, b.length) : at
    console.log(
      `seed ${seed} differs at event ${where}:\n  - ${a[where]}\n  + ${b[where]}\n${onTree.incomplete ?? ''}`,
    )
    if (different === 10) break
  }
  for (const { run } of [onTree, onEngine]) runFile.remove(run)
}
workshop.close()
runFile.close()
console.log(
  `scenarios    ${scenarios}, ${events} events, ${((performance.now() - began) / 1000).toFixed(1)} s`,
)
console.log(`different    ${different}`)
process.exitCode = different === 0 ? 0 : 1
