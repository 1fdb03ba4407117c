import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { PtyScreen } from '../test/support/terminal/pty.ts'
import { recordRandomRun } from './seek-run.ts'

/**
 * How long a person waits: from a key to the data that makes the screen right, in a real pty on a run of ten million
 * events; beside it the same screens shown by Ink from constant strings, as Ink comes. One table, a row an action.
 *
 *     node bench/frame.ts                          all sizes, on a run that is recorded first: about three minutes
 *     node bench/frame.ts ten.db                   the run is kept there for the next time
 *     node bench/frame.ts ten.db 120x36,80x24      only these sizes
 *     node bench/frame.ts ten.db 80x24 'why|path'  only what has this in its name; the time of each key is printed
 *
 * Under load waiting times say nothing; CPU of a frame, in the thread that draws, does. At load 6 of two cores, ms at
 * 80×24, 120×36 and 200×50, and in times of what Ink alone needs:
 *
 *   step 2.8 3.4 5.1, 0.54× 0.40× 0.35×        page 3.4 5.0 9.3, 0.56× 0.52× 0.49×
 *   filter 5.0 3.8 7.1, 0.83× 0.39× 0.37×      timeline 2.9 4.4 6.5, 0.48× 0.46× 0.34×, its walk up to 0.68×
 *   next difference 2.5 3.3 5.0, 0.42× 0.34× 0.26×   calls 5.0 4.7 7.5, 0.83× 0.49× 0.39×
 *   findings 3.1 5.0 7.5, 0.52× 0.52× 0.39×    why 3.9 5.3 5.6, 0.65× 0.55× 0.30×
 *
 * All others are below 0.68×. The first frame needs 120 to 145 ms of CPU in that thread.
 */
const EVENTS = 10_000_000
const SIZES = ['200x50', '120x36', '80x24'] as const
const STEPS = 50
const PAGES = 30
const STARTS = 7
const SWITCHES = 8
/** Kinds of the run, each filtered for and dropped again. */
const FILTERED = ['tlb_flush', 'op_begin', 'desc_write', 'barrier']

const root = `${import.meta.dirname}/../`
const dir = mkdtempSync(join(tmpdir(), 'pagetrail-frame-'))
const db = process.argv[2] ?? join(dir, 'run.db')
const program = join(root, 'packages', 'tui', 'bin', 'pagetrail.js')
const demo = join(dir, 'demo.db')
const constant = join(root, 'packages', 'tui', 'dist', 'constant-screen.js')

const number = (n: number): string => n.toString().replaceAll(/\B(?=(\d{3})+$)/g, ',')
const at = (seq: number) => (screen: string) => screen.includes(` at ${number(seq)} of `)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
/** Nobody types faster; what is still painted must not count for the next key. */
const BETWEEN_MS = 50

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
      await pause(BETWEEN_MS)
    }
    const began = performance.now()
    s.write(keys)
    times.push((await s.until(done)) - began)
    await pause(BETWEEN_MS)
  }
  return { times, cpu: (s.mainCpuMs() - before) / Math.max(1, framesOf(s) - frames) }
}

/** What shows that the screen is there. */
const on = (sign: RegExp) => (screen: string) => sign.test(screen)
/** What shows that something no longer stands over it. */
const without =
  (sign: RegExp, screen: RegExp) =>
  (text: string): boolean =>
    !sign.test(text) && screen.test(text)

/** Keys that turn something on and off again, so often. */
const turns = (...presses: Press[]): Press[] =>
  Array.from({ length: SWITCHES }, () => presses).flat()

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

/** Words typed letter by letter into a prompt; Esc is never measured, for a terminal's Esc is waited for 20 ms. */
const types = (words: string, prompt: RegExp): Press[] => [
  ['f', on(prompt)],
  ...[...words].map((letter, i): Press => [
    letter,
    on(new RegExp(`^ find ${words.slice(0, i + 1)}(?!\\w)`, 'm')),
  ]),
]

interface Row extends Timed {
  readonly action: string
  readonly size: string
  /** What Ink alone needs for it. */
  readonly base?: Timed | undefined
}

const table: Row[] = []
const only = process.argv[4] === undefined ? null : new RegExp(process.argv[4])

/** One action at one size, if it is wanted; the table is printed at the end. */
async function act(
  size: string,
  action: string,
  measured: () => Promise<Timed>,
  base?: Timed,
): Promise<void> {
  if (only?.test(action) === false) return
  const timed = await measured()
  table.push({ ...timed, action, size, base })
  console.error(`${size}  ${action}  ${timed.times.map((t) => t.toFixed(0)).join(' ')}`)
}

/** `env` keeps where one was in each run apart from what other sizes left. */
interface Size {
  readonly env: Readonly<Record<string, string>>
  readonly name: string
  readonly columns: number
  readonly rows: number
}

