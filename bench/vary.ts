import { misjudgedPair, VARIED_PAIRS } from '../test/support/varied/pairs.ts'
import { misjudged, VARIED_CASES, WORLDS } from '../test/support/varied/worlds.ts'

/**
 * Sound and faulty runs with a known answer in every world: geometry, version, CPUs or tasks, how flushes are shown,
 * alone and beside other calls; and pairs of runs to compare. Run it with `node bench/vary.ts`; exits 1 if `check` or
 * `diff` answers one of them otherwise.
 */
const wrong = new Map<string, number>()
let tried = 0
const cases = VARIED_CASES
for (const each of cases) {
  for (const world of WORLDS.filter((one) => each.only?.(one) !== false)) {
    for (const busy of [false, true]) {
      tried++
      for (const what of misjudged(each, world, busy)) {
        const key = `${each.name}: ${what}, e.g. ${world.style} ${world.flavour}`
        wrong.set(key, (wrong.get(key) ?? 0) + 1)
      }
    }
  }
}
for (const pair of VARIED_PAIRS) {
  for (const world of WORLDS) {
    for (const isSwapped of [false, true]) {
      tried++
      const found = misjudgedPair(pair, world, isSwapped)
      if (found === null) continue
      const key = `${pair.name}: ${found}, e.g. ${world.style} ${world.flavour}`
      wrong.set(key, (wrong.get(key) ?? 0) + 1)
    }
  }
}
console.log(
  `${cases.length} cases, ${VARIED_PAIRS.length} pairs, ${WORLDS.length} worlds, ${tried} runs, ${wrong.size} answers that are wrong`,
)
for (const [what, count] of wrong) console.log(`${count} times ${what}`)
if (wrong.size > 0) process.exitCode = 1
