import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { PtyScreen } from '../test/support/terminal/pty.ts'
import { recordRandomRun } from './seek-run.ts'

/**
 * How long a person waits: from a key to the data that makes the screen right, in a real pty on a run of ten million
 * events; beside it the same screens shown by Ink from constant strings. `node bench/frame.ts [DATABASE [120x36]]`
 *
 * Two slow cores, a quiet moment (load 0.9, half of it this bench), median ms, then times what Ink alone needs:
 *
 *            first frame   step         page         seek         filter, drop   idle CPU
 *   120×36   342           13.3 1.17×   13.0 1.15×   16.8 1.48×   15.5 1.37×     0.0 %
 *   80×24    289            8.0 1.43×    6.0 1.10×    7.2 1.33×    8.5 1.55×     0.0 %
 *
 * At load 15 of two cores, 120×36: CPU of the thread that draws, for a frame, in times of what Ink alone needs. Waiting
 * times say nothing then: Ink's own median is three times that of the quiet moment.
 *
 *   step 1.13   page 1.07   seek 1.02   filter, drop 0.97   timeline, back 1.00   walk it 0.60   lanes, tree 1.04
 *   help, back 1.22   path: step 0.92, next difference 1.17, page 0.79   map A against B, back 0.74   its step 0.75
 *   calls, back 0.76
 *
 * 99th percentiles of the quiet moment: 31 ms and 18 ms. The share above Ink varies by a quarter from run to run, for
 * the constant strings' own median does.
 */
const EVENTS = 10_000_000
const SIZES = [
  [200, 50],
  [120, 36],
  [80, 24],
] as const
const STEPS = 100
const PAGES = 40
const SEEKS = 40
const STARTS = 5
const SWITCHES = 20
/** Kinds of the run, each filtered for and dropped again, four times over. */
const FILTERED = Array.from({ length: 4 }, () => ['tlb_flush', 'op_begin', 'desc_write']).flat()

const root = `${import.meta.dirname}/../`
const dir = mkdtempSync(join(tmpdir(), 'pagetrail-frame-'))
const db = process.argv[2] ?? join(dir, 'run.db')
const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')
const demo = join(dir, 'demo.db')
const constant = join(root, 'packages', 'tui', 'dist', 'constant-screen.js')

const number = (n: number): string => n.toString().replaceAll(/\B(?=(\d{3})+$)/g, ',')
const at = (seq: number) => (screen: string) => screen.includes(` at ${number(seq)} of `)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

type Press = readonly [key: string, done: (screen: string) => boolean, typed?: string]

/** ms from each key to its frame; ms of CPU of the thread that draws, for each frame that it has drawn. */
interface Timed {
  readonly times: readonly number[]
  readonly cpu: number
}

/** Frames drawn so far: each is written between these brackets. */
const framesOf = (s: PtyScreen): number => s.raw().split('\x1b[?2026h').length - 1

/** Presses keys one after the other, after what is typed before them. */
async function timed(s: PtyScreen, presses: Iterable<Press>): Promise<Timed> {
  const times: number[] = []
  const [before, frames] = [s.mainCpuMs(), framesOf(s)]
  for (const [keys, done, typed] of presses) {
    if (typed !== undefined) {
      s.write(typed)
      await s.until(typed.slice(1))
      await pause(60)
    }
    const began = performance.now()
    s.write(keys)
    times.push((await s.until(done)) - began)
    // Nobody types faster; what is still painted must not count for the next key.
    await pause(60)
  }
  return { times, cpu: (s.mainCpuMs() - before) / Math.max(1, framesOf(s) - frames) }
}

/** What shows that the screen is there. */
const on = (sign: RegExp) => (screen: string) => sign.test(screen)

/** Keys that turn something on and off again, so often. */
const turns = (on: Press, off: Press): Press[] =>
  Array.from({ length: SWITCHES }, () => [on, off]).flat()

/** A key, so often; each must change what the expression finds on the screen. */
const walks = (s: PtyScreen, key: string, where: RegExp, count: number): Press[] => {
  const found = (t: string) => where.exec(t)?.[1] ?? ''
  let was = found(s.text())
  const moved = (t: string) => {
    const now = found(t)
    if (now === was || now === '') return false
    was = now
    return true
  }
  return Array.from({ length: count }, () => [key, moved])
}

const ms = (n: number): string => n.toFixed(1).padStart(7)

const ratio = (a: number, b: number): string => `${(a / b).toFixed(2)}×`

function report(name: string, { times, cpu }: Timed, base?: Timed): void {
  const p50 = percentile(times, 0.5)
  const beside = base
    ? `   of Ink alone: time ${ratio(p50, percentile(base.times, 0.5))}  CPU ${ratio(cpu, base.cpu)}`
    : ''
  console.log(
    `  ${name.padEnd(28)} p50 ${ms(p50)}  p99 ${ms(percentile(times, 0.99))} ms  CPU a frame ${ms(cpu)}${beside}`,
  )
}

const env = { XDG_STATE_HOME: dir, NODE_ENV: 'production' }

async function constantScreen(columns: number, rows: number, key: string, count: number) {
  const args = [constant, db, String(columns), String(rows), key, String(count)]
  const s = new PtyScreen(process.execPath, args, { columns, rows, env })
  await s.until(at(0), 120_000)
  await pause(300)
  return s
}

