import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { PtyScreen } from '../test/support/terminal/pty.ts'
import { recordRandomRun } from './seek-run.ts'

/**
 * How long a person waits: from a key to the data that makes the screen right, in a real pty on a run of ten million
 * events; beside it the same screens shown by Ink from constant strings. `node bench/frame.ts [DATABASE]`
 *
 * Two slow cores, a quiet moment (load 0.9, half of it this bench), median ms, then times what Ink alone needs:
 *
 *            first frame   step         page         seek         filter, drop   idle CPU
 *   120×36   342           13.3 1.17×   13.0 1.15×   16.8 1.48×   15.5 1.37×     0.0 %
 *   80×24    289            8.0 1.43×    6.0 1.10×    7.2 1.33×    8.5 1.55×     0.0 %
 *
 * On the same machine while ten other jobs ran (load 10; only the ratios to Ink alone mean anything), median:
 *
 *            step    page    timeline, back   lanes, tree   walk the timeline
 *   200×50   1.07×   0.78×   0.87×            0.93×         0.86×
 *   120×36   1.19×   0.89×   0.86×            0.69×         0.97×
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
const constant = join(root, 'packages', 'tui', 'dist', 'constant-screen.js')

const number = (n: number): string => n.toString().replaceAll(/\B(?=(\d{3})+$)/g, ',')
const at = (seq: number) => (screen: string) => screen.includes(` at ${number(seq)} of `)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

type Press = readonly [key: string, done: (screen: string) => boolean, typed?: string]

/** Presses keys one after the other, after what is typed before them; ms from each key to its frame. */
async function timed(s: PtyScreen, presses: Iterable<Press>): Promise<number[]> {
  const times: number[] = []
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
  return times
}

/** First event of the part of the timeline under the cursor. */
const first = (t: string) => /events ([\d,]+) to/.exec(t)?.[1] ?? ''

const ms = (n: number): string => n.toFixed(1).padStart(7)

function report(name: string, times: readonly number[], base?: readonly number[]): void {
  const p50 = percentile(times, 0.5)
  const beside = base
    ? `   Ink alone ${ms(percentile(base, 0.5))} ${ms(percentile(base, 0.99))}   ${(p50 / percentile(base, 0.5)).toFixed(2)}×`
    : ''
  console.log(`  ${name.padEnd(28)} p50 ${ms(p50)}  p99 ${ms(percentile(times, 0.99))} ms${beside}`)
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

  const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')
  const start = () =>
    new PtyScreen(process.execPath, [program, '--db', db, 'tui', '-1'], { columns, rows, env })
  const starts: number[] = []
  for (let i = 0; i < STARTS; i++) {
    const s = start()
    starts.push((await s.until(at(0))) - s.started)
    s.kill('SIGKILL')
    await s.exited
  }
  const s = start()
  await s.until(at(0))
  report('start to first useful frame', starts)
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
  const marks = (name: string, key: string, on: RegExp, off: RegExp, back: string) => {
    const presses = Array.from({ length: SWITCHES }, () => [
      [key, (t: string) => on.test(t)] as const,
      [back, (t: string) => off.test(t)] as const,
    ]).flat()
    return timed(s, presses).then((times) => report(name, times, pageBase))
  }
  const tree = /seq .*event/
  await marks('timeline, and back', 'z', /━ Timeline/, tree, 'q')
  await marks('lanes, and the tree', 'v', /seq +CPU \d/, tree, 'v')
  s.write('z')
  await s.until(/━ Timeline/)
  const walked: number[] = []
  for (let i = 0; i < SWITCHES; i++) {
    const was = first(s.text())
    const began = performance.now()
    s.write('l')
    walked.push((await s.until((t) => first(t) !== was && first(t) !== '')) - began)
    await pause(60)
  }
  report('walk the timeline', walked, stepBase)
  s.write('q')
  await pause(1_500)
  const before = s.cpuMs()
  await pause(3_000)
  console.log(
    `  ${'idle CPU'.padEnd(28)}     ${((s.cpuMs() - before) / 30).toFixed(1).padStart(7)} %`,
  )
  s.kill('SIGKILL')
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
for (const [columns, rows] of SIZES) await measure(columns, rows)
process.exit(0)
