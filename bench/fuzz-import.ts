import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync, zstdCompressSync } from 'node:zlib'

import { importStream, InputError, openRuns, type RunFile } from '@pagetrail/recorder'

/**
 * Mutated inputs to the importer: each must come to a clear InputError that leaves nothing, or to a run whose events
 * are whole. Run it with `node bench/fuzz-import.ts [inputs] [seed]`; it exits with 1 at the first that does neither.
 */

const INPUTS = Number(process.argv[2] ?? 100_000)
const SEED = Number(process.argv[3] ?? 1)
/** Lines of one input. */
const LINES = 24
/** Processor time that an input may take before it counts as a hang, and what all may take of memory. */
const SLOW_MS = 2000
const MEMORY_MIB = 700

const read = (path: string): Buffer => readFileSync(new URL(path, import.meta.url))
const DEMO = '../packages/tui/demo/modules_small-6.18.15.trace.gz'
const FIXTURES = '../test/fixtures/traces/'
const texts = [
  DEMO,
  ...['modules_small-6.12', 'boot-overrun-7.3', 'modules_small-6.18-bbm'].map(
    (n) => `${FIXTURES}${n}.trace.gz`,
  ),
].map((path) => gunzipSync(read(path)).toString('latin1').split('\n'))
const report = gunzipSync(read(`${FIXTURES}modules_small-6.18.report.gz`))
  .toString('latin1')
  .split('\n')
const dat = read(`${FIXTURES}modules_small-6.18.trace.dat`)

/** xorshift32: the same inputs for the same seed. */
let state = (SEED * 0x9e37_79b1) | 1
function random(below: number): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % below
}

const pick = <T>(values: readonly T[]): T => values[random(values.length)]!

const PIECES = [
  '0x',
  '-1',
  '=',
  '(',
  ')',
  ' <- ',
  ':',
  '[000]',
  '[99999]',
  ' ',
  '\n',
  '\r',
  '\0',
  '\u001b[2J',
  '#',
  '# tracer: nop\n',
  'ffffffffffffffffffff',
  '18446744073709551616',
  '.',
  'CPU:1 [LOST 5 EVENTS]\n',
  'addr=0xffff000000000000',
  '_ret',
  'numpages=-2147483648',
  '\u00ff\u00fe',
  'set_memory_ro: (x) addr=0x1 numpages=1',
  '<idle>-0',
  '{',
  '\u001f\u008b',
] as const

/** Some lines of a capture, damaged in one to four places. */
function mutatedText(): Buffer {
  const lines = random(8) === 0 ? report : pick(texts)
  const start = random(Math.max(1, lines.length - LINES))
  let text = lines.slice(start, start + LINES).join('\n') + '\n'
  for (let n = 1 + random(4); n > 0; n--) {
    const at = random(text.length)
    const length = random(12)
    const kept = [text.slice(0, at), text.slice(at + length)] as const
    switch (random(5)) {
      case 0:
        text = kept.join('')
        break
      case 1:
        text = kept.join(pick(PIECES))
        break
      case 2:
        text = `${text.slice(0, at)}${String.fromCharCode(random(256))}${text.slice(at + 1)}`
        break
      case 3:
        text = `${kept[0]}${text.slice(at, at + length).repeat(1 + random(200))}${kept[1]}`
        break
      default:
        text = text.slice(0, at)
    }
  }
  return Buffer.from(text, 'latin1')
}

function mutatedDat(): Buffer {
  const bytes = Buffer.from(dat.subarray(0, random(4) === 0 ? random(dat.length) : dat.length))
  for (let n = 1 + random(4); n > 0 && bytes.length > 0; n--)
    bytes[random(bytes.length)]! ^= 1 << random(8)
  return bytes
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  const step = Math.ceil(bytes.length / 500) + random(bytes.length + 1)
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
}

/** Every event is numbered and inside the call tree: a run that is whole. */
function check(runFile: RunFile, run: number): void {
  let seq = 0
  for (const event of runFile.source(runFile.find(run)).events()) {
    if (event.seq !== seq++) throw new Error(`event ${event.seq} where ${seq - 1} was due`)
    if (event.nest < 0 || event.nest > 512)
      throw new Error(`event ${event.seq} at depth ${event.nest}`)
  }
}

const runFile = await openRuns(':memory:', { mode: 'write' })
const outcomes = { imported: 0, refused: 0 }
const reasons = new Map<string, number>()
let slowest = 0
let left = 0
const begun = performance.now()
for (let i = 0; i < INPUTS; i++) {
  const binary = random(50) === 0
  let input = binary ? mutatedDat() : mutatedText()
  if (random(200) === 0) input = zstdCompressSync(input)
  const start = process.cpuUsage()
  try {
    const { run } = await importStream(runFile, chunks(input), 'fuzz', {
      created: 0,
      write: { batchEvents: 256 },
    })
    check(runFile, run)
    runFile.remove(runFile.find(run))
    outcomes.imported++
  } catch (error) {
    if (!(error instanceof InputError)) {
      console.log(
        `input ${i} of seed ${SEED}:`,
        error,
        JSON.stringify(input.toString('latin1').slice(0, 4000)),
      )
      process.exit(1)
    }
    left = runFile.runs().length
    outcomes.refused++
    const reason = error.message.replace(/found .*|\d+/gs, '…').slice(0, 70)
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  if (left > 0) throw new Error(`input ${i} of seed ${SEED} was refused and left a run`)
  const { user, system } = process.cpuUsage(start)
  slowest = Math.max(slowest, (user + system) / 1000)
  // Statements of SQLite are only given back between two turns of the event loop.
  await setImmediate()
  if (slowest > SLOW_MS) throw new Error(`input ${i} of seed ${SEED} took ${slowest} ms`)
}
const memory = process.resourceUsage().maxRSS / 1024
console.log(
  `${INPUTS} inputs of seed ${SEED} in ${((performance.now() - begun) / 1000).toFixed(1)} s:`,
  outcomes,
)
console.log(`slowest ${slowest.toFixed(1)} ms, most memory ${memory.toFixed(0)} MiB`)
for (const [reason, count] of [...reasons].toSorted((a, b) => b[1] - a[1]).slice(0, 12))
  console.log(`${count} ${reason}`)
if (memory > MEMORY_MIB) process.exit(1)
