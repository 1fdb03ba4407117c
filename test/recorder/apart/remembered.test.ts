import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  diffLines,
  diffRuns,
  type Diff,
  type DiffOptions,
  type EventSource,
  openRuns,
  readApart,
  recordScenario,
} from '@pagetrail/recorder'
import { folder } from '../../support/cli.ts'
import { pagesScenario } from '../../support/runs.ts'
import { AREA, hex } from '../../support/sample-run.ts'

/** Two runs that are long enough to be remembered. */
const made = join(mkdtempSync(join(tmpdir(), 'pagetrail-')), 'made.db')
afterAll(() => rmSync(dirname(made), { recursive: true }))
beforeAll(async () => {
  const calls = Array.from({ length: 200 }, (_, i) => ({
    fn: i % 2 === 0 ? 'set_memory_ro' : 'set_memory_rw',
    addr: hex(AREA),
    numpages: 6,
  }))
  const runFile = await openRuns(made, { mode: 'write' })
  for (const flavour of ['6.17', '6.18'])
    recordScenario(runFile, pagesScenario(6, calls), { flavour, name: 'x', created: 0 })
  runFile.close()
})

const copied = (): string => {
  const path = join(folder(), 'runs.db')
  copyFileSync(made, path)
  return path
}

/** Counts the events that are read of it. */
const counting = (source: EventSource, counted: { read: number }): EventSource => ({
  ...source,
  *events(...bounds) {
    for (const event of source.events(...bounds)) {
      counted.read++
      yield event
    }
  },
})

/** Compares both runs as a process of its own would; also how many events were read for it. */
async function compared(path: string, options: DiffOptions = {}, proofs = `${path}.proofs`) {
  const runFile = await openRuns(path, { mode: 'read', proofs })
  const counted = { read: 0 }
  const [a, b] = [1, 2].map((id) => counting(runFile.source(runFile.find(id)), counted))
  const diff = diffRuns(a!, b!, { apart: readApart, ...options })
  runFile.close()
  return { diff, read: counted.read }
}

function kept(path: string): { projection: string; run: number }[] {
  const db = new Sqlite(path, { readonly: true })
  const rows = db
    .prepare<[], { projection: string; run: number }>(
      "select projection, run from snapshot where projection like 'calls %' order by run",
    )
    .all()
  db.close()
  return rows
}

const change = (path: string, sql: string): void => {
  const db = new Sqlite(path)
  db.exec(sql)
  db.close()
}

const MOVED = 'delete from snapshot where run = 2; update snapshot set run = 2'

const textOf = (diff: Diff): string => [...diffLines(diff)].join('\n')

describe('what was read of a run for a comparison', { timeout: 60_000 }, () => {
  test('is not read again, and the result is the same', async () => {
    const path = copied()
    const first = await compared(path)
    const again = await compared(path)
    expect(kept(path).map(({ run }) => run)).toEqual([1, 2])
    expect(first.diff.left.events).toBeGreaterThan(5000)
    expect(first.read).toBeGreaterThan(first.diff.left.events + first.diff.right.events)
    // Of the calls that the result shows, and of those alone.
    expect(again.read).toBeLessThan(1000)
    expect(again.diff).toEqual(first.diff)
    expect(again.diff).toEqual((await compared(path, { apart: undefined })).diff)
  })

  test('of one long call too, with the numbers of its events', async () => {
    const path = join(folder(), 'long.db')
    const runFile = await openRuns(path, { mode: 'write' })
    const ro = { fn: 'set_memory_ro', addr: hex(AREA), numpages: 2600 }
    for (const flavour of ['6.12', '7.3'])
      recordScenario(runFile, pagesScenario(2600, [ro]), { flavour, name: 'x', created: 0 })
    runFile.close()
    const plain = await compared(path, { apart: undefined, pairs: true })
    expect(plain.diff.path.first?.rows.length).toBeGreaterThan(4)
    expect((await compared(path, { pairs: true })).diff).toEqual(plain.diff)
    const again = await compared(path, { pairs: true })
    // Of a tree in which much repeats some three thousand rows, to find its end.
    const { left, right } = again.diff
    expect(left.events + right.events).toBeGreaterThan(30_000)
    expect(again.read).toBeLessThan(6500)
    expect(again.diff).toEqual(plain.diff)
  })

  test('serves the exchanged question too, and another question is another', async () => {
    const path = copied()
    await compared(path)
    const ignoring = await compared(path, { ignore: ['lock'] })
    expect(ignoring.read).toBeGreaterThan(5000)
    expect(ignoring.diff).toEqual(
      (await compared(path, { ignore: ['lock'], apart: undefined })).diff,
    )
    expect(kept(path)).toHaveLength(4)
    const listed = await compared(path, { pairs: true, limit: 3 })
    expect(listed.read).toBeLessThan(2000)
    expect(listed.diff.pairs?.pairs.length).toBeGreaterThan(0)
  })

  test.each([
    ['its bytes were changed', 'update snapshot set body = zeroblob(100)'],
    ['it was moved to another run', MOVED],
    ['its digest was changed', 'update snapshot set digest = zeroblob(32)'],
  ])('is read anew where %s', async (_, sql) => {
    const path = copied()
    const { diff } = await compared(path)
    change(path, sql)
    const again = await compared(path)
    expect(again.read).toBeGreaterThan(5000)
    expect(textOf(again.diff)).toBe(textOf(diff))
  })

  test('does not hide damage of the events', async () => {
    const path = copied()
    await compared(path)
    change(path, 'update event set cpu = cpu + 1 where id = (2 << 32) + 100')
    await expect(compared(path)).rejects.toThrow(/is damaged/)
  })

  test.each([
    ['a call that begins elsewhere', 'update call set first = 3 where run = 1 and op = 7'],
    ['a call that is not there', 'delete from call where run = 2 and op = 30'],
    ['a call that nobody made', 'update call set op = 5000000 where run = 2 and op = 150'],
    ['a call that ends nowhere', 'update call set last = null where run = 1'],
    ['a call of no function', 'update call set fn = -5 where run = 1'],
  ])('is not made of %s', async (_, sql) => {
    const path = copied()
    change(path, sql)
    await expect(compared(path)).rejects.toThrow(/is damaged: run [12], .*call/)
    expect(kept(path)).toEqual([])
    // Nor when the file was found to be damaged before.
    await expect(compared(path)).rejects.toThrow(/is damaged: run [12], .*call/)
  })

  test('is of a few of the last questions', async () => {
    const path = copied()
    const runFile = await openRuns(path, { mode: 'read' })
    const { keep } = runFile.source(runFile.find(2))
    for (const name of 'abcdefgh') keep!.write(`calls ${name}`, Uint8Array.of(1), 'calls ')
    expect(keep!.read('calls h')).toEqual(Buffer.of(1))
    expect(keep!.read('calls a')).toBeUndefined()
    runFile.close()
    expect(kept(path)).toHaveLength(2)
  })

  test('is not written where the file cannot be', async () => {
    const path = copied()
    const holder = new Sqlite(path)
    holder.exec('begin immediate')
    const { diff } = await compared(path)
    holder.close()
    expect(kept(path)).toEqual([])
    expect(textOf((await compared(path)).diff)).toBe(textOf(diff))
  })
})
