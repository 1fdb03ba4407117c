import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

import {
  eventToJson,
  openRuns,
  readMarks,
  type Run,
  type RunFile,
  verify,
} from '@pagetrail/recorder'

import { append, callEvents, META } from '../call-events.ts'

const CHILD = join(import.meta.dirname, 'recording-child.ts')
const EVENTS_PER_CALL = 10
/** A recorder is at work in half the time, so that more moments find it there. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') }

function start(...args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [CHILD, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

export interface Crash {
  /** What the recorder had said to be on disk when it was killed, and what was found there. */
  readonly acknowledged: number
  readonly found: number
  /** It had ended by itself before: the disk was full. */
  readonly filled?: boolean
}

/** When to kill: so long after the process was started, or after it said that something is on disk. */
export interface Moment {
  readonly delayMs: number
  readonly since: 'start' | 'commit'
  readonly durability: 'batch' | 'call'
}

/** Starts a recorder, kills it, and proves that its file is the prefix it promised. */
export async function crashOnce(path: string, moment: Moment): Promise<Crash> {
  const acknowledged = await killed(start(path, '0', moment.durability), moment)
  return await proven(path, new Map([[META.label, acknowledged]]))
}

/** The same with three recorders into one file, one of which knows it by another name. */
export async function crashOfSeveral(path: string, moment: Moment): Promise<Crash> {
  const link = `${path}.link`
  symlinkSync(path, link)
  const labels = ['a', 'b', 'c']
  const promised = await Promise.all(
    labels.map((label, i) =>
      killed(start(i === 0 ? link : path, '0', moment.durability, label), moment),
    ),
  )
  return await proven(path, new Map(labels.map((label, i) => [label, promised[i]!])))
}

/**
 * The same in a folder whose file system fills up: the recorder fails, or is killed before. While the disk is full,
 * what was promised can be read; `makeRoom` makes room for the next writer.
 */
export async function crashWhenFull(
  path: string,
  moment: Moment,
  makeRoom: () => void,
): Promise<Crash> {
  const child = start(path, '0', moment.durability)
  const acknowledged = await killed(child, moment)
  if (acknowledged > 0) {
    const runFile = await openRuns(path, { mode: 'read' })
    mustReach(checkedRun(runFile, runFile.find(1)), acknowledged)
    runFile.close()
  }
  makeRoom()
  const crash = await proven(path, new Map([[META.label, acknowledged]]))
  return { ...crash, filled: child.signalCode === null }
}

/** The same while a file of 0.1 is brought up to date and recorded into: its runs stay as they were. */
export async function crashInMigration(path: string, old: Buffer, moment: Moment): Promise<Crash> {
  writeFileSync(path, old)
  const before = await oldRuns(path)
  const acknowledged = await killed(start(path, '0', moment.durability), moment)
  if ((await oldRuns(path)) !== before) throw new Error('the old runs have changed')
  return await proven(path, new Map([[META.label, acknowledged]]))
}

/** Kills one who marks places: what was said to be marked is, and every set of marks is whole. */
export async function crashWhileMarking(path: string, moment: Moment): Promise<Crash> {
  const written = await openRuns(path, { mode: 'write' })
  const writer = written.startRun(META)
  append(writer, callEvents(EVENTS_PER_CALL))
  writer.finish('complete')
  written.close()
  const acknowledged = await killed(start(path, '0', 'marks'), moment)
  const runFile = await openRuns(path, { mode: 'write' })
  const marks = readMarks(runFile, runFile.find(1))
  const [problem] = verify(runFile).problems
  runFile.close()
  if (problem) throw new Error(problem.message)
  const found = marks.length === 0 ? 0 : Number(marks[0]!.text) + 1
  const n = found - 1
  const whole = marks.every(({ seq, text }, i) => seq === i && text === String(n))
  if (!whole || (found > 0 && marks.length !== (n % 50) + 1))
    throw new Error('marks of two sets are mixed')
  if (found < acknowledged) throw new Error(`${acknowledged} sets were promised, ${found} is there`)
  return { acknowledged, found }
}

const oldRuns = async (path: string): Promise<string> => {
  const runFile = await openRuns(path, { mode: 'read' })
  const runs = runFile.runs().filter(({ label }) => label !== META.label)
  const events = runs.map((run) => [...runFile.source(run).events()].map((e) => eventToJson(e)))
  runFile.close()
  return JSON.stringify([runs.map(({ label, state }) => [label, state]), events])
}

/** Opens the file as the next writer and the next reader do; `promised` is by label. */
async function proven(path: string, promised: ReadonlyMap<string, number>): Promise<Crash> {
  const acknowledged = [...promised.values()].reduce((sum, count) => sum + count, 0)
  if (!existsSync(path)) return { acknowledged: mustBe(acknowledged, 0), found: 0 }
  const writable = await openRuns(path, { mode: 'write' })
  writable.close()
  const runFile = await openRuns(path, { mode: 'read' })
  try {
    let found = 0
    for (const [label, count] of promised) {
      const run = runFile.lookUp(label)
      if (run) found += mustReach(checkedRun(runFile, run), count)
      else mustBe(count, 0)
    }
    const [problem] = verify(runFile).problems
    if (problem) throw new Error(problem.message)
    return { acknowledged, found }
  } finally {
    runFile.close()
  }
}

/** How many events are there, which must be the first that the recorder was given. */
function checkedRun(runFile: RunFile, run: Run): number {
  const events = [...runFile.source(run).events()]
  if (run.state !== 'interrupted') throw new Error(`the run is ${run.state}`)
  const expected = callEvents(Math.ceil(events.length / EVENTS_PER_CALL)).slice(0, events.length)
  const text = (list: typeof events) => JSON.stringify(list.map((event) => eventToJson(event)))
  if (text(events) !== text(expected)) throw new Error('the prefix is not what was recorded')
  return events.length
}

function mustReach(found: number, promised: number): number {
  if (found < promised) throw new Error(`${promised} events promised, ${found} there`)
  return found
}

function mustBe(value: number, expected: number): number {
  if (value !== expected) throw new Error(`${value} events were promised, the file has ${expected}`)
  return value
}

type Child = ReturnType<typeof start>

/** Kills it at the moment, unless it ends before; resolves with the last number that it printed whole. */
async function killed(child: Child, moment: Moment): Promise<number> {
  let [output, complaint] = ['', '']
  const kill = () => setTimeout(() => child.kill('SIGKILL'), moment.delayMs)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  if (moment.since === 'start') kill()
  else child.stdout.once('data', kill)
  await new Promise((resolve) => child.on('close', resolve))
  if (complaint !== '' && !complaint.includes('the disk is full')) throw new Error(complaint)
  return Number(output.split('\n').at(-2) ?? 0)
}

/** A recorder that runs to its end; resolves with its exit status. */
export function recorder(path: string, calls: number): Promise<number | null> {
  const child = start(path, String(calls))
  child.stdout.resume()
  child.stderr.pipe(process.stderr)
  return new Promise((resolve) => child.on('close', (code) => resolve(code)))
}

/** A recorder that goes on until `kill` is called; resolves when its first batch is on disk. */
export async function endlessRecorder(path: string): Promise<{ kill: () => Promise<void> }> {
  const child = start(path, '0')
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('close', () => reject(new Error('the recorder ended before its first commit')))
  })
  child.stdout.resume()
  child.stderr.pipe(process.stderr)
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const kill = async () => {
    child.kill('SIGKILL')
    await closed
  }
  return { kill }
}
