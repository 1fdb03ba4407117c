import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

import { diffRuns, type EventSource, importFile, openRuns, readApart } from '@pagetrail/recorder'
import { ThreadSide } from '../../../packages/recorder/src/apart/read-apart.ts'
import type { ReadApart } from '../../../packages/recorder/src/diff/align/side.ts'
import { folder } from '../../support/cli.ts'
import { capture } from '../../support/demo.ts'
import { captures, engineRuns, fixture, pagesScenario } from '../../support/runs.ts'

/** Counts what it reads, runs of any length. */
function counted(): { readonly apart: ReadApart; read: number } {
  const made = {
    read: 0,
    apart: ((source, request) => {
      made.read++
      return new ThreadSide(source.place!, request)
    }) satisfies ReadApart,
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

  test('final states are compared by who has read them', async () => {
    const thread = counted()
    const [a, b] = await engineRuns(pagesScenario(4, []), '6.17', '6.18')
    diffRuns(a!, b!, { apart: thread.apart })
    expect(thread.read).toBe(0)
  })

  test('another file in the place of the one that was opened is not read for it', async () => {
    const [a, b] = await imported(FILES[0], FILES[1])
    const [other] = await imported(FILES[1])
    const moved = { ...a!, place: { ...a!.place!, path: other!.place!.path } }
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

test('a short run, or one in memory, is not worth a thread', async () => {
  const [inMemory] = await captures(capture('6.17.13'))
  const [inFile] = await imported(capture('6.17.13'))
  const request = {
    shown: [],
    addresses: 'relative',
    ignore: [],
    map: {},
    waitingRows: null,
  } as const
  expect(readApart(inMemory!, request)).toBeNull()
  expect(readApart(inFile!, request)).toBeNull()
  expect(inMemory!.place).toBeUndefined()
  expect(inFile!.place).toMatchObject({ run: 1 })
})
