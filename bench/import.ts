import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, gunzipSync } from 'node:zlib'

import { importInput, jsonlChunks, openRuns } from '@pagetrail/recorder'

/**
 * How fast a trace of a real kernel goes in, until it is durable in SQLite, and its run as JSON Lines, against reading
 * the same file line by line with a split and nothing more; for a trace.dat against `trace-cmd report`, where that is
 * installed.
 * Run it with `node bench/import.ts [FILE] [rounds]`, after `npm run build`; without a file it repeats a bundled
 * capture up to a million events.
 */

const EVENTS = 1_000_000
const [given, rounds = '3'] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'pagetrail-bench-'))
const file = given ?? repeated()

/** The bundled capture of 6.18, again and again, each time later. */
function repeated(): string {
  const demo = new URL('../packages/tui/demo/modules_small-6.18.15.trace.gz', import.meta.url)
  const lines = gunzipSync(readFileSync(demo)).toString('latin1').trimEnd().split('\n')
  const events = lines.filter((line) => !line.startsWith('#'))
  const path = join(folder, 'repeated.trace')
  const chunks: string[] = ['# tracer: nop\n#\n']
  for (let round = 0; round * events.length < EVENTS; round++) {
    const again = events.map((line) =>
      line.replace(/ (\d+)(\.\d{6}: )/, (_, seconds: string, rest: string) => {
        return ` ${Number(seconds) + round * 100}${rest}`
      }),
    )
    chunks.push(`${again.join('\n')}\n`)
  }
  writeFileSync(path, chunks.join(''), 'latin1')
  return path
}

interface Measured {
  readonly seconds: number
  /** CPU seconds of all threads: what a loaded machine changes least. */
  readonly cpu: number
  readonly events: number
}

/** Measures what gives the number of its events. */
async function measured(work: () => Promise<number>): Promise<Measured> {
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  const events = await work()
  const { user, system } = process.cpuUsage(cpu)
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, events }
}

const database = join(folder, 'bench.db')

/** Imports a file to a new database; closing it included. */
const imported = (path: string): Promise<Measured> =>
  measured(async () => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(database + suffix, { force: true })
    const runFile = await openRuns(database, { mode: 'write' })
    const { report } = await importInput(runFile, path, 'auto', { created: 0 })
    runFile.close()
    return 'entries' in report ? report.entries : report.events
  })

/** The same run as JSON Lines. */
async function asJsonl(): Promise<string> {
  const path = join(folder, 'run.jsonl')
  const runFile = await openRuns(database, { mode: 'read' })
  const lines = jsonlChunks(runFile.source(runFile.find(-1)))
  await pipeline(Readable.from(lines), createWriteStream(path))
  runFile.close()
  return path
}

/** What reading by lines costs that keeps nothing: a split at spaces, counted. */
const split = (): Promise<Measured> =>
  measured(async () => {
    const bytes = createReadStream(file)
    const input = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes
    let events = 0
    let fields = 0
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (line.startsWith('#')) continue
      fields += line.split(' ').length
      events++
    }
    if (fields < events) throw new Error('no fields')
    return events
  })

/** trace-cmd's own text of a trace.dat; null where it is not installed. */
function reported(): Measured | null {
  const start = performance.now()
  const { status, stdout } = spawnSync('trace-cmd', ['report', '-i', file], { maxBuffer: 2 ** 32 })
  if (status !== 0) return null
  const events = stdout.toString('latin1').split('\n').length - 2
  const seconds = (performance.now() - start) / 1000
  return { seconds, cpu: seconds, events }
}

/** The least of the rounds, of both times. */
const best = (rows: readonly Measured[]): Measured => ({
  seconds: Math.min(...rows.map(({ seconds }) => seconds)),
  cpu: Math.min(...rows.map(({ cpu }) => cpu)),
  events: rows[0]!.events,
})

const rate = (events: number, seconds: number): string =>
  Math.round(events / seconds)
    .toLocaleString('en')
    .padStart(9)

function line(what: string, { seconds, cpu, events }: Measured): string {
  const times = `${seconds.toFixed(2)} s, CPU ${cpu.toFixed(2)} s`
  return `${what.padEnd(20)} ${times}  ${rate(events, seconds)} events/s, ${rate(events, cpu)} a CPU second`
}

const binary = file.endsWith('.dat')
const ours: Measured[] = []
const theirs: Measured[] = []
const lines: Measured[] = []
for (let round = 0; round < Number(rounds); round++) {
  ours.push(await imported(file))
  const jsonl = await asJsonl()
  const other = binary ? reported() : await split()
  if (other) theirs.push(other)
  lines.push(await imported(jsonl))
}
const size = statSync(file).size / 2 ** 20
console.log(`${file.split('/').at(-1)}: ${size.toFixed(1)} MiB, best of ${rounds}`)
console.log(line('import, durable', best(ours)))
console.log(line('JSON Lines, durable', best(lines)))
if (theirs.length > 0) {
  const [own, other] = [best(ours), best(theirs)]
  console.log(line(binary ? 'trace-cmd report' : 'lines with a split', other))
  const [wall, cpu] = [other.seconds / own.seconds, other.cpu / own.cpu]
  console.log(
    `import to that: ${wall.toFixed(2)} of its rate, ${cpu.toFixed(2)} by CPU of all threads`,
  )
} else console.log('trace-cmd is not installed: nothing to compare with')
console.log(`bytes an event: ${Math.round(statSync(database).size / best(ours).events)}`)
rmSync(folder, { recursive: true })
