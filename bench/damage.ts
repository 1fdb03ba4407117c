import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { callEvents, META, append } from '../test/support/call-events.ts'
import { openRuns } from '../packages/recorder/src/index.ts'
import type { Io } from '../packages/tui/src/command/io.ts'
import { main } from '../packages/tui/src/main.ts'

/**
 * Damages a database at random places and asks every verb: an answer that is not the one of the sound file, with an
 * exit status that does not say so, is a wrong one. `node bench/damage.ts [damages] [seed]`.
 */
const times = Number(process.argv[2] ?? 1000)
let state = Number(process.argv[3] ?? 1)

/** Park and Miller's generator: 0 … 1. */
function random(): number {
  state = (state * 48_271) % 0x7fff_ffff
  return state / 0x7fff_ffff
}
const below = (n: number): number => Math.floor(random() * n)

const VERBS: readonly (readonly string[])[] = [
  ['runs'],
  ['info', '2'],
  ['replay', '2'],
  ['show', '2', '333'],
  ['state', '2', '--at', '300'],
  ['why', '2', '0xffff800080002000'],
  ['diff', '1', '2'],
  ['report', '2'],
  ['check', '2'],
  ['export', '2'],
  ['export', '1', '--format', 'csv'],
  ['sql', 'select count(*), total(new), total(va), sum(kind) from event'],
]

const folder = mkdtempSync(join(tmpdir(), 'pagetrail-damage-'))
const path = join(folder, 'runs.db')

const sink = (to: string[]) => ({
  isTTY: false,
  columns: 100,
  rows: Infinity,
  write: async (text: string) => void to.push(text),
})

/** What a verb prints on standard output, and its status; 70 where it fails as a program. */
async function ask(argv: readonly string[]): Promise<{ out: string; status: number }> {
  const parts: string[] = []
  const err: string[] = []
  const io: Io = {
    stdin: Readable.from([]),
    terminal: null,
    stdout: sink(parts),
    stderr: sink(err),
    env: {},
    startPager: () => {
      throw new Error('not on a pipe')
    },
    now: () => 0,
    onInterrupt: () => () => {},
  }
  const status = await main(['--db', path, ...argv], io)
  const out = parts.join('')
  return { out, status: /internal error/.test(err.join('')) ? 70 : status }
}

const runFile = await openRuns(path, { mode: 'write' })
for (const label of ['one', 'two']) {
  const writer = runFile.startRun({ ...META, label }, { batchEvents: 64 })
  append(writer, callEvents(label === 'one' ? 60 : 61))
  writer.finish('complete')
}
runFile.close()
// Snapshots too are part of what can be damaged.
await ask(['state', '2'])
const sound = readFileSync(path)
const right = new Map<string, { out: string; status: number }>()
for (const argv of VERBS) right.set(argv.join(' '), await ask(argv))

/** One to three places: a bit, some bytes, zeros, a page of another place, the end cut off. */
function damaged(): Buffer {
  const image = Buffer.from(sound)
  const sort = below(20)
  if (sort === 0) return image.subarray(0, 4096 * (1 + below(image.length / 4096 - 1)))
  for (let n = 1 + below(3); n > 0; n--) {
    const at = below(image.length)
    const length = 1 + below(sort < 4 ? 64 : 8)
    if (sort < 8) image[at]! ^= 1 << below(8)
    else if (sort < 12) image.fill(0, at, at + length)
    else if (sort < 14)
      image.copy(image, at & ~4095, below(image.length) & ~4095, (at & ~4095) + 4096)
    else for (let i = at; i < Math.min(at + length, image.length); i++) image[i] = below(256)
  }
  return image
}

const counts = new Map(
  VERBS.map((argv) => [argv.join(' '), { same: 0, refused: 0, wrong: 0, crash: 0 }]),
)
for (let i = 0; i < times; i++) {
  const image = damaged()
  for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true })
  writeFileSync(path, image)
  for (const argv of VERBS) {
    // A query runs in a process of its own, which takes a while: every tenth damage.
    if (argv[0] === 'sql' && i % 10 !== 0) continue
    const name = argv.join(' ')
    const [expected, found, count] = [right.get(name)!, await ask(argv), counts.get(name)!]
    if (found.status === 70) count.crash++
    else if (found.status === 2) count.refused++
    else if (found.status === expected.status && found.out === expected.out) count.same++
    else {
      count.wrong++
      writeFileSync(join(tmpdir(), `damage-${i}.db`), image)
      console.error(`damage ${i}: ${name} answers ${found.status}, kept as damage-${i}.db`)
    }
  }
}
rmSync(folder, { recursive: true })
console.log(`${times} damages of a file of ${sound.length} bytes, two runs\n`)
console.log(
  '| verb | the right answer | refused | a wrong answer | crashed |\n|---|---|---|---|---|',
)
for (const [name, { same, refused, wrong, crash }] of counts)
  console.log(`| ${name} | ${same} | ${refused} | ${wrong} | ${crash} |`)
