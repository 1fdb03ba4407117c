import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

import { eventToJson, openRuns, verify } from '@pagetrail/recorder'

import { callEvents } from './call-events.ts'

const CHILD = join(import.meta.dirname, 'recording-child.ts')
const EVENTS_PER_CALL = 10
/** A recorder is at work in half the time, so that more moments find it there. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') }

function start(...args: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [CHILD, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] })
}

export interface Crash {
  /** What the recorder had said to be on disk when it was killed, and what was found there. */
  readonly acknowledged: number
  readonly found: number
}

/** When to kill: so long after the process was started, or after it said that something is on disk. */
export interface Moment {
  readonly delayMs: number
  readonly since: 'start' | 'commit'
  readonly durability: 'batch' | 'call'
}

/** Starts a recorder, kills it, and proves that its file is the prefix it promised. */
export async function crashOnce(path: string, moment: Moment): Promise<Crash> {
  const acknowledged = await killedRecorder(path, moment)
  if (!existsSync(path)) return { acknowledged: mustBe(acknowledged, 0), found: 0 }
  const writable = await openRuns(path, { mode: 'write' })
  writable.close()
  const runFile = await openRuns(path, { mode: 'read' })
  try {
    const [run] = runFile.runs()
    if (!run) return { acknowledged: mustBe(acknowledged, 0), found: 0 }
    const events = [...runFile.source(run).events()]
    if (run.state !== 'interrupted') throw new Error(`the run is ${run.state}`)
    if (events.length < acknowledged)
      throw new Error(`${acknowledged} promised, ${events.length} there`)
    const expected = callEvents(Math.ceil(events.length / EVENTS_PER_CALL)).slice(0, events.length)
    const text = (list: typeof events) => JSON.stringify(list.map((event) => eventToJson(event)))
    if (text(events) !== text(expected)) throw new Error('the prefix is not what was recorded')
    const [problem] = verify(runFile).problems
    if (problem) throw new Error(problem.message)
    return { acknowledged, found: events.length }
  } finally {
    runFile.close()
  }
}

function mustBe(value: number, expected: number): number {
  if (value !== expected) throw new Error(`${value} events were promised, the file has ${expected}`)
  return value
}

/** Resolves with the last number that the recorder printed whole. */
async function killedRecorder(path: string, moment: Moment): Promise<number> {
  const child = start(path, '0', moment.durability)
  let output = ''
  const kill = () => setTimeout(() => child.kill('SIGKILL'), moment.delayMs)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  if (moment.since === 'start') kill()
  else child.stdout.once('data', kill)
  await new Promise((resolve) => child.on('close', resolve))
  return Number(output.split('\n').at(-2) ?? 0)
}

/** A recorder that runs to its end; resolves with its exit status. */
export function recorder(path: string, calls: number): Promise<number | null> {
  const child = start(path, String(calls))
  child.stdout.resume()
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
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const kill = async () => {
    child.kill('SIGKILL')
    await closed
  }
  return { kill }
}
