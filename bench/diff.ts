import { execFileSync, spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import {
  type Call,
  diffRuns,
  eventText,
  importFile,
  openRuns,
  readApart,
  recordScenario,
  runGeometry,
} from '@pagetrail/recorder'

import { alignCalls } from '../packages/recorder/src/diff/align/align-calls.ts'
import { NO_TRAITS } from '../packages/recorder/src/diff/align/call-traits.ts'

/** Calls of a side where their alignment is measured: as many as two captures of 1.4 and 2 million events have. */
const CALLS = 82_000

/**
 * Two runs of a million events each, of 6.17 and 6.18, compared: seconds and peak memory, beside GNU diff of the two
 * event lists as text (sequence numbers left out). Once as many calls, once as a single one, and a single one four
 * times as long; each for the first time, the file proven and both runs read, and again, when what was read is there.
 * Run it with
 * `node bench/diff.ts [events]`; `node bench/diff.ts compare FILE MOOD` is what it starts to measure.
 * `node bench/diff.ts captures A B` compares two captures in the same way, read by one thread, by two, and again.
 * Then calls alone are laid side by side, lane by lane, beside a count of their kinds.
 */

const AREA = 0xffff_8000_c000_0000n
const FLAVOURS = ['6.17', '6.18'] as const
const hex = (value: bigint): string => `0x${value.toString(16)}`

/** Calls on an area of so many pages, read-only and writable in turn; about 4 events a page and 9 a call. */
function scenario(pages: number, calls: number): object {
  const init = {
    va: hex(AREA),
    level: 'pte',
    desc: '0x68000500040703',
    count: pages,
    pa_step: '0x1000',
  }
  return {
    geometry: { page_shift: 12, va_bits: 48 },
    features: { rodata_full: 0 },
    init: [init],
    areas: [
      {
        start: hex(AREA),
        size: hex(BigInt(pages + 1) * 4096n),
        pages: [{ pfn: '0x500040', count: pages }],
      },
    ],
    calls: Array.from({ length: calls }, (_, i) => ({
      fn: i % 2 === 0 ? 'set_memory_ro' : 'set_memory_rw',
      addr: hex(AREA),
      numpages: pages,
    })),
  }
}

async function record(path: string, input: object): Promise<void> {
  const runFile = await openRuns(path, { mode: 'write' })
  for (const flavour of FLAVOURS)
    recordScenario(runFile, input, { flavour, name: 'bench', created: 0 })
  runFile.close()
}

/** In a process of its own, for its peak memory; `mood` is a word for what it finds: nothing, or what it needs. */
async function compare(path: string, mood: string): Promise<void> {
  const runFile = await openRuns(path, { mode: 'read', proofs: `${path}.proofs` })
  const [left, right] = FLAVOURS.map((_, i) => runFile.source(runFile.find(i + 1)))
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  const diff = diffRuns(left!, right!, { apart: readApart })
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const { same, onlyLeft, onlyRight, approximate } = diff.path
  const peak = process.resourceUsage().maxRSS / 1024
  console.log(
    `  pagetrail, ${mood}: ${seconds.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU, peak ${peak.toFixed(0)} MB; ` +
      `${left!.run.events} against ${right!.run.events} events, ${diff.calls.paired} pairs of calls: ${diff.verdict}; ` +
      `${same} rows same, ${onlyLeft} left, ${onlyRight} right, ${approximate} pairs by the fallback`,
  )
  runFile.close()
}

async function writeText(path: string, run: number, to: string): Promise<void> {
  const runFile = await openRuns(path, { mode: 'read' })
  const source = runFile.source(runFile.find(run))
  const lines = function* () {
    let chunk = ''
    for (const event of source.events()) {
      chunk += `${eventText(event, runGeometry(source.run))}\n`
      if (chunk.length > 1 << 16) {
        yield chunk
        chunk = ''
      }
    }
    yield chunk
  }
  await pipeline(Readable.from(lines()), createWriteStream(to))
  runFile.close()
}

const TIME = '/usr/bin/time'

function gnuDiff(a: string, b: string): string {
  const start = performance.now()
  const command = existsSync(TIME) ? [TIME, '-f', '%M', 'diff', a, b] : ['diff', a, b]
  const { stderr, stdout } = spawnSync(command[0]!, command.slice(1), { maxBuffer: 2 ** 31 - 1 })
  const seconds = (performance.now() - start) / 1000
  const peak = existsSync(TIME)
    ? `, peak ${(Number(stderr.toString().trim().split('\n').at(-1)) / 1024).toFixed(0)} MB`
    : ''
  return `  GNU diff:  ${seconds.toFixed(2)} s${peak}; ${stdout.length} bytes of output, no meaning`
}

async function bench(name: string, folder: string, input: object): Promise<void> {
  const path = join(folder, `${name}.db`)
  console.log(name)
  await record(path, input)
  for (const mood of ['first', 'again'])
    process.stdout.write(
      execFileSync(process.execPath, [import.meta.filename, 'compare', path, mood]),
    )
  const texts = [join(folder, 'left.txt'), join(folder, 'right.txt')] as const
  await writeText(path, 1, texts[0])
  await writeText(path, 2, texts[1])
  console.log(gnuDiff(...texts))
}

/** Runs the work and prints what it took. */
async function timed<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  const result = await work()
  const { user, system } = process.cpuUsage(cpu)
  const seconds = ((performance.now() - start) / 1000).toFixed(2)
  console.log(`  ${what}: ${seconds} s, ${((user + system) / 1e6).toFixed(2)} s of CPU`)
  return result
}

