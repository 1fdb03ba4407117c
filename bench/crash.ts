import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { crashOnce } from '../test/support/crash.ts'

/**
 * Kills a recorder at random moments, as often as asked, and proves each file. `node bench/crash.ts [times] [seed]`;
 * a seed that failed can be given again, although what the moment meets depends on the machine.
 */
const times = Number(process.argv[2] ?? 200)
let state = Number(process.argv[3] ?? 1)

/** Park and Miller's generator: 0 … 1. */
function random(): number {
  state = (state * 48_271) % 0x7fff_ffff
  return state / 0x7fff_ffff
}

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-crash-'))
let [acknowledged, found, started] = [0, 0, 0]
for (let i = 0; i < times; i++) {
  const since = random() < 0.2 ? 'start' : 'commit'
  const durability = random() < 0.5 ? 'batch' : 'call'
  const crash = await crashOnce(join(folder, `${i}.db`), {
    since,
    durability,
    delayMs: random() * 250,
  })
  acknowledged += crash.acknowledged
  found += crash.found
  if (crash.found > 0) started++
}
rmSync(folder, { recursive: true })
console.log(`${times} recorders killed, ${started} of them after their first commit`)
console.log(
  `${acknowledged} events acknowledged, ${found} found, every prefix whole, verified and marked interrupted`,
)
