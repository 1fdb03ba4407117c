import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'

import { openRuns, type RunFile, verify } from '@pagetrail/recorder'

import { append, callEvents, META } from '../../../support/call-events.ts'
import { storedFile, testFile, testFolder } from '../../../support/files.ts'

const EVENTS = callEvents(40)
const BATCH = 64

/** Events of the first run from `from` to `to`, counted; both ends of the file as the reader sees them. */
const read = (runFile: RunFile, from = 0, to = EVENTS.length): number =>
  [...runFile.source(runFile.find(1)).events(from, to)].length

async function reading<T>(
  path: string,
  work: (runFile: RunFile) => T | Promise<T>,
  proofs?: string,
) {
  const runFile = await openRuns(path, { mode: 'read', proofs })
  try {
    return await work(runFile)
  } finally {
    runFile.close()
  }
}

/** The clock has gone on since the file's last change by more than its times can tell apart. */
async function settled(path: string): Promise<void> {
  while (Date.now() < statSync(path).ctimeMs + 50) await wait(10)
}

async function oldSeal(path: string): Promise<string> {
  const db = new Sqlite(path).defaultSafeIntegers(true)
  const { seal: _, ...row } = db.prepare<[], Record<string, unknown>>('select * from run').get()!
  db.close()
  return createHash('sha256')
    .update(JSON.stringify(Object.values(row).map(String)))
    .digest('hex')
}

function change(path: string, sql: string): void {
  const db = new Sqlite(path)
  db.exec(sql)
  db.close()
}

test.each([
  'level = level + 256 where level is not null',
  'level = level - 256 where level is not null',
  'cpu = cpu + 65536',
  'cpu = cpu + (1 << 32)',
  'nest = nest + 65536',
  'kind = kind + 256 where kind = 8',
  'op = op + (1 << 32)',
  'fn = fn + (1 << 32) where fn is not null',
  'task = task + (1 << 32)',
  'ret = ret + (1 << 53) where ret is not null',
  'ret = ret + (1 << 32) where ret is not null',
  'fn = -1 where fn is null',
  'level = -1 where level is null',
  'ts = -1 where ts is null',
  'task = null where task is not null',
  "extra = '' where extra is null",
  "more = '' where more is null",
  'aux = 0 where aux is null',
])('event set %s: neither verify nor a reader lets it pass', async (set) => {
  const path = await storedFile(EVENTS, BATCH)
  const [columns, condition = '1'] = set.split(' where ')
  // One event in the second batch that the change concerns.
  const id = `select id from event where ${condition} and id & 4294967295 >= 64 limit 1`
  change(path, `update event set ${columns} where id = (${id})`)
  await reading(path, (runFile) => {
    expect(verify(runFile).problems).toMatchObject([{ run: 1, first: 64 }])
    expect(() => read(runFile)).toThrow(/damaged: run 1, batch of seq 64 to 127: /)
  })
})

test('a page proves the batches that it touches, forward and backward, and no others', async () => {
  const path = await storedFile(EVENTS, BATCH)
  change(path, 'update event set new = new | 4 where id & 4294967295 = 211')
  await reading(path, (runFile) => {
    const run = runFile.find(1)
    expect(runFile.readPage(run, { from: 0, limit: 64 })).toHaveLength(64)
    expect(runFile.readPage(run, { from: 399, limit: 8, backward: true })).toHaveLength(8)
    const damage = /run 1, batch of seq 192 to 255/
    expect(() => runFile.readPage(run, { from: 190, limit: 3 })).toThrow(damage)
    expect(() => runFile.readPage(run, { from: 256, limit: 2, backward: true })).toThrow(damage)
    const where = { sql: 'kind = 0', parameters: [], kindMask: 1n }
    expect(() => runFile.readPage(run, { from: 0, limit: 50, where })).toThrow(damage)
    expect(() => runFile.matching(run, 0, 399, where)).toThrow(damage)
  })
})

test('what is read while it is proven is what is read afterwards', async () => {
  const path = await storedFile(EVENTS, BATCH)
  await reading(path, (proven) => {
    const run = proven.find(1)
    proven.source(run).proof?.prove()
    return Promise.all(
      [
        [0, 399],
        [0, 63],
        [64, 64],
        [100, 330],
        [398, 1000],
      ].map(async ([from, to]) =>
        reading(path, (fresh) => {
          const wanted = [...proven.source(run).events(from, to)]
          expect(wanted.map(({ seq }) => seq)).toEqual(
            EVENTS.map(({ seq }) => seq).filter((seq) => seq >= from! && seq <= to!),
          )
          const source = fresh.source(fresh.find(1))
          expect([...source.events(from, to)]).toEqual(wanted)
          // The second time they are proven already, in part.
          expect([...source.events(Math.max(0, from! - 30), to)].slice(-wanted.length)).toEqual(
            wanted,
          )
        }),
      ),
    )
  })
})

