import { expect, test } from 'vitest'

import { eventFromJson, fieldsOf, KIND_NAMES, openRuns, type TraceEvent } from '@pagetrail/recorder'

import { anyEvent } from '../../support/events.ts'
import { META } from '../../support/call-events.ts'
import * as fc from 'fast-check'

async function fileWith(events: readonly TraceEvent[]) {
  const runFile = await openRuns(':memory:', { mode: 'write' })
  const writer = runFile.startRun(META, { nesting: 'keep' })
  for (const event of events) writer.append(event)
  writer.finish('complete')
  return runFile
}

test('every kind has a view of its name with its fields', async () => {
  const { db, close } = await fileWith([]).then((runFile) => ({
    db: runFile.db,
    close: () => runFile.close(),
  }))
  const views = db
    .prepare(`select name from sqlite_schema where type = 'view' order by name`)
    .pluck()
    .all()
  expect(views).toEqual([...KIND_NAMES].toSorted())
  for (const kind of KIND_NAMES) {
    const columns = db
      .prepare(`select * from "${kind}"`)
      .columns()
      .map((column) => column.name)
    const fields = fieldsOf(kind).map(([name]) => name)
    expect(columns).toEqual(['run', 'seq', 'cpu', 'task', 'op', 'ts', ...fields, 'src', 'more'])
  }
  close()
})

test('a view shows what people read', async () => {
  const runFile = await fileWith([
    eventFromJson({
      seq: 0,
      cpu: 2,
      op: null,
      kind: 'desc_write',
      level: 'contpte',
      va: '0xffff800080000000',
      old: '0x0',
      new: '0xe8000041a83783',
      task: 'insmod-71',
      ts: 5,
      src: 'mmu.c:12',
      x_pc: '0xffff800080001234',
    }),
    eventFromJson({
      seq: 1,
      cpu: 0,
      op: null,
      kind: 'tlb_flush',
      fn: 'flush_tlb_all',
      va: null,
      end: null,
    }),
  ])
  expect(runFile.db.prepare('select * from desc_write').get()).toEqual({
    run: 1n,
    seq: 0n,
    cpu: 2n,
    task: 'insmod-71',
    op: null,
    ts: 5n,
    level: 'contpte',
    va: '0xffff800080000000',
    old: '0x0',
    new: '0xe8000041a83783',
    slot: null,
    src: 'mmu.c:12',
    more: '{"src":"mmu.c:12","x_pc":"0xffff800080001234"}',
  })
  expect(runFile.db.prepare('select fn, va, end, "by" from tlb_flush').get()).toEqual({
    fn: 'flush_tlb_all',
    va: null,
    end: null,
    by: null,
  })
  runFile.close()
})

/** What the view's column should hold for a value of an event. */
function shown(value: unknown, type: string): unknown {
  if (value === undefined || value === null) return null
  if (type === 'json') return JSON.stringify(value)
  if (typeof value === 'bigint') return `0x${value.toString(16)}`
  if (typeof value === 'boolean' || typeof value === 'number') return BigInt(value)
  return value
}

test('views say of any event what the event says', async () => {
  const events = fc.sample(anyEvent, { numRuns: 600, seed: 7 })
  const runFile = await fileWith(events)
  let compared = 0
  events.forEach((event, seq) => {
    const row = runFile.db.prepare(`select * from "${event.kind}" where seq = ?`).get(BigInt(seq))
    const fields = fieldsOf(event.kind).map(([name, field]) => {
      const value: unknown = Object.entries(event).find(([key]) => key === name)?.[1]
      return [name, shown(value, field.type)] as const
    })
    compared += fields.length
    expect(row).toMatchObject(Object.fromEntries(fields))
  })
  expect(compared).toBeGreaterThan(1000)
  runFile.close()
})

test('views that do not match this version are made again by the next writer', async () => {
  const { storedFile } = await import('../../support/files.ts')
  const path = await storedFile([])
  const first = await openRuns(path, { mode: 'write' })
  first.db.exec('drop view barrier; create view stale as select 1')
  first.close()
  const second = await openRuns(path, { mode: 'write' })
  const views = second.db.prepare(
    `select name from sqlite_schema where type = 'view' order by name`,
  )
  expect(views.pluck().all()).toEqual([...KIND_NAMES].toSorted())
  second.close()
})
