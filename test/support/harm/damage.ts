import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { InputError, openRuns, type RunFile, type SqlValue, writeMarks } from '@pagetrail/recorder'
import Sqlite from 'better-sqlite3'

import type { Io } from '../../../packages/tui/src/command/io.ts'
import { openTraceData, type TraceData } from '../../../packages/tui/src/data/trace-data.ts'
import { main } from '../../../packages/tui/src/main.ts'
import { append, callEvents, META } from '../call-events.ts'

/** A question and its answer; 70 is the status of a program that failed. */
export interface Answer {
  readonly out: string
  readonly status: number
}
export type Ask = (db: string, folder: string) => Promise<Answer>

const sink = (to: string[]) => ({
  isTTY: false,
  columns: 100,
  rows: Infinity,
  write: async (text: string) => void to.push(text),
})

/** A command line, in this process: what it prints on standard output, and its status. */
export async function run(db: string, argv: readonly string[]): Promise<Answer> {
  const [out, err]: [string[], string[]] = [[], []]
  const io: Io = {
    stdin: Readable.from([]),
    terminal: null,
    stdout: sink(out),
    stderr: sink(err),
    env: {},
    startPager: () => {
      throw new Error('not on a pipe')
    },
    now: () => 0,
    onInterrupt: () => () => {},
    youngSpace: { hold() {}, release() {} },
  }
  const status = await main(['--db', db, ...argv], io)
  return { out: out.join(''), status: /internal error/.test(err.join('')) ? 70 : status }
}

const V = '0xffff8000c0000000'
const BREAK_BEFORE_MAKE = {
  name: 'bbm',
  geometry: { page_shift: 12, va_bits: 48 },
  features: { tlb_model: true },
  init: [{ va: V, level: 'pte', desc: '0xe8000500040703', count: 1, pa_step: '0x1000' }],
  cpus: [
    {
      calls: [
        { fn: 'store', addr: V, desc: '0xe8000500040702' },
        { fn: 'barrier', op: 'dsb', scope: 'ishst' },
        { fn: 'tlbi', insn: 'vaae1is', addr: V },
        { fn: 'barrier', op: 'dsb', scope: 'ish' },
        { fn: 'store', addr: V, desc: '0xe8000500099703' },
      ],
    },
    { calls: [{ fn: 'access', addr: V, mode: 'read' }] },
  ],
}

/** Runs 1 and 2 are of calls, in small batches; 3 is long enough for snapshots; 4 is a kernel's, 5 the engine's. */
export async function soundFile(db: string): Promise<void> {
  const runFile = await openRuns(db, { mode: 'write' })
  for (const [label, calls, batchEvents] of [
    ['one', 60, 64],
    ['two', 61, 64],
    ['long', 1650, 1024],
  ] as const) {
    const writer = runFile.startRun({ ...META, label }, { batchEvents })
    append(writer, callEvents(calls))
    writer.finish('complete')
  }
  writeMarks(runFile, runFile.find(2), [{ seq: 12, text: 'here' }])
  runFile.close()
  const scenario = `${db}.json`
  writeFileSync(scenario, JSON.stringify(BREAK_BEFORE_MAKE))
  const trace = join(import.meta.dirname, '../../fixtures/traces/modules_small-6.18-max.trace.gz')
  for (const argv of [
    ['import', trace, '--label', 'real'],
    ['record', scenario, '--flavour', '6.18'],
    // It leaves the snapshots.
    ['state', '3'],
  ]) {
    const { status } = await run(db, argv)
    if (status !== 0) throw new Error(`${argv.join(' ')}: ${status}`)
  }
}

const READING: readonly (readonly string[])[] = [
  ['runs'],
  ['runs', '--json'],
  ['info', '2'],
  ['replay', '2'],
  ['replay', '4', '--filter', 'fn == "set_memory_ro"'],
  ['show', '2', '333'],
  ['show', '4', '1000'],
  ['state', '2', '--at', '300'],
  ['state', '3'],
  ['why', '2', '0xffff800080002000'],
  ['diff', '1', '2'],
  ['report', '2'],
  ['report', '4'],
  ['check', '2'],
  ['check', '4'],
  ['conform', '4'],
  ['export', '2'],
  ['export', '4'],
  ['export', '1', '--format', 'csv'],
  ['export', '1', '2', '--format', 'chrome'],
  ['export', '5', '--format', 'litmus'],
  ['export', '5', '--format', 'casemate'],
  ['state', '5'],
]

/** What a query is asked after the whole file is proven, as the process of `sql` does it. */
async function sql(db: string): Promise<Answer> {
  const text = `
    select count(*), total(new), total(va), sum(kind), (select group_concat(text) from name),
      (select count(*) || sum(op) || sum(first) from call), (select group_concat(text) from mark) from event`
  const ask = (runFile: RunFile): SqlValue[] | undefined => {
    runFile.proveAll()
    return runFile.db.prepare<[], SqlValue[]>(text).raw().get()
  }
  return await caught(async () => {
    const runFile = await openRuns(db, { mode: 'read' })
    try {
      return JSON.stringify(ask(runFile)?.map(String))
    } finally {
      runFile.close()
    }
  })
}

async function parquet(db: string, folder: string): Promise<Answer> {
  const to = join(folder, 'parquet')
  const { status } = await run(db, ['export', '2', '--format', 'parquet', '-o', to, '--force'])
  const part = join(to, 'run=2', 'part-0000.parquet')
  const out = status === 0 ? readFileSync(part).toString('base64') : ''
  rmSync(to, { recursive: true, force: true })
  return { out, status }
}