/** Ink alone: constant strings, one after the other at each key. */
async function inkAlone({ columns, rows, env }: Size, key: string, presses: readonly Press[]) {
  const name = key === '\x1b[6~' ? 'pagedown' : key
  const args = [constant, db, String(columns), String(rows), name, String(presses.length)]
  const s = new PtyScreen(process.execPath, args, { columns, rows, env })
  await s.until(at(0), 120_000)
  await pause(300)
  const base = await timed(s, presses)
  s.kill('SIGKILL')
  return base
}

/** Leaves as a person does: what Node keeps of the compiled program is written then. */
async function leave(s: PtyScreen): Promise<void> {
  s.write('\x03')
  await s.exited
}

async function starts(size: Size): Promise<Timed> {
  const times: number[] = []
  let cpu = 0
  const { columns, rows, env } = size
  for (let i = -1; i < STARTS; i++) {
    const s = new PtyScreen(process.execPath, [program, '--db', db, 'tui', '-1'], {
      columns,
      rows,
      env,
    })
    const came = await s.until(at(0))
    // The first time ever compiles the program.
    if (i >= 0) {
      times.push(came - s.started)
      cpu += s.mainCpuMs() / STARTS
    }
    await leave(s)
  }
  return { times, cpu }
}

async function measure(size: Size): Promise<void> {
  const { columns, rows, name, env } = size
  const page = (columns >= 100 ? rows - 8 : 9) - 1
  const steps = Array.from({ length: STEPS }, (_, i): Press => ['j', at(i + 1)])
  const pages = Array.from({ length: PAGES }, (_, i): Press => ['\x1b[6~', at((i + 1) * page)])
  const step = await inkAlone(size, 'j', steps)
  const turn = await inkAlone(size, '\x1b[6~', pages)
  await act(name, 'first frame', () => starts(size))
  const s = new PtyScreen(process.execPath, [program, '--db', db, 'tui', '-1'], {
    columns,
    rows,
    env,
  })
  await s.until(at(0))
  await pause(1_000)
  await act(name, 'step', () => timed(s, steps), step)
  await timed(s, [['g', at(0)]])
  await act(name, 'page', () => timed(s, pages), turn)
  let seed = 1
  const seqs = Array.from(
    { length: PAGES },
    () => (seed = (seed * 48_271) % 2_147_483_647) % EVENTS,
  )
  const seeks = seqs.map((seq): Press => ['\r', at(seq), `:${seq}`])
  await act(name, 'seek to a random event', () => timed(s, seeks), turn)
  const filters = FILTERED.flatMap((kind): Press[] => [
    ['\r', (t) => t.includes(` kind == ${kind} `) && t.includes('X clear'), `/kind == ${kind}`],
    ['X', (t) => t.includes(' all events')],
  ])
  await act(name, 'filter, drop it', () => timed(s, filters), turn)
  const tree = /seq .*event/
  const help = /Keys \(type/
  const screens: readonly (readonly [action: string, presses: Press[]])[] = [
    ['timeline, back', turns(['z', on(/━ Timeline/)], ['q', on(tree)])],
    ['lanes, tree', turns(['v', on(/seq +CPU \d/)], ['v', on(tree)])],
    ['help, back', turns(['?', on(help)], ['q', without(help, tree)])],
  ]
  for (const [action, presses] of screens) await act(name, action, () => timed(s, presses), turn)
  await act(name, 'pane: map, barriers', () => timedPanes(s), turn)
  const letters = [...types('set_mem', /^ find /m), ['\x03', without(/^ find /m, tree)] as Press]
  await act(name, 'find: a letter', () => timed(s, letters), turn)
  s.write('z')
  await s.until(/━ Timeline/)
  const walked = walks(s, 'l', /events ([\d,]+) to/, PAGES)
  await act(name, 'timeline: walk', () => timed(s, walked), step)
  await leave(s)
  await measureOthers(size, step, turn)
}

/** The map of the table and what is owed, again and again; the other panes in between are not measured. */
async function timedPanes(s: PtyScreen): Promise<Timed> {
  const measured: Timed[] = []
  for (let i = 0; i < SWITCHES; i++) {
    measured.push(
      await timed(s, [
        ['t', on(/─ Map of the table/)],
        ['t', on(/─ Barriers and TLB/)],
      ]),
    )
    while (!/─ (Page tables|Tables at) /.test(s.text())) {
      s.write('t')
      await pause(4 * BETWEEN_MS)
    }
  }
  const cpu = measured.reduce((sum, { cpu: one }) => sum + one, 0) / SWITCHES
  return { times: measured.flatMap(({ times }) => times), cpu }
}

/** The screens of comparisons and of findings, on the built-in captures and a recorded race. */
async function measureOthers({ columns, rows, name, env }: Size, step: Timed, turn: Timed) {
  const open = (...runs: string[]) =>
    new PtyScreen(process.execPath, [program, '--db', demo, 'tui', ...runs], { columns, rows, env })
  const d = open('1', '2')
  await d.until(/path ≠/)
  await pause(2_000)
  const row = /([\d,]+) of [\d,]+\+? rows/
  await act(name, 'path: step', () => timed(d, walks(d, 'j', row, STEPS)), step)
  await act(name, 'path: next difference', () => timed(d, walks(d, 'n', row, PAGES)), turn)
  await act(name, 'path: page', () => timed(d, walks(d, '\x1b[6~', row, PAGES)), turn)
  const [path, calls] = [on(/━ Path/), on(/━ Calls/)]
  const [mapped, cursor] = [on(/─ Map of the table/), on(/─ At the cursor/)]
  await act(
    name,
    'map A against B, back',
    () => timed(d, turns(['t', mapped], ['t', cursor])),
    turn,
  )
  d.write('t')
  await d.until(mapped)
  await act(name, 'path with the map: step', () => timed(d, walks(d, 'j', row, PAGES)), step)
  await act(name, 'calls, back', () => timed(d, turns(['c', calls], ['c', path])), turn)
  d.write('cg')
  await d.until(/1 of 96 /)
  await act(name, 'calls: step', () => timed(d, walks(d, 'j', /([\d,]+) of 96 /, PAGES)), step)
  const tab = /━ (outcome|effect|Path|cost|Calls)/
  await act(
    name,
    'questions, one after the other',
    () => timed(d, walks(d, '\t', tab, PAGES)),
    turn,
  )
  await leave(d)
  const f = open('3')
  await f.until('lost-update')
  await pause(1_000)
  await act(name, 'lanes: step', () => timed(f, walks(f, 'j', / at (\d+) of /, PAGES)), step)
  const lanes = on(/seq +CPU 0/)
  await act(
    name,
    'findings, back',
    () => timed(f, turns(['c', on(/error: lost-/)], ['q', lanes])),
    turn,
  )
  f.write(':46\r')
  await f.until(at(46))
  await act(name, 'why, back', () => timed(f, turns(['w', on(/━ Why /)], ['q', lanes])), turn)
  f.write('c')
  await f.until(/error: lost-/)
  const line = /(\d+) of \d+ +› leads/
  await act(name, 'findings: next place', () => timed(f, walks(f, 'n', line, 6)), step)
  await leave(f)
  const r = open()
  await r.until(/▶ +#1 /)
  await pause(1_000)
  const runs = turns(['j', on(/▶ +#2 /)], ['k', on(/▶ +#1 /)])
  await act(name, 'runs: step', () => timed(r, runs), step)
  await leave(r)
}

const ms = (n: number): string => (n < 100 ? n.toFixed(1) : n.toFixed(0)).padStart(6)
const times = (a: number, b: number | undefined): string =>
  (b === undefined ? '' : `${(a / b).toFixed(2)}×`).padStart(6)

/** p50, p99: from a key to its screen; CPU: of a frame, in the thread that draws; ×: in times of Ink alone. */
const HEAD = '   p50    p99    CPU  ×p50   ×CPU'

function cells(r: Row | undefined): string {
  if (!r) return ''.padStart(34)
  const p50 = percentile(r.times, 0.5)
  const base = r.base && percentile(r.base.times, 0.5)
  return [
    ms(p50),
    ms(percentile(r.times, 0.99)),
    ms(r.cpu),
    times(p50, base),
    times(r.cpu, r.base?.cpu),
  ].join(' ')
}

/** An action a row, a size beside the other: median and 99th percentile, CPU of a frame, both in times of Ink's own. */
function printed(): string {
  const sizes = [...new Set(table.map(({ size }) => size))]
  const actions = [...new Set(table.map(({ action }) => action))]
  const widest = Math.max(...actions.map(({ length }) => length))
  return [
    `${''.padEnd(widest)}  ${sizes.map((size) => size.padStart(34)).join('  │')}`,
    `${'ms'.padEnd(widest)}  ${sizes.map(() => HEAD.padStart(34)).join('  │')}`,
    ...actions.map((action) => {
      const row = sizes.map((size) =>
        cells(table.find((r) => r.action === action && r.size === size)),
      )
      return `${action.padEnd(widest)}  ${row.join('  │')}`
    }),
  ].join('\n')
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
  console.error(`recording ${number(EVENTS)} events …`)
  await recordRandomRun(db, EVENTS)
}
function command(...args: string[]): void {
  execFileSync(process.execPath, [program, '--db', demo, ...args], { stdio: 'ignore' })
}
for (const kernel of ['6.17.13', '6.18.15']) {
  command('import', join(root, 'packages', 'tui', 'demo', `modules_small-${kernel}.trace.gz`))
}
command('record', 'two-owners', '--flavour', '7.3')
for (const name of process.argv[3]?.split(',') ?? SIZES) {
  const [columns = 80, rows = 24] = name.split('x').map(Number)
  const env = { XDG_STATE_HOME: mkdtempSync(join(dir, 'state-')), NODE_ENV: 'production' }
  await measure({ name, columns, rows, env })
}
console.log(printed())
process.exit(0)
