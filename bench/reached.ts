import { INTERLEAVED, unreached } from '../test/support/reached.ts'

/**
 * Whether every harm that the fold of a run's events reports at its end is left in a TLB by some choice of fills, on
 * random schedules of every scenario with several CPUs. Run it with `node bench/reached.ts [schedules]`; exits 1 if
 * not.
 */
const SCHEDULES = Number(process.argv[2] ?? 20)
const FLAVOURS = ['6.12', '6.17', 'seed-v1', '6.18', '7.3']
let harms = 0
let schedules = 0
const missed: string[] = []
for (const name of INTERLEAVED) {
  for (const flavour of FLAVOURS) {
    for (let seed = 0; seed < SCHEDULES; seed++) {
      const found = unreached(name, flavour, seed)
      schedules++
      harms += found.harms
      missed.push(...found.missed.map((text) => `${name} ${flavour} ${text}`))
    }
  }
}
console.log(
  `${INTERLEAVED.length} scenarios, ${schedules} schedules, ${harms} harms, ${missed.length} not reached`,
)
for (const text of missed.slice(0, 20)) console.log(text)
if (missed.length > 0) process.exitCode = 1