/** What the screens ask: of each question that has an answer, that answer. */
const SCREENS: Readonly<Record<string, (data: TraceData) => Promise<unknown>>> = {
  runs: async (data) => {
    const runs = await data.runs()
    // As `runs` does: the others are listed, and one that cannot be believed is shown as damaged.
    if (runs.some(({ state }) => state === 'damaged')) throw new InputError('damaged')
    return runs
  },
  window: (data) =>
    data.window({ run: 2, filter: null, anchor: 300, delta: 0, reach: 20, total: 610 }),
  filtered: (data) =>
    data.window({ run: 4, filter: 'kind == op_end', anchor: 900, delta: 0, reach: 9, total: 2000 }),
  count: (data) => data.count({ run: 2, filter: 'kind == barrier', total: 610 }),
  state: (data) =>
    data.state({ run: 3, seq: 9000, va: 0xffff_8000_8000_2000n, rows: 9, want: 'tables' }),
  ledger: (data) => data.state({ run: 2, seq: 300, va: null, rows: 9, want: 'ledger' }),
  why: (data) => data.why(2, 0xffff_8000_8000_2000n, 600),
  check: (data) => data.check(2),
  diff: (data) =>
    data.diffRows({ left: 1, right: 2, folded: false, filter: null, from: 0, limit: 50 }),
  density: (data) => data.density(2, 610, 10),
  profile: (data) => data.profile({ run: 2, from: 0, to: 609, buckets: 10 }),
  names: (data) => data.names(2),
  marks: (data) => data.marks(2),
}

async function screen(db: string, ask: (data: TraceData) => Promise<unknown>): Promise<Answer> {
  return await caught(async () => {
    const data = await openTraceData(db)
    try {
      return JSON.stringify(await ask(data), (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      )
    } finally {
      await data.close()
    }
  })
}

async function caught(ask: () => Promise<string>): Promise<Answer> {
  try {
    return { out: await ask(), status: 0 }
  } catch (error) {
    return { out: '', status: error instanceof InputError ? 2 : 70 }
  }
}

/** What is written to a damaged file, on a copy of it, and the question whose answer must be right or refused then. */
const WRITING: readonly (readonly [change: readonly string[], then: readonly string[]])[] = [
  [
    ['rename', '1', 'other'],
    ['export', '2'],
  ],
  [
    ['rm', '1'],
    ['export', '2'],
  ],
  [
    ['record', 'clean-ro', '--flavour', '6.18', '--label', 'new'],
    ['export', 'new'],
  ],
]

async function written(
  db: string,
  folder: string,
  [change, then]: (typeof WRITING)[number],
): Promise<Answer> {
  const copy = join(folder, 'copy.db')
  for (const end of ['', '-wal', '-shm']) rmSync(copy + end, { force: true })
  copyFileSync(db, copy)
  const { status } = await run(copy, change)
  return status === 0 ? await run(copy, then) : { out: '', status }
}

/** Every verb that reads or writes a database, every format of export, and the questions of the screens. */
export const QUESTIONS: ReadonlyMap<string, Ask> = new Map<string, Ask>([
  ...READING.map((argv): [string, Ask] => [argv.join(' '), (db) => run(db, argv)]),
  ['export 2 --format parquet', parquet],
  ['sql', sql],
  ...Object.entries(SCREENS).map(([name, ask]): [string, Ask] => [
    `screen: ${name}`,
    (db) => screen(db, ask),
  ]),
  ...WRITING.map((pair): [string, Ask] => [
    `${pair[0].join(' ')}, then ${pair[1].join(' ')}`,
    (db, folder) => written(db, folder, pair),
  ]),
])

/** Park and Miller's generator: whole numbers below one. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 0x7fff_ffff
    return Math.floor((state / 0x7fff_ffff) * below)
  }
}

/** Which pages belong to which table, so that small ones are damaged as often as large ones. */
export function pagesOf(db: string): number[][] {
  const file = new Sqlite(db, { readonly: true })
  const rows = file
    .prepare<[], [string, number]>('select name, pageno from dbstat order by name')
    .raw()
    .all()
  file.close()
  const tables = Map.groupBy(rows, ([name]) => name)
  return [...tables.values()].map((pages) => pages.map(([, page]) => page - 1))
}

const PAGE = 4096

/** One to three places: a bit, some bytes, zeros, a page of another place, the end cut off. */
export function damaged(
  sound: Buffer,
  tables: readonly (readonly number[])[],
  below: (n: number) => number,
): Buffer {
  const sort = below(20)
  if (sort === 0) return sound.subarray(0, PAGE * (1 + below(sound.length / PAGE - 1)))
  const image = Buffer.from(sound)
  for (let n = 1 + below(3); n > 0; n--) {
    const pages = tables[below(tables.length)]!
    const page = PAGE * pages[below(pages.length)]!
    const at = page + below(PAGE)
    const end = Math.min(at + 1 + below(sort < 4 ? 64 : 8), image.length)
    if (sort < 8) image[at]! ^= 1 << below(8)
    else if (sort < 12) image.fill(0, at, end)
    else if (sort < 14) image.copy(image, page, PAGE * below(image.length / PAGE), page + PAGE)
    else for (let i = at; i < end; i++) image[i] = below(256)
  }
  return image
}

/** Puts an image where a file was, without what SQLite had beside it. */
export function replaceWith(db: string, image: Uint8Array): void {
  for (const end of ['-wal', '-shm']) rmSync(db + end, { force: true })
  writeFileSync(db, image)
}