test('reading on gives the batches before a damaged one, and nothing of that', async () => {
  const path = await storedFile(EVENTS, BATCH)
  change(path, 'update event set new = new | 4 where id & 4294967295 = 211')
  await reading(path, (runFile) => {
    const seen: number[] = []
    expect(() => {
      for (const { seq } of runFile.source(runFile.find(1)).events(10)) seen.push(seq)
    }).toThrow('batch of seq 192 to 255')
    expect(seen).toEqual(Array.from({ length: 182 }, (_, i) => 10 + i))
  })
})

test('what a batch says of its kinds, and names that other batches introduced, are proven too', async () => {
  const path = await storedFile(EVENTS, BATCH)
  change(path, 'update batch set kinds = 0 where first = 128')
  const where = { sql: 'kind = 0', parameters: [], kindMask: 1n }
  await reading(path, (runFile) => {
    const page = () => runFile.readPage(runFile.find(1), { from: 100, limit: 50, where })
    expect(page).toThrow('its list of kinds was changed')
  })
  const other = await storedFile(EVENTS, BATCH)
  change(other, `update name set text = 'set_memory_rw' where text = 'set_memory_ro'`)
  await reading(other, (runFile) => {
    expect(() => read(runFile, 300, 310)).toThrow('batch of seq 0 to 63')
  })
})

test.each([
  'insert into batch values (1, 70, 0, 0, zeroblob(32))',
  'insert into batch values (1, 70, 5, 0, zeroblob(32))',
])('%s: a search in a run that has no seal ends, and finds nothing', async (sql) => {
  const path = await storedFile(EVENTS, BATCH)
  // As 0.1 sealed it.
  change(path, `update run set seal = x'${await oldSeal(path)}'; ${sql}`)
  const where = { sql: 'kind = 0', parameters: [], kindMask: 1n }
  for (const backward of [false, true]) {
    await reading(path, (runFile) => {
      const search = { from: backward ? 399 : 0, limit: 400, where, backward }
      expect(() => runFile.readPage(runFile.find(1), search)).toThrow(/damaged/)
    })
  }
})

test('calls are proven before they are read', async () => {
  const path = await storedFile(EVENTS, BATCH)
  change(path, 'update call set first = 10 where op = 7')
  await reading(path, (runFile) => {
    const run = runFile.find(1)
    expect(() => [...runFile.source(run).calls()]).toThrow('call 7 is not what its events say')
    expect(() => runFile.callStart(run, 7)).toThrow('call 7 is not what its events say')
    expect(runFile.callStart(run, 8)).toBe(80)
  })
})

test('a run that lost its row, its last batch or gained events is not answered from', async () => {
  const damages = [
    ['delete from run', 'the row that describes it is gone'],
    ['delete from batch where first = 384', '400 events were recorded, the batches have 384'],
    ['update run set lost = 5', 'the row that describes the run was changed'],
    ['insert into event(id, cpu, nest, kind) values ((1 << 32) + 400, 0, 0, 15)', 'after the last'],
    ['delete from batch where first = 128', 'no batch has them'],
  ] as const
  for (const [sql, message] of damages) {
    const path = await storedFile(EVENTS, BATCH)
    change(path, sql)
    await reading(path, (runFile) =>
      expect(() => runFile.runs().map(() => read(runFile))).toThrow(message),
    )
  }
})

