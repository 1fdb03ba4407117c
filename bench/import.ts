import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip, gunzipSync } from 'node:zlib'

import { importFile, openRuns } from '@pagetrail/recorder'

/**
 * How fast a trace of a real kernel goes in, until it is durable in SQLite, against reading the same file line by line
 * with a split and nothing more; for a trace.dat against `trace-cmd report`, where that is installed.
 * Run it with `node bench/import.ts [FILE] [rounds]`; without a file it repeats a bundled capture up to a million
 * events.
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
  readonly events: number
}

/** Imports the file to a new database; closing it included. */
async function imported(): Promise<Measured> {
  const path = join(folder, 'bench.db')
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  const start = performance.now()
  const runFile = await openRuns(path, { mode: 'write' })
  const { entries } = await importFile(runFile, file, { created: 0 })
  runFile.close()
  return { seconds: (performance.now() - start) / 1000, events: entries }
}

/** What reading by lines costs that keeps nothing: a split at spaces, counted. */
async function split(): Promise<Measured> {
  const start = performance.now()
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
  return { seconds: (performance.now() - start) / 1000, events }
}

/** trace-cmd's own text of a trace.dat; null where it is not installed. */
function reported(): Measured | null {
  const start = performance.now()
  const { status, stdout } = spawnSync('trace-cmd', ['report', '-i', file], { maxBuffer: 2 ** 32 })
  if (status !== 0) return null
  const events = stdout.toString('latin1').split('\n').length - 2
  return { seconds: (performance.now() - start) / 1000, events }
}

function best(measured: readonly Measured[]): Measured {
  return measured.reduce((a, b) => (b.seconds < a.seconds ? b : a))
}

const line = (what: string, { seconds, events }: Measured): string =>
  `${what.padEnd(22)} ${seconds.toFixed(2)} s  ${Math.round(events / seconds).toLocaleString('en')} events/s`

const binary = file.endsWith('.dat')
const ours: Measured[] = []
const theirs: Measured[] = []
for (let round = 0; round < Number(rounds); round++) {
  ours.push(await imported())
  const other = binary ? reported() : await split()
  if (other) theirs.push(other)
}
const size = statSync(file).size / 2 ** 20
console.log(`${file.split('/').at(-1)}: ${size.toFixed(1)} MiB, best of ${rounds}`)
console.log(line('import, durable', best(ours)))
if (theirs.length > 0)
  console.log(line(binary ? 'trace-cmd report' : 'lines with a split', best(theirs)))
else console.log('trace-cmd is not installed: nothing to compare with')
console.log(
  `bytes an event: ${Math.round(statSync(join(folder, 'bench.db')).size / best(ours).events)}`,
)
rmSync(folder, { recursive: true })