/** Two captures: imported, then compared by one thread and by two, beside GNU diff of their events as text. */
async function captures(files: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-bench-'))
  try {
    const path = join(folder, 'captures.db')
    const runFile = await openRuns(path, { mode: 'write' })
    await timed('import of both', async () => {
      for (const file of files) await importFile(runFile, file, { created: 0 })
    })
    const [left, right] = files.map((_, i) => runFile.source(runFile.find(i + 1)))
    await timed('one thread', () => diffRuns(left!, right!))
    await timed('two threads', () => diffRuns(left!, right!, { apart: readApart }))
    await timed('what was read is there', () => diffRuns(left!, right!, { apart: readApart }))
    runFile.close()
    const texts = [join(folder, 'left.txt'), join(folder, 'right.txt')] as const
    await writeText(path, 1, texts[0])
    await writeText(path, 2, texts[1])
    console.log(gnuDiff(...texts))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Calls of 480 tasks, kworkers and KFENCE, in another order and with other pids on each side. */
function calls(seed: number): Call[] {
  let state = seed
  const next = (n: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 16) % n
  }
  const made = new Uint32Array(480)
  return Array.from({ length: CALLS }, (_, op): Call => {
    const who = next(1000)
    const fenced = next(2) === 0
    // Each task makes its own calls in its own order, whenever it is scheduled.
    const n = who < 480 ? made[who]!++ : 0
    const pages = fenced || who >= 480 ? 1 : 1 + ((who * 7 + n * 3) % 9)
    const fn = fenced ? 'set_memory_valid' : (['set_memory_ro', 'set_memory_x'][n % 2] ?? '')
    const task = who < 480 ? `insmod-${who * 3 + seed}` : `kworker/0:${who % 4}-${who}`
    const va = BigInt(op) << 20n
    return {
      op,
      fn,
      va,
      end: va + BigInt(pages) * 4096n,
      ret: 0,
      task,
      cpu: 0,
      first: op,
      last: op,
    }
  })
}

const listOf = (side: readonly Call[]) => ({
  calls: side,
  traits: side.map(() => NO_TRAITS),
  geometry: null,
})

function alignment(): void {
  const [left, right] = [calls(1), calls(2)]
  const kinds = new Map<string, number>()
  let start = process.cpuUsage().user
  for (const { fn, va, end } of [...left, ...right]) {
    const kind = `${fn} ${end! - va!}`
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  const counting = process.cpuUsage().user - start
  start = process.cpuUsage().user
  const found = alignCalls(listOf(left), listOf(right), {
    addresses: 'relative',
    roleOf: (fn) => fn,
    budget: 100_000_000,
  })
  const seconds = (process.cpuUsage().user - start) / 1e6
  const paired = found.pairs.filter((pair) => pair.left && pair.right).length
  console.log(
    `${CALLS} calls a side in ${found.lanes.length} lanes\n` +
      `  ${paired} pairs, ${found.minimal ? 'minimal' : 'by the fallback'}, ${found.moved} elsewhere among other lanes\n` +
      `  ${seconds.toFixed(2)} s of CPU, ${(seconds / (counting / 1e6)).toFixed(1)} times a count of their kinds`,
  )
}

if (process.argv[2] === 'compare') await compare(process.argv[3]!, process.argv[4]!)
else if (process.argv[2] === 'captures') await captures(process.argv.slice(3))
else {
  const events = Number(process.argv[2] ?? 1_000_000)
  const folder = mkdtempSync(join(tmpdir(), 'pagetrail-bench-'))
  try {
    await bench('many calls of 16 pages', folder, scenario(16, Math.round(events / 73)))
    await bench('one call', folder, scenario(Math.round(events / 4), 1))
    await bench('one call, four times as long', folder, scenario(events, 1))
    alignment()
  } finally {
    rmSync(folder, { recursive: true })
  }
}