test('what was proven is remembered for the state of the file, and for no other', async () => {
  const path = await storedFile(EVENTS, BATCH)
  const proofs = testFolder()
  const kept = () => {
    const [file, ...others] = readdirSync(proofs)
    expect(others).toEqual([])
    return join(proofs, file!)
  }
  const spans = () => JSON.parse(readFileSync(kept(), 'utf8')).runs[0][1].spans
  await settled(path)
  await reading(path, (runFile) => read(runFile, 70, 75), proofs)
  // The batch that was read, and the first one, which introduces its names.
  expect(spans()).toEqual([{ first: 0, last: 127 }])
  await reading(path, (runFile) => read(runFile, 399, 399), proofs)
  expect(spans()).toEqual([
    { first: 0, last: 127 },
    { first: 384, last: 399 },
  ])
  change(path, 'update event set new = new | 4 where id & 4294967295 = 71')
  await reading(path, (r) => expect(() => read(r, 70, 75)).toThrow('batch of seq 64'), proofs)
  // Whoever says that this state is proven is believed: nothing was read twice.
  await settled(path)
  await reading(path, (runFile) => read(runFile, 399, 399), proofs)
  writeFileSync(kept(), readFileSync(kept(), 'utf8').replace(/"last":63}/, '"last":127}'))
  expect(await reading(path, (runFile) => read(runFile, 70, 75), proofs)).toBe(6)
  // What was written down within a tick of the file's last change may be of before it.
  const { ctime } = statSync(path)
  utimesSync(kept(), ctime, ctime)
  await reading(path, (r) => expect(() => read(r, 70, 75)).toThrow('batch of seq 64'), proofs)
})

test('a change that gives the file its size and times back is noticed', async () => {
  const path = await storedFile(EVENTS, BATCH)
  const proofs = testFolder()
  await settled(path)
  await reading(path, (runFile) => read(runFile), proofs)
  const { size, atime, mtime } = statSync(path)
  change(
    path,
    `pragma journal_mode = delete; update event set new = new | 4 where id & 4294967295 = 71`,
  )
  utimesSync(path, atime, mtime)
  expect(statSync(path)).toMatchObject({ size, mtime })
  await reading(path, (r) => expect(() => read(r, 70, 75)).toThrow('batch of seq 64'), proofs)
})

test('the names of a run are proven before they are offered', async () => {
  const path = await storedFile(EVENTS, BATCH)
  await reading(path, (r) => expect(r.namesIn(r.find(1), 9)).toContain('set_memory_ro'))
  change(path, `update name set text = 'set_memory_rw' where text = 'set_memory_ro'`)
  await reading(path, (r) => expect(() => r.namesIn(r.find(1), 9)).toThrow('batch of seq 0 to 63'))
})

test('a growing file is proven batch by batch', async () => {
  const path = testFile()
  const writing = await openRuns(path, { mode: 'write' })
  const writer = writing.startRun(META, { batchEvents: 50 })
  append(writer, EVENTS.slice(0, 100))
  writer.flush()
  await reading(path, (runFile) => {
    expect(read(runFile)).toBe(100)
    append(writer, EVENTS.slice(100, 300))
    writer.flush()
    expect(read(runFile)).toBe(300)
    expect(runFile.find(1)).toMatchObject({ state: 'recording', events: 300 })
    expect([...runFile.source(runFile.find(1)).calls()]).toHaveLength(30)
    writing.db.exec('update event set cpu = 3 where id & 4294967295 = 310')
    append(writer, EVENTS.slice(300))
    writer.finish('complete')
    expect(read(runFile)).toBe(400)
  })
  writing.db.exec('update event set cpu = 3 where id & 4294967295 = 310')
  writing.close()
  await reading(path, (runFile) => expect(() => read(runFile)).toThrow('batch of seq 300 to 349'))
})

test('a file without a home for its proofs, or with a broken one, is proven each time', async () => {
  const path = await storedFile(EVENTS, BATCH)
  const proofs = testFolder()
  await reading(path, read, proofs)
  const [name] = readdirSync(proofs)
  for (const text of ['', '{', '[]', '{"format":2,"state":3,"runs":[]}']) {
    writeFileSync(join(proofs, name!), text)
    expect(await reading(path, (runFile) => read(runFile), proofs)).toBe(400)
  }
  writeFileSync(join(testFolder(), 'file'), '')
  expect(await reading(path, (r) => read(r), join(path, 'no-folder'))).toBe(400)
})

test('a run that is removed while it is read is not taken for a shorter one', async () => {
  const path = await storedFile(callEvents(250), BATCH)
  await reading(path, async (runFile) => {
    const events = runFile.source(runFile.find(1)).events()[Symbol.iterator]()
    expect(events.next().value).toMatchObject({ seq: 0 })
    const writing = await openRuns(path, { mode: 'write' })
    writing.remove(writing.find(1))
    writing.close()
    const rest = () => {
      while (!events.next().done);
    }
    expect(rest).toThrow('run 1 was removed or replaced while it was read')
  })
})