async function measure(columns: number, rows: number): Promise<void> {
  console.log(`${columns}×${rows}`)
  const page = (columns >= 100 ? rows - 8 : 9) - 1
  const steps = () => Array.from({ length: STEPS }, (_, i) => ['j', at(i + 1)] as const)
  const pages = () =>
    Array.from({ length: PAGES }, (_, i) => ['\x1b[6~', at((i + 1) * page)] as const)

  const still = await constantScreen(columns, rows, 'j', STEPS)
  const stepBase = await timed(still, steps())
  still.kill('SIGKILL')
  const turning = await constantScreen(columns, rows, 'pagedown', PAGES)
  const pageBase = await timed(turning, pages())
  turning.kill('SIGKILL')

  const start = () =>
    new PtyScreen(process.execPath, [program, '--db', db, 'tui', '-1'], { columns, rows, env })
  const starts: number[] = []
  let cpu = 0
  for (let i = 0; i < STARTS; i++) {
    const s = start()
    starts.push((await s.until(at(0))) - s.started)
    cpu += s.mainCpuMs() / STARTS
    s.kill('SIGKILL')
    await s.exited
  }
  const s = start()
  await s.until(at(0))
  report('start to first useful frame', { times: starts, cpu })
  await pause(1_000)
  report('step', await timed(s, steps()), stepBase)
  await timed(s, [['g', at(0)]])
  report('page', await timed(s, pages()), pageBase)
  let seed = 1
  const seqs = Array.from(
    { length: SEEKS },
    () => (seed = (seed * 48_271) % 2_147_483_647) % EVENTS,
  )
  const seeks = seqs.map((seq) => ['\r', at(seq), `:${seq}`] as const)
  report('seek to a random event', await timed(s, seeks), pageBase)
  const filters = FILTERED.flatMap((kind) => [
    [
      '\r',
      (t: string) => t.includes(` kind == ${kind} `) && t.includes('X clear'),
      `/kind == ${kind}`,
    ] as const,
    ['X', (t: string) => t.includes(' all events')] as const,
  ])
  report('filter, and drop it', await timed(s, filters), pageBase)
  const tree = on(/seq .*event/)
  report(
    'timeline, and back',
    await timed(s, turns(['z', on(/━ Timeline/)], ['q', tree])),
    pageBase,
  )
  report(
    'lanes, and the tree',
    await timed(s, turns(['v', on(/seq +CPU \d/)], ['v', tree])),
    pageBase,
  )
  report(
    'help, and back',
    await timed(s, turns(['?', on(/Keys \(type/)], ['\x1b', tree])),
    pageBase,
  )
  s.write('z')
  await s.until(/━ Timeline/)
  report(
    'walk the timeline',
    await timed(s, walks(s, 'l', /events ([\d,]+) to/, SWITCHES)),
    stepBase,
  )
  s.write('q')
  await pause(1_500)
  const before = s.cpuMs()
  await pause(3_000)
  console.log(
    `  ${'idle CPU'.padEnd(28)}     ${((s.cpuMs() - before) / 30).toFixed(1).padStart(7)} %`,
  )
  s.kill('SIGKILL')
  await measureOthers(columns, rows, stepBase, pageBase)
}

/** The screens of comparisons and of findings, on the built-in captures and a recorded race. */
async function measureOthers(columns: number, rows: number, step: Timed, page: Timed) {
  const options = { columns, rows, env }
  const open = (...runs: string[]) =>
    new PtyScreen(process.execPath, [program, '--db', demo, 'tui', ...runs], options)
  const d = open('1', '2')
  await d.until(/path ≠/)
  await pause(2_000)
  const row = /([\d,]+) of [\d,]+\+? rows/
  report('path: step', await timed(d, walks(d, 'j', row, STEPS)), step)
  report('path: next difference', await timed(d, walks(d, 'n', row, PAGES)), page)
  report('path: page', await timed(d, walks(d, '\x1b[6~', row, PAGES)), page)
  const [path, calls] = [on(/━ Path/), on(/━ Calls/)]
  const [mapped, cursor] = [on(/─ Map of the table/), on(/─ At the cursor/)]
  report('map A against B, and back', await timed(d, turns(['t', mapped], ['t', cursor])), page)
  d.write('t')
  await d.until(mapped)
  report('path with the map: step', await timed(d, walks(d, 'j', row, STEPS)), step)
  report('calls, and back', await timed(d, turns(['c', calls], ['c', path])), page)
  d.write('cg')
  await d.until(/1 of 93 /)
  report('calls: step', await timed(d, walks(d, 'j', /([\d,]+) of 93 /, PAGES)), step)
  d.kill('SIGKILL')
  const f = open('3')
  await f.until('lost-update')
  await pause(1_000)
  report('lanes: step', await timed(f, walks(f, 'j', / at (\d+) of /, PAGES)), step)
  const back = on(/seq +CPU 0/)
  report('findings, and back', await timed(f, turns(['c', on(/error: lost-/)], ['q', back])), page)
  f.kill('SIGKILL')
}

await build({
  entryPoints: [join(root, 'bench', 'constant-screen.tsx')],
  outfile: constant,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  jsx: 'automatic',
  external: ['@pagetrail/*'],
  nodePaths: [join(root, 'node_modules')],
  alias: { 'react-devtools-core': join(root, 'packages', 'tui', 'src', 'live', 'no-devtools.ts') },
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  banner: {
    js: "import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url);",
  },
  logLevel: 'warning',
})
if (!existsSync(db)) {
  console.log(`recording ${number(EVENTS)} events …`)
  await recordRandomRun(db, EVENTS)
}
function command(...args: string[]): void {
  execFileSync(process.execPath, [program, '--db', demo, ...args], { stdio: 'ignore' })
}
for (const kernel of ['6.17.13', '6.18.15']) {
  command('import', join(root, 'packages', 'tui', 'demo', `modules_small-${kernel}.trace.gz`))
}
command('record', 'two-owners', '--flavour', '7.3')
const [, , , only] = process.argv
const sizes = SIZES.filter(([columns, rows]) => !only || only === `${columns}x${rows}`)
for (const [columns, rows] of sizes) await measure(columns, rows)
process.exit(0)
