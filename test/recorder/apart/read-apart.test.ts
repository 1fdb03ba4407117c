import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'

import {
  diffRuns,
  type EventSource,
  importFile,
  LoggedRuns,
  openRuns,
  readApart,
  recordScenario,
} from '@pagetrail/recorder'
import { ThreadSide } from '../../../packages/recorder/src/apart/read-apart.ts'
import { sideHere } from '../../../packages/recorder/src/apart/remembered.ts'
import type { ReadSides } from '../../../packages/recorder/src/diff/align/side.ts'
import { folder } from '../../support/cli.ts'
import { capture } from '../../support/demo.ts'
import { captures, fixture, pagesScenario } from '../../support/runs.ts'
import { AREA, hex } from '../../support/sample-run.ts'

/** Reads the left side in a thread, runs of any length. */
const inThread: ReadSides = (a, b, request) => {
  const thread = new ThreadSide(a.place!, request)
  try {
    return { left: thread.read().digest, right: sideHere(b, request).digest }
  } finally {
    thread.end()
  }
}

/** The same, counted. */
function counted(): { readonly apart: ReadSides; read: number } {
  const made = {
    read: 0,
    apart: ((a, b, request) => {
      made.read++
      return inThread(a, b, request)
    }) satisfies ReadSides,
  }
  return made
}

async function imported(...files: readonly string[]): Promise<EventSource[]> {
  const runFile = await openRuns(join(folder(), 'runs.db'), { mode: 'write' })
  const sources: EventSource[] = []
  for (const file of files) {
    const { run } = await importFile(runFile, file, { created: 7 })
    sources.push(runFile.source(runFile.find(run)))
  }
  return sources
}

describe('a side that a thread reads', () => {
  const FILES = [
    capture('6.17.13'),
    capture('6.18.15'),
    fixture('two-6.18-boot1.trace.gz'),
    fixture('two-6.18-boot2.trace.gz'),
  ] as const

  test.each([
    [0, 1],
    [1, 0],
    [2, 3],
    [0, 3],
  ])('runs %i and %i compare as they do without it', async (i, j) => {
    const [a, b] = await imported(FILES[i]!, FILES[j]!)
    const thread = counted()
    const options = { pairs: true, ignore: ['ftrace'], map: { a: 'b' } }
    const apart = diffRuns(a!, b!, { ...options, apart: thread.apart })
    expect(thread.read).toBe(1)
    expect(apart).toEqual(diffRuns(a!, b!, options))
  })

  test('of runs in logs too', async () => {
    const [a, b] = await imported(FILES[0], FILES[1])
    const sources: EventSource[] = []
    for (const file of [FILES[0], FILES[1]]) {
      const runs = new LoggedRuns(join(folder(), 'events'))
      onTestFinished(() => runs.close())
      const { run } = await importFile(runs, file, { created: 7 })
      sources.push(runs.source(runs.find(run), sources.length + 1))
    }
    const thread = counted()
    const apart = diffRuns(sources[0]!, sources[1]!, { pairs: true, apart: thread.apart })
    expect(thread.read).toBe(1)
    expect(apart).toEqual(diffRuns(a!, b!, { pairs: true }))
  })

  test('a second recording is set aside alike', async () => {
    const [a, b, again] = await imported(FILES[2], FILES[1], FILES[3])
    const thread = counted()
    const apart = diffRuns(a!, b!, { noise: again!, apart: thread.apart })
    expect(thread.read).toBe(2)
    expect(apart).toEqual(diffRuns(a!, b!, { noise: again! }))
  })

  test('what was asked of single calls or by a filter is read here', async () => {
    const thread = counted()
    const [a, b] = await imported(FILES[0], FILES[1])
    const filter = { text: 'kind=desc_write', matches: () => true }
    diffRuns(a!, b!, { calls: { from: 1, to: 2 }, apart: thread.apart })
    diffRuns(a!, b!, { filter, apart: thread.apart })
    expect(thread.read).toBe(0)
  })

  test('final states are compared as if both had been read here', async () => {
    const runFile = await openRuns(join(folder(), 'runs.db'), { mode: 'write' })
    const off = { fn: 'set_memory_valid', addr: hex(AREA), numpages: 2, enable: 0 }
    for (const [flavour, calls] of [
      ['6.17', [off]],
      ['6.18', []],
    ] as const)
      recordScenario(runFile, pagesScenario(4, [...calls]), { flavour, name: 'x', created: 0 })
    const [a, b] = [1, 2].map((id) => runFile.source(runFile.find(id)))
    const apart = diffRuns(a!, b!, { apart: inThread })
    expect(apart.outcome.mapping).toMatchObject({ compared: 'final state', answer: 'different' })
    expect(apart).toEqual(diffRuns(a!, b!))
  })

  test('another file in the place of the one that was opened is not read for it', async () => {
    const [a, b] = await imported(FILES[0], FILES[1])
    const [other] = await imported(FILES[1])
    const moved = { ...a!, place: { ...a!.place!, ...pathOf(other!) } }
    expect(() => diffRuns(moved, b!, { apart: counted().apart })).toThrow(/was removed or replaced/)
  })

  test('what the thread cannot read is said as if it had been read here', async () => {
    const [a, b] = await imported(FILES[0], FILES[1])
    const lost = { ...a!, place: { ...a!.place!, path: join(folder(), 'none.db') } }
    expect(() => diffRuns(lost, b!, { apart: counted().apart })).toThrow(
      /none\.db does not exist; pagetrail record or import makes it/,
    )
  })
})

const pathOf = ({ place }: EventSource): { path: string } => {
  if (place && 'path' in place) return { path: place.path }
  throw new Error('the run is not in a file')
}

test('a short run, or one in memory, is read here', async () => {
  const [inMemory] = await captures(capture('6.17.13'))
  const [inFile] = await imported(capture('6.18.15'))
  expect(inMemory!.place).toBeUndefined()
  expect(inFile!.place).toMatchObject({ run: 1 })
  const diff = diffRuns(inMemory!, inFile!, { apart: readApart })
  expect(diff).toEqual(diffRuns(inMemory!, inFile!))
})
